//! The life of a duty as one deterministic engine.

mod agreement;
mod consent;
mod duty;
mod engine;
mod input;
mod judge;
mod output;
mod partial;
mod partials;
pub mod priority;
mod reason;
mod requests;
mod schedule;
mod tracker;
mod value;
mod window;

pub use duty::{Duty, DutyKind};
pub use engine::{Config, Engine, Holdings, ValidatorConfig};
pub use input::{
    Answer, Combination, EpochDuties, Head, Input, JobId, ProposerSlot, Question, RequestId, Submission,
};
pub use output::{Combine, DutyReport, Fetch, Notice, Output, Publication, To, Verify, Why};
pub use partial::{Partial, PartialSet, Signed};
pub use qbft::Time;
pub use reason::Reason;
pub use value::{AttesterDatum, ConsensusMessage, Content, Value};
