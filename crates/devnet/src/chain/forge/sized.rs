//! Compiled once with each preset's containers, which the parent calls `sized`.

use eth::{BeaconBlockHeader, CommitteeIndex, Container, DecodeError, Fork, Hash32, Proposal, Root};

use super::super::blobs::{self, Bundle};
use super::super::{Aggregate, Content, Payload, Plan, SyncSignature, state_root_after};
use super::sized::attestation::Attestation;
use super::sized::fulu::{BeaconBlock, BeaconBlockBody, BlockContents};
use super::sized::payload::ExecutionPayload;
use super::sized::sync::SyncAggregate;
use crate::chain::constants::{BASE_FEE_PER_GAS_WEI, GAS_LIMIT};

/// What the builder's transaction says; nobody executes it.
const TRANSACTION: &[u8] = b"a transaction that only its builder knows";

pub(in crate::chain::forge) fn assemble(plan: &Plan) -> Proposal {
    let Bundle { commitments, proofs, blobs } = blobs::bundle(plan.slot, plan.blobs);
    let mut block = BeaconBlock {
        slot: plan.slot,
        proposer_index: plan.proposer_index,
        parent_root: plan.parent_root,
        state_root: Root::ZERO,
        body: BeaconBlockBody { blob_kzg_commitments: commitments, ..body(plan) },
    };
    block.state_root = state_root_after(plan.parent_state_root, &header(&block));
    let contents = BlockContents { block, kzg_proofs: proofs, blobs };
    Proposal::new(Fork::Fulu, &contents).expect("these are Fulu's containers")
}

pub(in crate::chain::forge) fn blind(contents_ssz: &[u8]) -> Result<Proposal, DecodeError> {
    Proposal::new(Fork::Fulu, &BlockContents::from_ssz(contents_ssz)?.block.blind())
}

pub(in crate::chain::forge) fn without_blobs(contents_ssz: &[u8]) -> Result<Proposal, DecodeError> {
    let block = BlockContents::from_ssz(contents_ssz)?.block;
    let contents = BlockContents { block, kzg_proofs: Default::default(), blobs: Default::default() };
    Proposal::new(Fork::Fulu, &contents)
}

pub(in crate::chain::forge) fn content(contents_ssz: &[u8]) -> Result<Content, DecodeError> {
    let BlockContents { block, kzg_proofs, blobs } = BlockContents::from_ssz(contents_ssz)?;
    let body = block.body;
    let payload = &body.execution_payload;
    Ok(Content {
        aggregates: body.attestations.iter().map(aggregate).collect(),
        exits: body.voluntary_exits.to_vec(),
        sync: SyncSignature {
            seats: body.sync_aggregate.sync_committee_bits.ones().collect(),
            signature: body.sync_aggregate.sync_committee_signature,
        },
        payload: Payload {
            parent_hash: payload.parent_hash,
            fee_recipient: payload.fee_recipient,
            prev_randao: payload.prev_randao,
            block_number: payload.block_number,
            timestamp: payload.timestamp,
        },
        block_hash: payload.block_hash,
        computed_block_hash: block_hash(payload),
        blobs: blobs.len(),
        blobs_belong: blobs::belong_together(&body.blob_kzg_commitments, &kzg_proofs, &blobs),
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
        voluntary_exits: plan.exits.clone().try_into().expect("a plan holds no more exits than a block"),
        sync_aggregate: sync_aggregate(&plan.sync),
        execution_payload: payload(&plan.payload, plan.by_builder),
        ..Default::default()
    }
}

fn sync_aggregate(sync: &SyncSignature) -> SyncAggregate {
    let mut made =
        SyncAggregate { sync_committee_signature: sync.signature, sync_committee_bits: Default::default() };
    for seat in &sync.seats {
        made.sync_committee_bits.set(*seat).expect("the committee has the preset's size");
    }
    made
}

fn payload(plan: &Payload, by_builder: bool) -> ExecutionPayload {
    let transactions = if by_builder { vec![TRANSACTION.to_vec()] } else { Vec::new() };
    let transactions = transactions.into_iter().map(|bytes| bytes.try_into().expect("it is short"));
    let mut payload = ExecutionPayload {
        parent_hash: plan.parent_hash,
        fee_recipient: plan.fee_recipient,
        prev_randao: plan.prev_randao,
        block_number: plan.block_number,
        gas_limit: GAS_LIMIT,
        timestamp: plan.timestamp,
        base_fee_per_gas: BASE_FEE_PER_GAS_WEI.into(),
        transactions: transactions.collect::<Vec<_>>().try_into().expect("there is one at most"),
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
