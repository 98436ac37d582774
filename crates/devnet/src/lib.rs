//! Real nodes on an embedded chain: beacon node, validator clients, cluster.
//!
//! ```text
//!                 ┌────────────── chain ──────────────┐      a Beacon API that judges every message
//!                 │  world: what is true              │
//!                 │  judge: signatures, off the loop  │
//!                 │  server: the endpoints            │
//!                 └──▲────────▲────────▲────────▲─────┘
//!                    │        │        │        │            HTTP on loopback
//!                 node 0 ── node 1 ── node 2 ── node 3       child processes: `phalanx run`
//!                    ▲        ▲        ▲        ▲            HTTP on loopback
//!                   vc 0     vc 1     vc 2     vc 3          validator clients that hold key shares only
//! ```
//!
//! **Never here:** anything a cluster in earnest needs; the nodes do not know that the chain is a toy.
//!
//! **Words.** The *ledger of truth* is the chain's own record of which duties arrived when. A *kill*
//! (`SIGKILL`) ends a node at once, with all that it has not handed to the system. The *victim* of a crash sweep is the
//! node that is killed at its system calls.
//!
//! **Read next:** [`chain`], then [`vc`], then [`run`], then [`crash`].

// A hand may look at the clock; `forge/sized.rs` is compiled once for each preset.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, clippy::duplicate_mod)]

pub mod chain;
pub mod crash;
mod error;
mod keys;
pub mod run;
pub mod vc;

pub use error::Error;
pub use keys::interop_key;
