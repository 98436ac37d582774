//! One Phalanx node, assembled: the brain in its body.
//!
//! ```text
//!   validator client ──HTTP──► beacon::server ──┐                 ┌──► Chain ──HTTP──► beacon node
//!                                               ▼                 │
//!   peers ◄──libp2p──► net::Host ──────────► Body ◄──► Engine     ├──► Keeper ──► slashing ledger
//!                                               │  (duty, pure)   │
//!   dashboards ──HTTP──► Monitor                └─ carries out ───┴──► KeyTable (BLS, blocking threads)
//! ```
//!
//! **Never here:** a decision. What to sign, when and why is the engine's and the ledger's; this room moves inputs and
//! outputs, and puts the parts together.
//!
//! **Words.** The *body* is the loop around the engine. The *keeper* is the one thread that owns the ledger. A
//! *membership* is the cluster as one node sees it.
//!
//! **Read next:** `start.rs` for what a node consists of, then `body.rs`.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a body lives in time and on threads"
)]

mod backend;
mod body;
mod chain;
pub mod chain_view;
pub mod clock;
pub mod cluster_files;
mod config;
pub mod directory;
mod error;
mod exits;
pub mod first_start;
mod graffiti;
mod journal;
pub mod ledger;
pub mod logging;
mod metrics;
mod monitor;
pub mod record;
mod sightings;
mod start;
pub mod status;
pub mod worker;

pub use beacon::server::TlsFiles;
pub use config::{Config, PeerAddress};
pub use error::Error;
pub use start::run;

// What a test may switch on never reaches a node: with it no node can be built.
const _: () = assert!(
    !qbft::known_bugs::ARE_BUILT_IN && !slashing::known_bugs::ARE_BUILT_IN && !duty::known_bugs::ARE_BUILT_IN,
    "the feature known-bugs is for the simulator's tests alone"
);
