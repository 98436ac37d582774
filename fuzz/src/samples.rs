//! Valid things of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use bls::ShareIndex;
use duty::{AttesterDatum, ConsensusMessage, Content, Duty, DutyKind, Partial, PartialSet, Signed, Value};
use eth::containers::minimal;
use eth::{
    AggregateAndProof, Attestation, AttestationData, AttesterDuty, Checkpoint, CommitteeIndex,
    ContributionAndProof, Epoch, Fork, Preset, Proposal, PublicKeyBytes, Root, SignatureBytes, Slot,
    SubcommitteeIndex, SyncAggregatorSelectionData, SyncCommitteeContribution, ValidatorIndex, VoluntaryExit,
};
use net::wire;
use qbft::{Draft, Kind, PeerIndex, Round};

use crate::chain::{group_key, node_key, spec};

const PRESET: Preset = Preset::Minimal;
pub(crate) const SIGNATURE: SignatureBytes = SignatureBytes([9; 96]);

pub(crate) fn vote(slot: u64) -> AttestationData {
    AttestationData {
        slot: Slot(slot),
        index: CommitteeIndex(0),
        beacon_block_root: Root([1; 32]),
        source: Checkpoint { epoch: Epoch(0), root: Root([2; 32]) },
        target: Checkpoint { epoch: Epoch(slot / 8), root: Root([3; 32]) },
    }
}

pub(crate) fn attester_duty(slot: u64, validator: u8) -> AttesterDuty {
    AttesterDuty {
        pubkey: PublicKeyBytes([validator; 48]),
        slot: Slot(slot),
        validator_index: ValidatorIndex(u64::from(validator)),
        committee_index: CommitteeIndex(2),
        committee_length: 9,
        committees_at_slot: 4,
        validator_committee_index: 5,
    }
}

pub(crate) fn proposal(slot: u64, blinded: bool) -> Proposal {
    if blinded {
        let block = minimal::electra::BlindedBeaconBlock { slot: Slot(slot), ..Default::default() };
        return Proposal::new(Fork::Fulu, &block).expect("Fulu has such blocks");
    }
    let mut contents = minimal::fulu::BlockContents::default();
    contents.block.slot = Slot(slot);
    Proposal::new(Fork::Fulu, &contents).expect("Fulu has such blocks")
}

pub(crate) fn aggregate(slot: u64) -> Attestation {
    Attestation::of_committee(PRESET, CommitteeIndex(2), &[true, false, true], vote(slot), SIGNATURE)
        .expect("a committee of the preset")
}

pub(crate) fn contribution(slot: u64) -> SyncCommitteeContribution {
    SyncCommitteeContribution::new(
        PRESET,
        Slot(slot),
        Root([1; 32]),
        SubcommitteeIndex(1),
        &[0, 5],
        SIGNATURE,
    )
    .expect("places of the preset")
}

/// A value of each kind that is agreed on.
pub(crate) fn contents(slot: u64) -> Vec<(DutyKind, Content)> {
    let datum = |validator| AttesterDatum { data: vote(slot), duty: attester_duty(slot, validator) };
    let attester = BTreeMap::from([1, 2].map(|validator| (group_key(validator), datum(validator))));
    let block =
        |blinded| Content::Proposer { key: group_key(1), proposal: Arc::new(proposal(slot, blinded)) };
    let aggregates = BTreeMap::from([(group_key(1), aggregate(slot))]);
    let contributions = BTreeMap::from([(group_key(1), vec![contribution(slot)])]);
    vec![
        (DutyKind::Attester, Content::Attester(attester.into())),
        (DutyKind::Proposer, block(false)),
        (DutyKind::Proposer, block(true)),
        (DutyKind::Aggregator, Content::Aggregator(Arc::new(aggregates))),
        (DutyKind::SyncContribution, Content::SyncContribution(Arc::new(contributions))),
    ]
}

pub(crate) fn values(slot: u64) -> Vec<(DutyKind, Value)> {
    contents(slot).into_iter().map(|(kind, content)| (kind, wire::value(&spec(), content))).collect()
}

/// A ROUND_CHANGE, the largest kind of message, with PREPAREs of three peers.
pub(crate) fn round_change(duty: Duty, value: &Value) -> ConsensusMessage {
    let first = Draft {
        kind: Kind::Prepare,
        round: Round::FIRST,
        value: Some(value.hash),
        prepared_round: 0,
        prepared_value: None,
        justification: Vec::new(),
    };
    let prepare = |peer: u8| wire::sign(&node_key(peer), PeerIndex(peer), duty, first.clone());
    let draft = Draft {
        kind: Kind::RoundChange,
        round: Round::FIRST.next(),
        value: None,
        prepared_round: 1,
        prepared_value: Some(value.hash),
        justification: (0..3).map(prepare).collect(),
    };
    let message = wire::sign(&node_key(3), PeerIndex(3), duty, draft);
    ConsensusMessage { duty, message, values: vec![value.clone()] }
}

/// What shares sign, of every kind.
pub(crate) fn signed(slot: u64) -> Vec<(DutyKind, Signed)> {
    let validator = ValidatorIndex(1);
    let data = SyncAggregatorSelectionData { slot: Slot(slot), subcommittee_index: SubcommitteeIndex(1) };
    let aggregate = AggregateAndProof::new(validator, aggregate(slot), SIGNATURE);
    let contribution = ContributionAndProof::new(validator, contribution(slot), SIGNATURE);
    let exit = VoluntaryExit { epoch: Epoch(3), validator_index: validator };
    let attestation =
        Signed::Attestation { data: vote(slot), validator: Some(validator), committee: CommitteeIndex(2) };
    vec![
        (DutyKind::Attester, attestation),
        (DutyKind::Proposer, Signed::Block(Arc::new(proposal(slot, false)))),
        (DutyKind::Proposer, Signed::Block(Arc::new(proposal(slot, true)))),
        (DutyKind::Randao, Signed::Randao { epoch: Epoch(slot / 8) }),
        (DutyKind::PrepareAggregator, Signed::CommitteeSelection { slot: Slot(slot), validator }),
        (DutyKind::Aggregator, Signed::Aggregate(Arc::new(aggregate))),
        (DutyKind::SyncMessage, Signed::SyncMessage { slot: Slot(slot), block: Root([1; 32]), validator }),
        (DutyKind::PrepareSyncContribution, Signed::SyncSelection { data, validator }),
        (DutyKind::SyncContribution, Signed::Contribution(Arc::new(contribution))),
        (DutyKind::Exit, Signed::Exit(exit)),
    ]
}

/// Partial signatures of `peer`'s share on one thing.
pub(crate) fn partials(peer: u8, slot: u64, kind: DutyKind, signed: Signed, validator: u8) -> PartialSet {
    let share = ShareIndex::new(peer + 1).expect("shares begin with 1");
    let partial = Partial { share, signed, signature: SignatureBytes([validator; 96]) };
    let duty = Duty::new(Slot(slot), kind);
    PartialSet { duty, partials: BTreeMap::from([(group_key(validator), partial)]) }
}
