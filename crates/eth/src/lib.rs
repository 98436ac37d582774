//! The words of the beacon chain.
//!
//! ```text
//!   primitives ── Slot, Epoch, Root, PublicKeyBytes, …        numbers and byte strings with names
//!       │
//!   Fork, Preset ──► Spec ──► fork_at, due times, domain      one chain's configuration, checked
//!       │                                      │
//!       │                                      └──► signing_root(object root, domain): what BLS signs
//!       │                                                             ▲
//!   small containers ── AttestationData, VoluntaryExit, …  ── root ───┤
//!       │                                                             │
//!   containers::{mainnet, minimal} ──► Proposal, Attestation, … ─ root ┘
//!       sizes by preset and fork        preset and fork hidden
//! ```
//!
//! Every container has SSZ and a root ([`Container`]) and the Beacon API's JSON (serde).
//!
//! **Never here:** keys and signing (`bls`), rules of consent (`slashing`), endpoints (`beacon`), clocks, sockets,
//! files.
//!
//! **Words.** A *root* is a hash tree root. A *domain* separates signatures by purpose, chain and fork. A *preset* is
//! a set of sizes fixed at compile time.
//!
//! **Read next:** [`spec`], [`container`], [`attestation`], [`proposal`], [`containers`].

// The containers whose sizes depend on the preset are one set of files, compiled once for each (see `containers`).
#![allow(clippy::duplicate_mod)]

pub mod aggregate;
pub mod attestation;
pub mod collection;
pub mod container;
pub mod containers;
pub mod contribution;
pub mod deposit;
pub mod domain;
pub mod duty;
pub mod error;
pub mod exit;
pub mod fork;
pub mod header;
mod of_preset;
pub mod preset;
pub mod primitives;
pub mod proposal;
pub mod randao;
pub mod registration;
pub mod selection;
pub mod spec;
pub mod ssz_list;
pub mod sync_committee;

pub use aggregate::*;
pub use attestation::*;
pub use container::*;
pub use contribution::*;
pub use deposit::*;
pub use domain::*;
pub use duty::*;
pub use error::*;
pub use exit::*;
pub use fork::*;
pub use header::*;
pub use preset::*;
pub use primitives::*;
pub use proposal::*;
pub use randao::*;
pub use registration::*;
pub use selection::*;
pub use spec::*;
pub use ssz_list::*;
pub use sync_committee::*;
