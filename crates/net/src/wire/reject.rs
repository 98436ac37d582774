//! Why a message is refused. Its sender, or whoever signed it, is at fault.

use duty::DutyKind;
use eth::{DecodeError, UnknownFork};
use qbft::limits::Excess;
use qbft::{Hash, PeerIndex};

use super::sender::BindFault;

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reject {
    /// The bytes are no protobuf of the expected message.
    #[error("not the expected protobuf: {0}")]
    Protobuf(String),
    /// A message-typed field is absent; receivers demand it even when it is empty.
    #[error("field {0} is missing")]
    Missing(&'static str),
    /// Not the deterministic encoding, or with fields we do not know: its hash would be ambiguous.
    #[error("{0} is not in canonical encoding, or has unknown fields")]
    NotCanonical(&'static str),
    /// Too large, or too many parts.
    #[error("{0}")]
    Excess(#[from] Excess),
    /// More entries than a cluster can have validators.
    #[error("more than {limit} entries")]
    TooManyEntries {
        /// How many are read.
        limit: usize,
    },
    /// The type of a consensus message is none of the five.
    #[error("unknown message type {0}")]
    MessageType(i64),
    /// The duty's type is unknown or deprecated.
    #[error("unknown duty type {0}")]
    DutyType(i32),
    /// Nothing is agreed on or signed in duties of this kind, or not in this version.
    #[error("messages of {0} duties are not supported here")]
    UnsupportedDuty(DutyKind),
    /// A round below 1, or a prepared round below 0.
    #[error("round {round} or prepared round {prepared_round} is out of range")]
    Round {
        /// The round.
        round: i64,
        /// The prepared round.
        prepared_round: i64,
    },
    /// The signer's position lies outside the cluster.
    #[error("there is no peer {0}")]
    Signer(i64),
    /// The signature is not that of the peer it claims.
    #[error("the signature is not peer {0}'s")]
    Signature(PeerIndex),
    /// A justification belongs to another instance.
    #[error("a justification is for another duty")]
    ForeignJustification,
    /// A value of a type we do not know.
    #[error("unknown value type {0:?}")]
    ValueType(String),
    /// A hash is named, but its value is not sent along.
    #[error("the value of hash {0:?} is missing")]
    MissingValue(Hash),
    /// A set without entries.
    #[error("the set is empty")]
    EmptySet,
    /// A proposal is for exactly one validator.
    #[error("a proposal for {0} validators")]
    ProposalCount(usize),
    /// A set's key is not a public key in lower-case hex.
    #[error("the key is not 0x and 96 lower-case hex digits")]
    Key,
    /// A set names a validator twice.
    #[error("a validator appears twice")]
    TwiceTheKey,
    /// A fork number that is none of ours.
    #[error("{0}")]
    Fork(#[from] UnknownFork),
    /// An entry's content cannot be decoded.
    #[error("{0}")]
    Content(#[from] DecodeError),
    /// An entry's content is neither of the forms a duty has.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// An attestation is for no committee or for several.
    #[error("the attestation is not for exactly one committee")]
    Committee,
    /// Contributions of one validator are at least one, by ascending subcommittee.
    #[error("the contributions are none, or not in the order of their subcommittees")]
    Contributions,
    /// The share index is not the sender's.
    #[error("{0}")]
    Sender(#[from] BindFault),
    /// A time is absent or absurd.
    #[error("the time {0} is missing or out of range")]
    Time(&'static str),
    /// The commit hash is neither 7 hex digits nor `unknown`.
    #[error("the git hash is neither 7 hex digits nor unknown")]
    GitHash,
}

impl From<prost::DecodeError> for Reject {
    fn from(error: prost::DecodeError) -> Reject {
        Reject::Protobuf(error.to_string())
    }
}
