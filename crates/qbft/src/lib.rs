//! One QBFT consensus instance as a deterministic state machine.

mod message;
mod quorum;

pub use message::{Draft, Hash, Kind, Message, PeerIndex, Round, Time};
pub use quorum::{faults, minimum_threshold, quorum};
