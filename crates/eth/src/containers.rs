//! Blocks and what is in them.
//!
//! ```text
//!   operations ── deposits, exits, requests: the same in every preset
//!   mainnet ─┐    sizes of the preset, and
//!   minimal ─┴──► sized/*.rs, compiled once with each: attestation, sync, payload, electra, fulu
//! ```
//!
//! Other rooms use [`Proposal`](crate::Proposal), [`Attestation`](crate::Attestation),
//! [`SyncCommitteeContribution`](crate::SyncCommitteeContribution) and their like, which hide preset and fork.
//! These types are for those who make or look into blocks themselves.
//!
//! **Adding a fork.** Gloas (EIP-7732, EIP-7688) gets a file `sized/gloas.rs` of its own, for its containers are
//! progressive: the derive attribute `#[ssz(progressive_container)]`, `ProgressiveList` and `ProgressiveBitlist` of
//! `libssz-types` give the same bytes but other roots. Then an arm in `Layout::find` (`proposal/layout.rs`), which
//! refuses Gloas until that day, and vectors.

pub mod mainnet;
pub mod minimal;
pub mod operations;
