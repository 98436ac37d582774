//! The compile-time sizes of a chain.

use std::fmt;
use std::str::FromStr;

/// `SYNC_COMMITTEE_SUBNET_COUNT`: the parts of the sync committee, in every preset.
pub const SYNC_SUBCOMMITTEES: u64 = 4;

/// A set of sizes fixed at compile time, named by `PRESET_BASE` in a chain's configuration. They decide SSZ limits,
/// and so hash tree roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// Mainnet and every public test network.
    Mainnet,
    /// Small sizes for test chains.
    Minimal,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Preset; 2] = [Preset::Mainnet, Preset::Minimal];

    /// The name in `PRESET_BASE`: `mainnet`.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Mainnet => "mainnet",
            Preset::Minimal => "minimal",
        }
    }

    /// `SLOTS_PER_EPOCH`.
    pub fn slots_per_epoch(self) -> u64 {
        self.choose(32, 8)
    }

    /// `EPOCHS_PER_SYNC_COMMITTEE_PERIOD`.
    pub fn epochs_per_sync_committee_period(self) -> u64 {
        self.choose(256, 8)
    }

    /// `SYNC_COMMITTEE_SIZE`, validators in a sync committee.
    pub fn sync_committee_size(self) -> u64 {
        self.choose(512, 32)
    }

    /// Validators in each of the sync committee's subcommittees.
    pub fn sync_subcommittee_size(self) -> u64 {
        self.sync_committee_size() / SYNC_SUBCOMMITTEES
    }

    /// `MAX_COMMITTEES_PER_SLOT`, attestation committees in a slot at most.
    pub fn committees_per_slot(self) -> u64 {
        self.choose(64, 4)
    }

    /// `MAX_VALIDATORS_PER_COMMITTEE`, validators in an attestation committee at most.
    pub fn validators_per_committee(self) -> u64 {
        2048
    }

    /// `MAX_WITHDRAWALS_PER_PAYLOAD`.
    pub fn withdrawals_per_payload(self) -> u64 {
        self.choose(16, 4)
    }

    /// `SLOT_DURATION_MS` of the configuration that goes with the preset by default; chains may differ.
    pub fn default_slot_duration_ms(self) -> u64 {
        self.choose(12_000, 6_000)
    }

    pub(crate) fn choose<T>(self, mainnet: T, minimal: T) -> T {
        match self {
            Preset::Mainnet => mainnet,
            Preset::Minimal => minimal,
        }
    }
}

/// A preset this program was not compiled for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown preset {name:?}; known are mainnet and minimal")]
pub struct UnknownPreset {
    name: String,
}

impl FromStr for Preset {
    type Err = UnknownPreset;
    fn from_str(text: &str) -> Result<Preset, UnknownPreset> {
        Preset::ALL
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| UnknownPreset { name: text.chars().take(32).collect() })
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
