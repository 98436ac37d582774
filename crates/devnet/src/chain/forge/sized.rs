//! Compiled once with each preset's containers, which the parent calls `sized`.

use eth::{BeaconBlockHeader, CommitteeIndex, Container, DecodeError, Fork, Hash32, Proposal, Root};

use super::super::{Aggregate, Content, Payload, Plan, state_root_after};
use super::sized::attestation::Attestation;
use super::sized::fulu::{BeaconBlock, BeaconBlockBody, BlockContents};
use super::sized::payload::ExecutionPayload;
use super::sized::sync::SyncAggregate;
use crate::chain::constants::{BASE_FEE_PER_GAS_WEI, GAS_LIMIT};

pub(in crate::chain::forge) fn assemble(plan: &Plan) -> Proposal {
    let mut block = BeaconBlock {
        slot: plan.slot,
        proposer_index: plan.proposer_index,
        parent_root: plan.parent_root,
        state_root: Root::ZERO,
        body: body(plan),
    };
    block.state_root = state_root_after(plan.parent_state_root, &header(&block));
    let contents = BlockContents { block, kzg_proofs: Default::default(), blobs: Default::default() };
    Proposal::new(Fork::Fulu, &contents).expect("these are Fulu's containers")
}

pub(in crate::chain::forge) fn content(contents_ssz: &[u8]) -> Result<Content, DecodeError> {
    let body = BlockContents::from_ssz(contents_ssz)?.block.body;
    let payload = &body.execution_payload;
    Ok(Content {
        aggregates: body.attestations.iter().map(aggregate).collect(),
        payload: Payload {
            parent_hash: payload.parent_hash,
            fee_recipient: payload.fee_recipient,
            prev_randao: payload.prev_randao,
            block_number: payload.block_number,
            timestamp: payload.timestamp,
        },
        block_hash: payload.block_hash,
        computed_block_hash: block_hash(payload),
    })
}

pub(in crate::chain::forge) fn empty_body_root() -> Root {
    BeaconBlockBody { sync_aggregate: SyncAggregate::empty(), ..Default::default() }.root()
}

fn header(block: &BeaconBlock) -> BeaconBlockHeader {
    BeaconBlockHeader {
        slot: block.slot,
        proposer_index: block.proposer_index,
        parent_root: block.parent_root,
        state_root: block.state_root,
        body_root: block.body.root(),
    }
}

fn body(plan: &Plan) -> BeaconBlockBody {
    let attestations: Vec<Attestation> = plan.aggregates.iter().map(attestation).collect();
    BeaconBlockBody {
        randao_reveal: plan.randao_reveal,
        graffiti: plan.graffiti,
        attestations: attestations.try_into().expect("a plan holds no more aggregates than a block"),
        sync_aggregate: SyncAggregate::empty(),
        execution_payload: payload(&plan.payload),
        ..Default::default()
    }
}

fn payload(plan: &Payload) -> ExecutionPayload {
    let mut payload = ExecutionPayload {
        parent_hash: plan.parent_hash,
        fee_recipient: plan.fee_recipient,
        prev_randao: plan.prev_randao,
        block_number: plan.block_number,
        gas_limit: GAS_LIMIT,
        timestamp: plan.timestamp,
        base_fee_per_gas: BASE_FEE_PER_GAS_WEI.into(),
        ..Default::default()
    };
    payload.block_hash = block_hash(&payload);
    payload
}

/// No execution layer here: a payload's hash is the root of the payload without it.
fn block_hash(payload: &ExecutionPayload) -> Hash32 {
    Hash32(ExecutionPayload { block_hash: Hash32::ZERO, ..payload.clone() }.root().0)
}

fn attestation(aggregate: &Aggregate) -> Attestation {
    let mut attestation = Attestation {
        aggregation_bits: eth::collection::Bitlist::from_bits(&aggregate.bits)
            .expect("committees have no more members than the preset allows"),
        data: aggregate.data,
        signature: aggregate.signature,
        committee_bits: Default::default(),
    };
    for committee in &aggregate.committees {
        let position = usize::try_from(committee.0).expect("committees are numbered below 64");
        attestation.committee_bits.set(position).expect("no more committees than the preset allows");
    }
    attestation
}

fn aggregate(attestation: &Attestation) -> Aggregate {
    Aggregate {
        data: attestation.data,
        committees: attestation.committee_bits.ones().map(|index| CommitteeIndex(index as u64)).collect(),
        bits: attestation.aggregation_bits.iter().collect(),
        signature: attestation.signature,
    }
}
