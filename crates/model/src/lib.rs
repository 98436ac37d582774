//! Development only: agreement and signing of one slot as an abstract model, explored in full.
//!
//! ```text
//!   rules.rs      what an honest node may do, given all that was said ◄── Mistake: rules broken on purpose
//!      │
//!      ▼
//!   explore.rs    every state, breadth first ──► Report, or the shortest path to a broken property
//!      │
//!   order.rs      the same states in far fewer steps: rounds one after the other, the past forgotten
//!
//!   process.rs    one node that is told message by message; the real core must do the same (tests/it/replay.rs)
//! ```
//!
//! Four nodes: three are honest, one says whatever its own signature allows, to each what it likes. A slot has two
//! values that may be agreed on, and a key whose partial signatures combine at a threshold. Honest nodes may crash and
//! start again. The model is written from the paper and the wire's rules, not from the code it is held against.
//!
//! Never here: a room of the product (they are only test dependencies), and nothing of the product depends on this.
//!
//! Words: a *voter* takes part in agreement, an *observer* only learns its outcome; a value is *decidable* when a
//! quorum of COMMITs for it can exist; the *liar* is the Byzantine node.
//!
//! Read next: docs/protocol/model.md, then [`Action`] and `rules.rs`.
#![allow(clippy::disallowed_types, reason = "the explorer looks states up and never iterates over the table")]

mod explore;
mod mistake;
mod order;
mod process;
mod property;
mod rules;
mod scope;
mod state;

pub use explore::{Counterexample, Report, explore};
pub use mistake::Mistake;
pub use order::forget;
pub use process::{Body, Event, Message, Process, Vote};
pub use property::Property;
pub use rules::{Action, actions, apply};
pub use scope::{Agreement, Order, Scope};
pub use state::{Node, Prepared, Reports, State, Value, Values};

/// Nodes that are honest.
pub const HONEST: usize = 3;
/// Rounds that are explored at most.
pub const ROUNDS: usize = 3;
