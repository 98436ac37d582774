//! Votes of the sync committee for the head of the chain.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::{Root, SignatureBytes, Slot, SubcommitteeIndex, ValidatorIndex};

/// One member's vote. 144 bytes of SSZ.
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
pub struct SyncCommitteeMessage {
    /// The slot of the vote.
    pub slot: Slot,
    /// The head; its root is what is signed.
    pub beacon_block_root: Root,
    /// The member.
    pub validator_index: ValidatorIndex,
    /// Signature over the root, domain [`SyncCommittee`](crate::DomainType::SyncCommittee) of the slot's epoch.
    pub signature: SignatureBytes,
}

/// What a member signs to find out whether it aggregates for a subcommittee, domain
/// [`SyncCommitteeSelectionProof`](crate::DomainType::SyncCommitteeSelectionProof).
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
pub struct SyncAggregatorSelectionData {
    /// The slot.
    pub slot: Slot,
    /// The subcommittee.
    pub subcommittee_index: SubcommitteeIndex,
}
