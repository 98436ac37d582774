//! What both sides say: paths' parameters, header names, JSON envelopes, error bodies.
//!
//! Source: the Beacon API definitions (ethereum/beacon-APIs), `beacon-node-oapi.yaml` and the files it names.

mod media;
mod validator;

pub use media::{MediaType, negotiate};
pub(crate) use validator::ValidatorEntry;
pub use validator::{Validator, ValidatorStatus};

use eth::{Address, Fork, Root, Slot, ValidatorIndex};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Fork of the body, in lower case: `fulu`.
pub const CONSENSUS_VERSION: &str = "eth-consensus-version";
/// Whether a produced block is blinded: `true` or `false`.
pub const PAYLOAD_BLINDED: &str = "eth-execution-payload-blinded";
/// Value of the execution payload in Wei, decimal.
pub const PAYLOAD_VALUE: &str = "eth-execution-payload-value";
/// Reward of the proposer paid by the consensus layer in Wei, decimal.
pub const BLOCK_VALUE: &str = "eth-consensus-block-value";

/// Most bytes of a single small item, such as an exit, that are read.
pub const ITEM_BODY_MAX: usize = 4 << 10;
/// Most bytes of a submitted list (attestations, validator ids) that are read. The longest are the selections of a
/// whole epoch: 280 bytes of JSON for each validator, 2.8 MB for ten thousand.
pub const LIST_BODY_MAX: usize = 8 << 20;
/// Most items of a submitted list.
pub const LIST_ITEMS_MAX: usize = 1 << 16;
/// Most bytes of a block, with its blobs, that are read, in JSON or SSZ.
///
/// JSON has two letters for a byte. A block is at most 10 MiB (`MAX_PAYLOAD_SIZE` of the network): 20 MiB. A blob of
/// Fulu is 131 072 bytes with 128 proofs of 48 bytes: 275 kB. The schedule of today allows 21 of them, 5.5 MiB; the
/// room is for 72, which Fulu was made for (EIP-7594): 18.9 MiB.
pub const BLOCK_BODY_MAX: usize = 40 << 20;

/// The plain envelope: `{"data": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data<T> {
    /// The answer itself.
    pub data: T,
}

/// The envelope of what differs from fork to fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioned<T> {
    /// The fork of the answer.
    pub version: Fork,
    /// The answer itself.
    pub data: T,
}

/// The envelope of duties: they hold as long as the dependent root does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependent<T> {
    /// The block the duties were computed from.
    pub dependent_root: Root,
    /// Whether the answering node has not yet verified the execution payload of its head.
    #[serde(default)]
    pub execution_optimistic: bool,
    /// The duties.
    pub data: T,
}

/// The error body of the Beacon API. `failures` is there only for submitted lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The HTTP status again.
    pub code: u16,
    /// What went wrong.
    pub message: String,
    /// Which items of a submitted list were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<IndexedFailure>,
}

/// Why one item of a submitted list was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedFailure {
    /// Position in the submitted list, from 0.
    #[serde(deserialize_with = "number_or_text")]
    pub index: usize,
    /// Why.
    pub message: String,
}

/// `GET /eth/v1/node/syncing`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Syncing {
    /// Slot of the node's head.
    pub head_slot: Slot,
    /// How many slots the head is behind.
    pub sync_distance: Slot,
    /// Whether the node is catching up: its answers are of the past.
    pub is_syncing: bool,
    /// Whether the execution payload of the head is not yet verified.
    #[serde(default)]
    pub is_optimistic: bool,
    /// Whether the execution client is out of reach.
    #[serde(default)]
    pub el_offline: bool,
}

/// `GET /eth/v1/node/peer_count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerCount {
    /// Peers with an open connection.
    #[serde(with = "eth::quoted_u64")]
    pub connected: u64,
    /// Peers being dialled.
    #[serde(with = "eth::quoted_u64", default)]
    pub connecting: u64,
    /// Peers known but not connected.
    #[serde(with = "eth::quoted_u64", default)]
    pub disconnected: u64,
    /// Peers being left.
    #[serde(with = "eth::quoted_u64", default)]
    pub disconnecting: u64,
}

/// One entry of `POST /eth/v1/validator/prepare_beacon_proposer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposerPreparation {
    /// Whose blocks.
    pub validator_index: ValidatorIndex,
    /// Who earns their fees.
    pub fee_recipient: Address,
}

/// What is known of a block without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSummary {
    /// Hash tree root of the block.
    pub root: Root,
    /// Its slot.
    pub slot: Slot,
    /// Its parent's root.
    pub parent_root: Root,
    /// Whether its execution payload is not yet verified.
    pub execution_optimistic: bool,
}

/// Data of the `head` event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadEvent {
    /// Slot of the new head.
    pub slot: Slot,
    /// Its block root.
    pub block: Root,
    /// Whether it is the first block of its epoch.
    #[serde(default)]
    pub epoch_transition: bool,
    /// Attester duties of the head's epoch hold as long as this root does.
    #[serde(default)]
    pub previous_duty_dependent_root: Root,
    /// Attester duties of the next epoch, and proposer duties of the head's, hold as long as this root does.
    #[serde(default)]
    pub current_duty_dependent_root: Root,
    /// Whether its execution payload is not yet verified.
    #[serde(default)]
    pub execution_optimistic: bool,
}

/// A beacon node says so when it already has what we submit: with several nodes of a cluster submitting the same
/// signed object, that is success. So it is when it has an aggregate of more voters. Clients word it differently
/// (`PriorAttestationKnown`, `BLOCK_ERROR_ALREADY_KNOWN`, `AttestationSupersetKnown`, `duplicate block`), so only
/// letters count.
pub fn is_already_known(message: &str) -> bool {
    const KNOWN: [&str; 6] = [
        "alreadyknown",
        "priorattestationknown",
        "supersetknown",
        "committeemessageknown",
        "duplicateblock",
        "exiterroralreadyexists",
    ];
    let letters = letters(message);
    KNOWN.iter().any(|known| letters.contains(known))
}

/// A beacon node says so when the exit it is given has already happened.
pub fn is_already_exited(message: &str) -> bool {
    const EXITED: [&str; 4] =
        ["alreadyexited", "alreadyinitiatedexit", "alreadysubmittedanexit", "exitinitiated"];
    let letters = letters(message);
    EXITED.iter().any(|exited| letters.contains(exited))
}

fn letters(message: &str) -> String {
    message.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Some nodes write list positions as text.
fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    use serde::de::Error;
    match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().map(|number| number as usize),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| D::Error::custom("expected a list position"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_already_is_recognised_in_every_dialect() {
        for message in [
            "Verification: PriorAttestationKnown { validator_index: ValidatorIndex(3) }",
            "ATTESTATION_ERROR_ATTESTATION_ALREADY_KNOWN",
            "BLOCK_ERROR_ALREADY_KNOWN",
            "block is already known",
            "Verification: AttestationSupersetKnown(0x12)",
            "AggregatorAlreadyKnown(17)",
            "ATTESTATION_ERROR_ATTESTERS_ALREADY_KNOWN",
            "PriorSyncCommitteeMessageKnown { validator_index: 3 }",
            "SYNC_COMMITTEE_MESSAGE_KNOWN",
            "SyncContributionSupersetKnown(0x12)",
            "VOLUNTARY_EXIT_ERROR_ALREADY_EXISTS",
        ] {
            assert!(is_already_known(message), "{message}");
        }
        for message in ["invalid signature", "attester slashed already", "known bad block", "already exited"]
        {
            assert!(!is_already_known(message), "{message}");
        }
    }

    #[test]
    fn an_exit_that_happened_is_recognised_in_every_dialect() {
        for message in [
            "VOLUNTARY_EXIT_ERROR_ALREADY_EXITED",
            "Invalid exit: AlreadyInitiatedExit(7)",
            "validator with index 7 has already submitted an exit, which will take place at epoch: 9",
        ] {
            assert!(is_already_exited(message), "{message}");
        }
        for message in ["VOLUNTARY_EXIT_ERROR_EARLY_EPOCH", "invalid signature", "TooYoungToExit"] {
            assert!(!is_already_exited(message), "{message}");
        }
    }

    #[test]
    fn failures_are_read_with_numbers_and_with_text() {
        let body = r#"{"code":400,"message":"some failed","failures":[{"index":1,"message":"a"},{"index":"2","message":"b"}]}"#;
        let read: ErrorBody = serde_json::from_str(body).expect("both spellings of a position");
        assert_eq!(read.failures.iter().map(|failure| failure.index).collect::<Vec<_>>(), [1, 2]);
    }
}
