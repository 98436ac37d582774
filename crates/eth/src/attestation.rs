//! Votes for the head and the checkpoints of the chain.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::{CommitteeIndex, Epoch, Root, SignatureBytes, Slot, ValidatorIndex};

/// The block at the start of an epoch.
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
pub struct Checkpoint {
    /// The epoch.
    pub epoch: Epoch,
    /// Root of the last block at or before the epoch's first slot.
    pub root: Root,
}

/// What an attester signs. 128 bytes of SSZ.
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
pub struct AttestationData {
    /// The slot of the vote.
    pub slot: Slot,
    /// The committee before Electra; zero since (EIP-7549).
    pub index: CommitteeIndex,
    /// The head of the chain as the attester sees it.
    pub beacon_block_root: Root,
    /// The justified checkpoint the vote starts from.
    pub source: Checkpoint,
    /// The checkpoint the vote is for.
    pub target: Checkpoint,
}

/// One validator's attestation, as it is published since Electra. 240 bytes of SSZ.
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
pub struct SingleAttestation {
    /// The validator's committee.
    pub committee_index: CommitteeIndex,
    /// The validator.
    pub attester_index: ValidatorIndex,
    /// The vote.
    pub data: AttestationData,
    /// Signature over the vote, domain [`BeaconAttester`](crate::DomainType::BeaconAttester) of the target epoch.
    pub signature: SignatureBytes,
}
