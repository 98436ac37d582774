//! Blocks and what is in them.
//!
//! ```text
//!   operations ── deposits, exits, requests: the same in every preset
//!   mainnet ─┐    sizes of the preset, and
//!   minimal ─┴──► sized/*.rs, compiled once with each: attestation, sync, payload, electra, fulu,
//!                                                      gloas
//! ```
//!
//! Other rooms use [`Proposal`](crate::Proposal), [`Attestation`](crate::Attestation),
//! [`SyncCommitteeContribution`](crate::SyncCommitteeContribution) and their like, which hide preset and fork.
//! These types are for those who make or look into blocks themselves.
//!
//! Adding a fork: `docs/adding-a-fork.md`.

pub mod mainnet;
pub mod minimal;
pub mod operations;
