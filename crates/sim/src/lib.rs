//! The deterministic simulator: a second body for the same brain, in which a whole cluster lives in one thread.
//!
//! ```text
//!   seed ──► Plan: settings, faults at their times ──────────────┐ inflict
//!                                                                ▼
//!   queue: (time, event) ──► Engine::step ──► outputs ──► world: network, beacon nodes, clients, disks, clocks
//!             ▲                                  │           │
//!             └──────────────────────────────────┼───────────┘ what comes of it, and when
//!                                                ▼
//!                        checker: every sentence, after every event ──► Outcome: violation, log hash
//! ```
//!
//! `cargo sim -- SEED` runs one world, `cargo sim -- --seeds N` many; a failure is told with the least of its faults and
//! the command that shows it again.
//!
//! Never here: a socket, a file, a clock but the one that measures a sweep, or randomness that the seed does not decide;
//! nor a room above the line of IO.
//!
//! Words: a *world* is a cluster with all it stands on; a *plan* is what a world is made of and what is done to it; a
//! *sentence* is a promise that is checked; a *liar* is a node that runs a program of `byzantine/` in place of ours; a
//! *body* is one process of an operator, of which there should be one.
//!
//! Read next: [`plan`], [`faults`], [`checker`] with its sentences, then [`world`].

pub mod byzantine;
pub mod checker;
pub mod faults;
pub mod known_bugs;
pub mod log;
pub mod plan;
pub mod run;
pub mod world;
