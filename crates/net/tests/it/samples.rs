//! Small things of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::cluster::GroupKey;
use bls::ShareIndex;
use duty::{AttesterDatum, ConsensusMessage, Content, Duty, DutyKind, Partial, PartialSet, Signed, Value};
use eth::{
    Attestation, AttestationData, AttesterDuty, Checkpoint, CommitteeIndex, Epoch, Fork, Genesis, Preset,
    Proposal, PublicKeyBytes, Root, SignatureBytes, Slot, Spec, SubcommitteeIndex, SyncCommitteeContribution,
    ValidatorIndex, Version,
};
use net::wire;
use qbft::{Draft, Kind, PeerIndex, Round};

use crate::cluster::key;

pub(crate) fn spec() -> Spec {
    spec_of(Preset::Minimal)
}

pub(crate) fn spec_of(preset: Preset) -> Spec {
    let genesis = Genesis {
        genesis_time: 1_700_000_000,
        genesis_validators_root: Root([4; 32]),
        genesis_fork_version: Version([0, 0, 0, 1]),
    };
    Spec::local(preset, genesis, 6_000, Fork::Fulu)
}

pub(crate) fn group_key(byte: u8) -> GroupKey {
    GroupKey(PublicKeyBytes([byte; 48]))
}

pub(crate) fn datum(slot: u64, validator: u8) -> AttesterDatum {
    let data = AttestationData {
        slot: Slot(slot),
        index: CommitteeIndex(0),
        beacon_block_root: Root([1; 32]),
        source: Checkpoint { epoch: Epoch(3), root: Root([2; 32]) },
        target: Checkpoint { epoch: Epoch(4), root: Root([3; 32]) },
    };
    let duty = AttesterDuty {
        pubkey: PublicKeyBytes([validator; 48]),
        slot: Slot(slot),
        validator_index: ValidatorIndex(u64::from(validator)),
        committee_index: CommitteeIndex(2),
        committee_length: 9,
        committees_at_slot: 4,
        validator_committee_index: 5,
    };
    AttesterDatum { data, duty }
}

pub(crate) fn attester_value(slot: u64) -> Value {
    let data = BTreeMap::from([1, 2, 3].map(|validator| (group_key(validator), datum(slot, validator))));
    wire::value(&spec(), Content::Attester(data.into()))
}

pub(crate) fn proposal(slot: u64) -> Proposal {
    let mut contents = eth::containers::minimal::fulu::BlockContents::default();
    contents.block.slot = Slot(slot);
    Proposal::new(Fork::Fulu, &contents).expect("a block of Fulu")
}

pub(crate) fn proposer_value(slot: u64) -> Value {
    wire::value(&spec(), Content::Proposer { key: group_key(1), proposal: Arc::new(proposal(slot)) })
}

/// What the last of nine members of committee 2 signed.
pub(crate) fn aggregate(preset: Preset, slot: u64) -> Attestation {
    let bits = [false, false, false, false, false, false, false, false, true];
    Attestation::of_committee(preset, CommitteeIndex(2), &bits, datum(slot, 1).data, SignatureBytes([6; 96]))
        .expect("every preset has such a committee")
}

/// What two members of a subcommittee signed.
pub(crate) fn contribution(preset: Preset, slot: u64, subcommittee: u64) -> SyncCommitteeContribution {
    let (root, subcommittee) = (Root([1; 32]), SubcommitteeIndex(subcommittee));
    let signature = SignatureBytes([7; 96]);
    SyncCommitteeContribution::new(preset, Slot(slot), root, subcommittee, &[0, 5], signature)
        .expect("every preset has such places")
}

pub(crate) fn attester(slot: u64) -> Duty {
    Duty::new(Slot(slot), DutyKind::Attester)
}

pub(crate) fn draft(kind: Kind, value: Option<&Value>) -> Draft {
    Draft {
        kind,
        round: Round::FIRST,
        value: value.map(|value| value.hash),
        prepared_round: 0,
        prepared_value: None,
        justification: Vec::new(),
    }
}

/// A PREPARE of peer `from` for an attester duty.
pub(crate) fn prepare(from: u8, slot: u64) -> ConsensusMessage {
    let value = attester_value(slot);
    let draft = draft(Kind::Prepare, Some(&value));
    let message = wire::sign(&key(from), PeerIndex(from), attester(slot), draft);
    ConsensusMessage { duty: attester(slot), message, values: vec![value] }
}

pub(crate) fn share(number: u8) -> ShareIndex {
    ShareIndex::new(number).expect("shares begin with 1")
}

/// Partial signatures of peer `from`'s share on attestations of three validators.
pub(crate) fn partials(from: u8, slot: u64) -> PartialSet {
    let partial = |validator: u8| {
        let AttesterDatum { data, duty } = datum(slot, validator);
        let signed = Signed::Attestation {
            data,
            validator: Some(duty.validator_index),
            committee: duty.committee_index,
        };
        let partial = Partial { share: share(from + 1), signed, signature: SignatureBytes([validator; 96]) };
        (group_key(validator), partial)
    };
    PartialSet { duty: attester(slot), partials: BTreeMap::from([1, 2, 3].map(partial)) }
}
