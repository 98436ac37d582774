//! What can be wrong with cluster files, and what to do about it.

use std::fmt;

use eth::{Root, Version};
use thiserror::Error as ThisError;

use crate::enr::EnrError;

/// Why a cluster file, a key or an option was refused. Positions count from 0, as in the file.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[expect(missing_docs, reason = "fields say what the message says of them")]
pub enum Error {
    /// The file is no JSON of the right shape.
    #[error(
        "the {file} cannot be read: {problem}; get an intact copy from another operator or from a backup"
    )]
    Json { file: &'static str, problem: String },
    /// A version of the format that does not exist, or not yet.
    #[error("cluster file version {0:?} is not known; v1.0.0 to v1.11.0 are: update Phalanx if it is newer")]
    UnknownVersion(String),
    /// A field holds something else.
    #[error("{field} in the cluster file is not {expected}; get an intact copy of the file")]
    Field { field: &'static str, expected: &'static str },
    /// A field of the wrong length.
    #[error("{field} in the cluster file is not {expected} bytes of hex; get an intact copy of the file")]
    FieldLength { field: &'static str, expected: usize },
    /// More than the format allows.
    #[error("{field} in the cluster file is longer than the {limit} the format allows; shorten it")]
    TooLong { field: &'static str, limit: usize },
    /// `num_validators` and `validators` of the definition differ.
    #[error(
        "the definition announces {validators} validators but lists addresses for {addresses}; correct it"
    )]
    AddressCount { validators: u64, addresses: usize },
    /// `num_validators` and `distributed_validators` differ.
    #[error("the definition announces {announced} validators but the lock holds {found}; get an intact lock")]
    ValidatorCount { announced: u64, found: usize },

    /// The file was changed after it was made, or carries fields of another version.
    #[error(
        "the {which} hash in the file is {stored} but its content hashes to {computed}: it was edited or damaged; \
         get an intact copy from another operator"
    )]
    HashMismatch { which: StoredHash, stored: Root, computed: Root },
    /// Nobody to run the cluster.
    #[error("the cluster has no operators; get an intact copy of the file")]
    NoOperators,
    /// Fewer shares than two conflicting sets of signers need to share an honest node, or more than there are.
    #[error(
        "the threshold is {threshold} of {nodes} nodes but must be from {minimum} to {nodes}: with fewer, nodes that \
         lie could make the cluster sign twice; create the cluster anew with a threshold of {minimum}"
    )]
    Threshold { threshold: u64, nodes: usize, minimum: usize },
    /// An operator's node record.
    #[error(
        "the node record of operators[{operator}] is refused: {problem}; that operator must supply a good one"
    )]
    Enr { operator: usize, problem: EnrError },
    /// Two operators with one key would be one peer with two votes.
    #[error("operators[{first}] and operators[{second}] have the same node key; each operator needs its own")]
    SameNode { first: usize, second: usize },
    /// Wallets' signatures name a chain.
    #[error(
        "fork version {0} is no known network, so wallets' signatures cannot be checked; name the network"
    )]
    UnknownNetwork(Version),
    /// A wallet's signature.
    #[error(
        "{what} is missing or not by the wallet the definition names; have it signed again (signatures of \
         smart-contract wallets cannot be checked yet)"
    )]
    WalletSignature { what: WalletSignature },

    /// Each operator holds exactly one share of each validator.
    #[error("validator {validator} has {found} shares for {nodes} operators; get an intact lock")]
    ShareCount { validator: usize, found: usize, nodes: usize },
    /// A key that occurs twice.
    #[error(
        "key {key} of validator {validator} occurs twice in the lock; it was not made by a proper ceremony"
    )]
    DuplicateKey { validator: usize, key: eth::PublicKeyBytes },
    /// A validator's key that is no point.
    #[error("the key of validator {validator} is refused: {problem}; get an intact lock")]
    GroupKey { validator: usize, problem: bls::Error },
    /// A share's key that is no point.
    #[error("share {share} of validator {validator} is refused: {problem}; get an intact lock")]
    ShareKey { validator: usize, share: usize, problem: bls::Error },
    /// Shares that do not make up the validator's key.
    #[error("validator {validator}: {problem}; do not run this lock, repeat the key ceremony")]
    Sharing { validator: usize, problem: bls::Error },
    /// The aggregate over the lock hash.
    #[error(
        "signature_aggregate is not by all {shares} shares: somebody may not hold theirs; get an intact lock"
    )]
    SignatureAggregate { shares: usize },
    /// A builder registration.
    #[error("the builder registration of validator {validator} {problem}; get an intact lock")]
    Registration { validator: usize, problem: RegistrationProblem },
    /// One node signature for each operator.
    #[error("the lock has {found} node signatures for {nodes} operators; get an intact lock")]
    NodeSignatureCount { found: usize, nodes: usize },
    /// A node's signature of the lock hash.
    #[error(
        "node_signatures[{operator}] is not by the node key of operators[{operator}]; get an intact lock"
    )]
    NodeSignature { operator: usize },
    /// The key is of another cluster, or of nobody.
    #[error(
        "node key {0} belongs to no operator of this cluster; check the private key file and the lock file"
    )]
    NotAnOperator(String),

    /// A node key file's text.
    #[error("the node key is not 64 hex digits; restore the private key file from a backup")]
    NodeKeyText,
    /// A node key file's number.
    #[error("the node key is zero or too large for secp256k1; restore the private key file from a backup")]
    NodeKeyRange,
    /// A node's public key.
    #[error("the node public key is no point of secp256k1; it must come from a node record")]
    NodePublicKey,
    /// Bytes from the random source make no key.
    #[error("the random source is broken: its bytes make no secret key; do not make keys on this machine")]
    Randomness,

    /// How many nodes a new cluster has.
    #[error("a cluster cannot have {0} nodes; choose from 3 to 255")]
    NodeCount(u8),
    /// How many validators a new cluster has.
    #[error("a cluster cannot have {0} validators; choose from 1 to 65536")]
    NewValidatorCount(usize),
    /// One address for all validators, or one for each.
    #[error("{found} {what} addresses for {validators} validators; give one for all or one for each")]
    NewAddressCount { what: &'static str, found: usize, validators: usize },
    /// Nobody holds the key of the zero address.
    #[error("a {what} address is zero: whatever goes there is lost; give an address you hold")]
    ZeroAddress { what: &'static str },
    /// Where nodes are reached.
    #[error("{found} node addresses for {nodes} nodes; give one for each or none")]
    EndpointCount { found: usize, nodes: usize },
    /// One deposit's amount.
    #[error("a deposit of {gwei} Gwei is refused; each must be from 1 ETH to {maximum_eth} ETH")]
    DepositAmount { gwei: u64, maximum_eth: u64 },
    /// All deposits' amounts.
    #[error("deposits sum up to {gwei} Gwei, less than the 32 ETH a validator needs; add some")]
    DepositSum { gwei: u64 },
    /// The same validator twice.
    #[error("the secret key of validator {key} is given twice; leave one out")]
    SameSecret { key: eth::PublicKeyBytes },
    /// Splitting a key failed.
    #[error("keys cannot be split: {0}")]
    Split(bls::Error),
}

/// A hash that a cluster file stores of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredHash {
    /// Of the configuration operators sign.
    Config,
    /// Of the definition.
    Definition,
    /// Of the lock.
    Lock,
}

impl StoredHash {
    pub(crate) fn check(self, stored: Root, computed: Root) -> Result<(), Error> {
        if stored == computed { Ok(()) } else { Err(Error::HashMismatch { which: self, stored, computed }) }
    }
}

impl fmt::Display for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoredHash::Config => "config",
            StoredHash::Definition => "definition",
            StoredHash::Lock => "lock",
        })
    }
}

/// A signature of a wallet in a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalletSignature {
    /// The creator's, of the configuration.
    Creator,
    /// The operator's at that position, of the configuration.
    OperatorConfig(usize),
    /// The operator's at that position, of its node record.
    OperatorEnr(usize),
}

impl fmt::Display for WalletSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WalletSignature::Creator => f.write_str("creator.config_signature"),
            WalletSignature::OperatorConfig(position) => write!(f, "operators[{position}].config_signature"),
            WalletSignature::OperatorEnr(position) => write!(f, "operators[{position}].enr_signature"),
        }
    }
}

/// What is wrong with a builder registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationProblem {
    /// The version asks for one.
    Missing,
    /// It is for another validator.
    OtherValidator,
    /// It sends fees elsewhere than the definition says.
    FeeRecipient,
    /// The validator did not sign it for this network.
    Signature,
}

impl fmt::Display for RegistrationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RegistrationProblem::Missing => "is missing",
            RegistrationProblem::OtherValidator => "names another validator's key",
            RegistrationProblem::FeeRecipient => "pays another fee recipient than the definition says",
            RegistrationProblem::Signature => "is not signed by the validator for this network",
        })
    }
}
