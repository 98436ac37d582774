//! What the sync committee signs, gathered (Altair and later).

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use super::preset::{SYNC_COMMITTEE_SIZE, SYNC_SUBCOMMITTEE_SIZE};
use crate::collection::Bitvector;
use crate::{Root, SignatureBytes, Slot, SubcommitteeIndex, ValidatorIndex};

/// The sync committee's signature over the parent block.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SyncAggregate {
    /// Who signed.
    pub sync_committee_bits: Bitvector<SYNC_COMMITTEE_SIZE>,
    /// Aggregate of their signatures.
    pub sync_committee_signature: SignatureBytes,
}

impl SyncAggregate {
    /// Nobody signed. The default is not it, for its signature is no point.
    pub fn empty() -> SyncAggregate {
        SyncAggregate {
            sync_committee_bits: Bitvector::default(),
            sync_committee_signature: SignatureBytes::INFINITY,
        }
    }
}

/// What a subcommittee of the sync committee signed.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SyncCommitteeContribution {
    /// The slot.
    pub slot: Slot,
    /// The block signed for.
    pub beacon_block_root: Root,
    /// The subcommittee.
    pub subcommittee_index: SubcommitteeIndex,
    /// Which of its members signed.
    pub aggregation_bits: Bitvector<SYNC_SUBCOMMITTEE_SIZE>,
    /// Aggregate of their signatures.
    pub signature: SignatureBytes,
}

/// A contribution as its aggregator hands it in.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct ContributionAndProof {
    /// The aggregator.
    pub aggregator_index: ValidatorIndex,
    /// What it collected.
    pub contribution: SyncCommitteeContribution,
    /// Its right to aggregate: the selection data, signed in the domain
    /// [`SyncCommitteeSelectionProof`](crate::DomainType::SyncCommitteeSelectionProof).
    pub selection_proof: SignatureBytes,
}

/// A contribution with its aggregator's signature.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SignedContributionAndProof {
    /// The contribution.
    pub message: ContributionAndProof,
    /// Signature over it, domain [`ContributionAndProof`](crate::DomainType::ContributionAndProof).
    pub signature: SignatureBytes,
}
