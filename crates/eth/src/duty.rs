//! What a validator is asked to do, as the beacon node's duty endpoints answer.

use std::collections::BTreeSet;

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::primitives::quoted_u64;
use crate::{
    CommitteeIndex, Preset, PublicKeyBytes, SYNC_SUBCOMMITTEES, Slot, SubcommitteeIndex,
    SyncCommitteePosition, ValidatorIndex,
};

/// A validator's place in an attestation committee. The fields are in the order of the 96 bytes of SSZ in which nodes
/// of a cluster exchange it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    SszEncode,
    SszDecode,
    HashTreeRoot,
    Serialize,
    Deserialize,
)]
pub struct AttesterDuty {
    /// The validator's key.
    pub pubkey: PublicKeyBytes,
    /// The slot to attest in.
    pub slot: Slot,
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// The committee.
    pub committee_index: CommitteeIndex,
    /// Validators in the committee.
    #[serde(with = "quoted_u64")]
    pub committee_length: u64,
    /// Committees in the slot.
    #[serde(with = "quoted_u64")]
    pub committees_at_slot: u64,
    /// The validator's position in the committee.
    #[serde(with = "quoted_u64")]
    pub validator_committee_index: u64,
}

/// A slot in which a validator proposes the block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProposerDuty {
    /// The validator's key.
    pub pubkey: PublicKeyBytes,
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// The slot to propose in.
    pub slot: Slot,
}

/// A validator's places in a sync committee.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SyncDuty {
    /// The validator's key.
    pub pubkey: PublicKeyBytes,
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// Its positions in the committee, quoted decimals in JSON; a validator may have several.
    pub validator_sync_committee_indices: Vec<SyncCommitteePosition>,
}

impl SyncDuty {
    /// The subcommittees the validator is a member of, ascending: it may aggregate in each. Positions that the preset's
    /// committee does not have are passed over.
    pub fn subcommittees(&self, preset: Preset) -> Vec<SubcommitteeIndex> {
        let positions = self.validator_sync_committee_indices.iter();
        let quarters = positions.map(|position| position.0 / preset.sync_subcommittee_size());
        let found: BTreeSet<u64> = quarters.filter(|quarter| *quarter < SYNC_SUBCOMMITTEES).collect();
        found.into_iter().map(SubcommitteeIndex).collect()
    }
}
