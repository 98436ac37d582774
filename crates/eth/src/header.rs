//! A block without its body.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::{Root, SignatureBytes, Slot, ValidatorIndex};

/// A block's summary. Its hash tree root is that of the block.
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
pub struct BeaconBlockHeader {
    /// The block's slot.
    pub slot: Slot,
    /// Who proposes it.
    pub proposer_index: ValidatorIndex,
    /// Root of the block it builds on.
    pub parent_root: Root,
    /// Root of the beacon state after it.
    pub state_root: Root,
    /// Root of its body.
    pub body_root: Root,
}

/// A block's summary and its proposer's signature.
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
pub struct SignedBeaconBlockHeader {
    /// The summary.
    pub message: BeaconBlockHeader,
    /// Signature over it, domain [`BeaconProposer`](crate::DomainType::BeaconProposer) of the slot's epoch.
    pub signature: SignatureBytes,
}
