//! Leaving the validator set.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::{Epoch, SignatureBytes, ValidatorIndex};

/// A validator's wish to exit.
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
pub struct VoluntaryExit {
    /// The earliest epoch at which the exit may be processed.
    pub epoch: Epoch,
    /// The validator.
    pub validator_index: ValidatorIndex,
}

/// A signed exit. 112 bytes of SSZ.
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
pub struct SignedVoluntaryExit {
    /// The exit.
    pub message: VoluntaryExit,
    /// Signature over it, domain [`VoluntaryExit`](crate::DomainType::VoluntaryExit), which EIP-7044 ties to Capella.
    pub signature: SignatureBytes,
}
