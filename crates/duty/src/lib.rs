//! The life of a duty as one deterministic engine.

mod duty;
mod partial;
mod value;

pub use duty::{Duty, DutyKind};
pub use partial::{Partial, PartialSet, Signed};
pub use qbft::Time;
pub use value::{AttesterDatum, ConsensusMessage, Content, Value};
