//! Telling builders where a validator wants its fees, and how large its blocks may be.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::primitives::quoted_u64;
use crate::{Address, Domain, DomainType, PublicKeyBytes, Root, SignatureBytes, Version, compute_domain};

/// A validator's registration with builders (`ValidatorRegistrationV1` of the builder specification).
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
pub struct ValidatorRegistration {
    /// Where fees go.
    pub fee_recipient: Address,
    /// The gas limit wanted.
    #[serde(with = "quoted_u64")]
    pub gas_limit: u64,
    /// Unix time of the registration, seconds; a later one replaces an earlier one.
    #[serde(with = "quoted_u64")]
    pub timestamp: u64,
    /// The validator's key.
    pub pubkey: PublicKeyBytes,
}

/// A signed registration. 180 bytes of SSZ.
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
pub struct SignedValidatorRegistration {
    /// The registration.
    pub message: ValidatorRegistration,
    /// Signature over it in the [`registration_domain`].
    pub signature: SignatureBytes,
}

/// The domain of registrations: tied to the network's first fork version only.
pub fn registration_domain(genesis_fork_version: Version) -> Domain {
    compute_domain(DomainType::ApplicationBuilder, genesis_fork_version, Root::ZERO)
}
