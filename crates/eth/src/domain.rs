//! What separates a signature for one purpose, chain and fork from every other.

use libssz_derive::HashTreeRoot;

use crate::container::hash_tree_root;
use crate::{Domain, Root, Version};

/// The purpose of a signature. The four bytes are those of the consensus and builder specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DomainType {
    /// A beacon block.
    BeaconProposer,
    /// Attestation data.
    BeaconAttester,
    /// An epoch, as a proposer's contribution to the chain's randomness.
    Randao,
    /// A deposit message, valid on every fork.
    Deposit,
    /// A voluntary exit.
    VoluntaryExit,
    /// A slot, to find out whether a validator aggregates attestations.
    SelectionProof,
    /// An aggregate attestation with its selection proof.
    AggregateAndProof,
    /// A block root, signed by a member of the sync committee.
    SyncCommittee,
    /// A slot and subcommittee, to find out whether a validator aggregates sync committee messages.
    SyncCommitteeSelectionProof,
    /// A sync committee contribution with its selection proof.
    ContributionAndProof,
    /// A change from BLS to execution withdrawal credentials, valid on every fork.
    BlsToExecutionChange,
    /// Whether a payload was seen in time, signed by a member of the payload timeliness committee (Gloas).
    PtcAttester,
    /// A registration with builders, valid on every fork and chain of the same genesis fork version.
    ApplicationBuilder,
}

impl DomainType {
    /// Every purpose.
    pub const ALL: [DomainType; 13] = [
        DomainType::BeaconProposer,
        DomainType::BeaconAttester,
        DomainType::Randao,
        DomainType::Deposit,
        DomainType::VoluntaryExit,
        DomainType::SelectionProof,
        DomainType::AggregateAndProof,
        DomainType::SyncCommittee,
        DomainType::SyncCommitteeSelectionProof,
        DomainType::ContributionAndProof,
        DomainType::BlsToExecutionChange,
        DomainType::PtcAttester,
        DomainType::ApplicationBuilder,
    ];

    /// The four bytes at the front of the domain.
    pub fn bytes(self) -> [u8; 4] {
        match self {
            DomainType::BeaconProposer => [0x00, 0, 0, 0],
            DomainType::BeaconAttester => [0x01, 0, 0, 0],
            DomainType::Randao => [0x02, 0, 0, 0],
            DomainType::Deposit => [0x03, 0, 0, 0],
            DomainType::VoluntaryExit => [0x04, 0, 0, 0],
            DomainType::SelectionProof => [0x05, 0, 0, 0],
            DomainType::AggregateAndProof => [0x06, 0, 0, 0],
            DomainType::SyncCommittee => [0x07, 0, 0, 0],
            DomainType::SyncCommitteeSelectionProof => [0x08, 0, 0, 0],
            DomainType::ContributionAndProof => [0x09, 0, 0, 0],
            DomainType::BlsToExecutionChange => [0x0A, 0, 0, 0],
            DomainType::PtcAttester => [0x0C, 0, 0, 0],
            DomainType::ApplicationBuilder => [0, 0, 0, 0x01],
        }
    }

    /// The name in the Beacon API's `/eth/v1/config/spec`, if it is part of the consensus specification.
    pub fn spec_key(self) -> Option<&'static str> {
        Some(match self {
            DomainType::BeaconProposer => "DOMAIN_BEACON_PROPOSER",
            DomainType::BeaconAttester => "DOMAIN_BEACON_ATTESTER",
            DomainType::Randao => "DOMAIN_RANDAO",
            DomainType::Deposit => "DOMAIN_DEPOSIT",
            DomainType::VoluntaryExit => "DOMAIN_VOLUNTARY_EXIT",
            DomainType::SelectionProof => "DOMAIN_SELECTION_PROOF",
            DomainType::AggregateAndProof => "DOMAIN_AGGREGATE_AND_PROOF",
            DomainType::SyncCommittee => "DOMAIN_SYNC_COMMITTEE",
            DomainType::SyncCommitteeSelectionProof => "DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF",
            DomainType::ContributionAndProof => "DOMAIN_CONTRIBUTION_AND_PROOF",
            DomainType::BlsToExecutionChange => "DOMAIN_BLS_TO_EXECUTION_CHANGE",
            DomainType::PtcAttester => "DOMAIN_PTC_ATTESTER",
            DomainType::ApplicationBuilder => return None,
        })
    }
}

/// `compute_domain` of the consensus specification: the purpose, then 28 bytes of the fork data's root.
pub fn compute_domain(purpose: DomainType, fork_version: Version, genesis_validators_root: Root) -> Domain {
    let fork_data = ForkData { current_version: fork_version, genesis_validators_root };
    let mut domain = [0; 32];
    let (front, back) = domain.split_at_mut(4);
    front.copy_from_slice(&purpose.bytes());
    back.copy_from_slice(&hash_tree_root(&fork_data).0[..28]);
    Domain(domain)
}

/// `compute_signing_root` of the consensus specification: what is signed for an object in a domain.
pub fn signing_root(object_root: Root, domain: Domain) -> Root {
    hash_tree_root(&SigningData { object_root, domain })
}

#[derive(HashTreeRoot)]
struct ForkData {
    current_version: Version,
    genesis_validators_root: Root,
}

#[derive(HashTreeRoot)]
struct SigningData {
    object_root: Root,
    domain: Domain,
}
