//! Paying into the deposit contract.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::primitives::quoted_u64;
use crate::{Domain, DomainType, Hash32, PublicKeyBytes, Root, SignatureBytes, Version, compute_domain};

/// What a depositor signs.
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
pub struct DepositMessage {
    /// The validator's key.
    pub pubkey: PublicKeyBytes,
    /// Where withdrawals go: a type byte, then an address or a hash.
    pub withdrawal_credentials: Hash32,
    /// The amount, Gwei.
    #[serde(with = "quoted_u64")]
    pub amount: u64,
}

impl DepositMessage {
    /// The message with its signature.
    pub fn sign(self, signature: SignatureBytes) -> DepositData {
        let DepositMessage { pubkey, withdrawal_credentials, amount } = self;
        DepositData { pubkey, withdrawal_credentials, amount, signature }
    }
}

/// A signed deposit; its root is the `deposit_data_root` the contract asks for.
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
pub struct DepositData {
    /// The validator's key.
    pub pubkey: PublicKeyBytes,
    /// Where withdrawals go: a type byte, then an address or a hash.
    pub withdrawal_credentials: Hash32,
    /// The amount, Gwei.
    #[serde(with = "quoted_u64")]
    pub amount: u64,
    /// Signature over the [`DepositMessage`] in the [`deposit_domain`].
    pub signature: SignatureBytes,
}

impl DepositData {
    /// What was signed.
    pub fn message(&self) -> DepositMessage {
        let DepositData { pubkey, withdrawal_credentials, amount, .. } = *self;
        DepositMessage { pubkey, withdrawal_credentials, amount }
    }
}

/// The domain of deposits: it is tied to the network's first fork version only, so that a deposit can be signed before
/// the chain starts.
pub fn deposit_domain(genesis_fork_version: Version) -> Domain {
    compute_domain(DomainType::Deposit, genesis_fork_version, Root::ZERO)
}
