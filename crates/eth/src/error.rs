//! Why bytes from outside are not what they should be.

use crate::{Fork, Preset};

/// Why bytes are no value of the expected type. Whoever sent the bytes is at fault, except for
/// [`DecodeError::UnsupportedFork`], where this version of the program is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are no SSZ encoding of the type.
    #[error("not the SSZ of the expected type: {0}")]
    Ssz(#[from] libssz::DecodeError),
    /// The text is no JSON of the type.
    #[error("not the JSON of the expected type: {why}")]
    Json {
        /// What the parser says, with line and column.
        why: String,
    },
    /// Containers of this fork are not built in.
    #[error("containers of fork {fork} are not built into this version of the program")]
    UnsupportedFork {
        /// The fork asked for.
        fork: Fork,
    },
    /// A value does not fit the sizes of the chain's preset.
    #[error("{what} does not fit the {preset} preset")]
    OutOfRange {
        /// What is too large.
        what: &'static str,
        /// The preset in force.
        preset: Preset,
    },
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        DecodeError::Json { why: error.to_string() }
    }
}

/// Why a beacon node's configuration (`/eth/v1/config/spec`) cannot be used. The beacon node, or the choice of it, is
/// at fault; nothing can be signed until it is replaced or reconfigured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// A key that every beacon node answers is absent.
    #[error("the beacon node's config/spec lacks {key}; is it a beacon node, and recent enough for Electra?")]
    Missing {
        /// The absent key.
        key: String,
    },
    /// A value cannot be read or lies outside what the specification allows.
    #[error("the beacon node's config/spec says {key} = {value:?}, expected {expected}")]
    Malformed {
        /// The key.
        key: String,
        /// The value, shortened.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The chain's preset is not built in.
    #[error("the beacon node's PRESET_BASE: {0}")]
    UnknownPreset(#[from] crate::UnknownPreset),
    /// The chain claims a preset but not its sizes: hash tree roots would be wrong.
    #[error("the beacon node's config/spec says {key} = {theirs}, but the {preset} preset has {ours}")]
    PresetMismatch {
        /// The key.
        key: &'static str,
        /// The preset claimed.
        preset: Preset,
        /// The preset's value.
        ours: u64,
        /// The beacon node's value.
        theirs: u64,
    },
    /// The configuration and the genesis answer belong to different chains.
    #[error("the beacon node's config/spec has genesis fork version {spec}, its genesis answer {genesis}")]
    GenesisMismatch {
        /// `GENESIS_FORK_VERSION` of the configuration.
        spec: crate::Version,
        /// `genesis_fork_version` of `/eth/v1/beacon/genesis`.
        genesis: crate::Version,
    },
    /// A fork is scheduled before the one it builds on.
    #[error("the beacon node's config/spec schedules {fork} before {before}")]
    ForksOutOfOrder {
        /// The fork that comes too early.
        fork: Fork,
        /// The fork it should follow.
        before: Fork,
    },
}
