//! The recorder: what the engine was told in the last minutes, so that a missed duty can be explained afterwards.
//!
//! ```text
//!   body ── a copy of each input ──► channel ──► writer: one JSON line each, files that take turns
//!                                                    │
//!   phalanx replay ◄── a fresh engine is told the same, in the same order ◄──┘
//! ```
//!
//! It decides nothing and holds up nobody: what does not fit into the channel is left out and counted. No secret is
//! ever part of an input.

mod kept;
mod line;
pub mod replay;
mod writer;

pub(crate) use kept::Kept;
pub(crate) use writer::{About, Recorder};

/// The directory, beside the slashing ledger.
pub const DIRECTORY: &str = "record";

/// The version of the format: the first thing in every file.
pub const FORMAT: u32 = 1;
