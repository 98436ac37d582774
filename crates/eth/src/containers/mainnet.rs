//! Containers with the mainnet preset's sizes.

/// The sizes.
pub mod preset {
    use crate::Preset;

    /// The preset these sizes belong to.
    pub const PRESET: Preset = Preset::Mainnet;
    /// `MAX_COMMITTEES_PER_SLOT`.
    pub const COMMITTEES_PER_SLOT: usize = 64;
    /// Validators in a slot at most: `MAX_VALIDATORS_PER_COMMITTEE` in each committee.
    pub const VALIDATORS_PER_SLOT: usize = 2048 * COMMITTEES_PER_SLOT;
    /// `SYNC_COMMITTEE_SIZE`.
    pub const SYNC_COMMITTEE_SIZE: usize = 512;
    /// `SYNC_COMMITTEE_SIZE` over `SYNC_COMMITTEE_SUBNET_COUNT`.
    pub const SYNC_SUBCOMMITTEE_SIZE: usize = SYNC_COMMITTEE_SIZE / 4;
    /// `MAX_WITHDRAWALS_PER_PAYLOAD`.
    pub const WITHDRAWALS_PER_PAYLOAD: usize = 16;
}

#[path = "sized/attestation.rs"]
pub mod attestation;
#[path = "sized/electra.rs"]
pub mod electra;
#[path = "sized/fulu.rs"]
pub mod fulu;
#[path = "sized/gloas.rs"]
pub mod gloas;
#[path = "sized/payload.rs"]
pub mod payload;
#[path = "sized/sync.rs"]
pub mod sync;
