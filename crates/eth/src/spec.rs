//! A chain's configuration: when it started, how long its slots are, when it forks, when duties are due.

mod constants;
mod from_api;
mod to_api;

use serde::{Deserialize, Serialize};

use crate::primitives::quoted_u64;
use crate::{Domain, DomainType, Epoch, Fork, Preset, Root, Slot, Version, compute_domain};

/// The epoch of forks that are not scheduled: `FAR_FUTURE_EPOCH`.
pub const FAR_FUTURE_EPOCH: Epoch = Epoch(u64::MAX);

/// A chain's start, as `/eth/v1/beacon/genesis` answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// Unix time of slot 0, seconds.
    #[serde(with = "quoted_u64")]
    pub genesis_time: u64,
    /// Hash tree root of the validators at genesis: part of every domain, so signatures hold on one chain only.
    pub genesis_validators_root: Root,
    /// Version of the first fork.
    pub genesis_fork_version: Version,
}

/// A fork and the epoch it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledFork {
    /// First epoch of the fork; [`FAR_FUTURE_EPOCH`] when not scheduled.
    pub epoch: Epoch,
    /// The fork's version.
    pub version: Version,
    /// The fork.
    pub fork: Fork,
}

/// A fork that the chain schedules and this version of the program does not know. What is signed in it, and how, would
/// be a guess.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the chain forks to {name} in epoch {epoch}, which this version of the program does not know: update it before"
)]
pub struct NewerFork {
    /// The first epoch of the fork.
    pub epoch: Epoch,
    /// Its name, in lower case.
    pub name: String,
}

/// When the duties of a slot are due, in basis points (1/10 000) of the slot's duration; each 1 to 10 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueTimes {
    /// `ATTESTATION_DUE_BPS`.
    pub attestation_bps: u64,
    /// `AGGREGATE_DUE_BPS`.
    pub aggregate_bps: u64,
    /// `SYNC_MESSAGE_DUE_BPS`.
    pub sync_message_bps: u64,
    /// `CONTRIBUTION_DUE_BPS`.
    pub contribution_bps: u64,
}

impl DueTimes {
    /// A third and two thirds of the slot: every fork before Gloas.
    pub const DEFAULT: DueTimes = DueTimes {
        attestation_bps: 3333,
        aggregate_bps: 6667,
        sync_message_bps: 3333,
        contribution_bps: 6667,
    };

    /// A quarter and a half of the slot: from Gloas (the `…_GLOAS` keys).
    pub const DEFAULT_GLOAS: DueTimes = DueTimes {
        attestation_bps: 2500,
        aggregate_bps: 5000,
        sync_message_bps: 2500,
        contribution_bps: 5000,
    };
}

/// A chain's configuration. Made by [`Spec::from_api`], which checks it, or by [`Spec::local`] for a chain of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The sizes of the chain's containers.
    pub preset: Preset,
    /// `CONFIG_NAME`, for people.
    pub config_name: String,
    /// The chain's start.
    pub genesis: Genesis,
    /// Duration of a slot, milliseconds; never zero.
    pub slot_duration_ms: u64,
    /// Slots in an epoch; never zero.
    pub slots_per_epoch: u64,
    /// Epochs for which a sync committee serves; never zero.
    pub epochs_per_sync_committee_period: u64,
    /// Forks in order, the first at epoch 0, with those known but not scheduled.
    pub forks: Vec<ScheduledFork>,
    /// The first scheduled fork that is none of [`Fork::ALL`].
    pub newer_fork: Option<NewerFork>,
    /// When duties are due before Gloas.
    pub due: DueTimes,
    /// When duties are due from Gloas on.
    pub due_gloas: DueTimes,
}

impl Spec {
    /// The configuration of a chain of one's own, which is at `fork` from genesis on. Versions are those of the
    /// preset's configuration in the consensus specification, the due times the defaults.
    pub fn local(preset: Preset, genesis: Genesis, slot_duration_ms: u64, fork: Fork) -> Spec {
        let scheduled = |each: Fork| ScheduledFork {
            epoch: if each <= fork { Epoch(0) } else { FAR_FUTURE_EPOCH },
            version: match each {
                Fork::Phase0 => genesis.genesis_fork_version,
                later => Version([later.number() as u8, 0, 0, preset.choose(0, 1)]),
            },
            fork: each,
        };
        Spec {
            preset,
            config_name: preset.name().to_owned(),
            genesis,
            slot_duration_ms,
            slots_per_epoch: preset.slots_per_epoch(),
            epochs_per_sync_committee_period: preset.epochs_per_sync_committee_period(),
            forks: Fork::ALL.into_iter().map(scheduled).collect(),
            newer_fork: None,
            due: DueTimes::DEFAULT,
            due_gloas: DueTimes::DEFAULT_GLOAS,
        }
    }

    /// The fork in force in an epoch.
    pub fn fork_at(&self, epoch: Epoch) -> Fork {
        self.scheduled_at(epoch).fork
    }

    /// The fork version in force in an epoch.
    pub fn fork_version_at(&self, epoch: Epoch) -> Version {
        self.scheduled_at(epoch).version
    }

    /// Whether the fork in force in an epoch is known; if not, [`Spec::fork_at`] is out of date and nothing may be signed.
    ///
    /// # Errors
    /// The fork: this version of the program is too old for the epoch.
    pub fn check_known(&self, epoch: Epoch) -> Result<(), &NewerFork> {
        match &self.newer_fork {
            Some(newer) if newer.epoch <= epoch => Err(newer),
            _ => Ok(()),
        }
    }

    /// The epoch a slot belongs to.
    pub fn epoch_of(&self, slot: Slot) -> Epoch {
        Epoch(slot.0 / self.slots_per_epoch)
    }

    /// The first slot of an epoch; the largest slot number for epochs beyond time.
    pub fn first_slot(&self, epoch: Epoch) -> Slot {
        Slot(epoch.0.saturating_mul(self.slots_per_epoch))
    }

    /// When a slot starts, nanoseconds since genesis; the largest time for slots beyond it.
    pub fn slot_start_ns(&self, slot: Slot) -> i64 {
        i64::try_from(slot.0).unwrap_or(i64::MAX).saturating_mul(self.slot_duration_ns())
    }

    /// Duration of a slot, nanoseconds.
    pub fn slot_duration_ns(&self) -> i64 {
        ns_from_ms(self.slot_duration_ms)
    }

    /// The slot of a time, nanoseconds since genesis; slot 0 before genesis.
    pub fn slot_at_ns(&self, since_genesis_ns: i64) -> Slot {
        Slot(u64::try_from(since_genesis_ns / self.slot_duration_ns().max(1)).unwrap_or(0))
    }

    /// When attestations are due, nanoseconds after the start of `slot`.
    pub fn attestation_due_ns(&self, slot: Slot) -> i64 {
        self.due_ns(self.due_at(slot).attestation_bps)
    }

    /// When aggregates are due, nanoseconds after the start of `slot`.
    pub fn aggregate_due_ns(&self, slot: Slot) -> i64 {
        self.due_ns(self.due_at(slot).aggregate_bps)
    }

    /// When sync committee messages are due, nanoseconds after the start of `slot`.
    pub fn sync_message_due_ns(&self, slot: Slot) -> i64 {
        self.due_ns(self.due_at(slot).sync_message_bps)
    }

    /// When sync committee contributions are due, nanoseconds after the start of `slot`.
    pub fn contribution_due_ns(&self, slot: Slot) -> i64 {
        self.due_ns(self.due_at(slot).contribution_bps)
    }

    /// The domain of a signature made for `epoch` (`get_domain` of the consensus specification, and EIP-7044, which
    /// ties exits to Capella whatever the epoch). Deposits and registrations hold on every fork.
    pub fn domain(&self, purpose: DomainType, epoch: Epoch) -> Domain {
        match purpose {
            DomainType::Deposit | DomainType::ApplicationBuilder => {
                compute_domain(purpose, self.genesis.genesis_fork_version, Root::ZERO)
            }
            DomainType::BlsToExecutionChange => self.chain_domain(purpose, self.genesis.genesis_fork_version),
            DomainType::VoluntaryExit => self.chain_domain(purpose, self.version_of(Fork::Capella)),
            _ => self.chain_domain(purpose, self.fork_version_at(epoch)),
        }
    }

    fn chain_domain(&self, purpose: DomainType, version: Version) -> Domain {
        compute_domain(purpose, version, self.genesis.genesis_validators_root)
    }

    fn version_of(&self, fork: Fork) -> Version {
        let scheduled = self.forks.iter().find(|scheduled| scheduled.fork == fork);
        scheduled.map_or(self.genesis.genesis_fork_version, |scheduled| scheduled.version)
    }

    fn scheduled_at(&self, epoch: Epoch) -> ScheduledFork {
        let genesis =
            ScheduledFork { epoch: Epoch(0), version: self.genesis.genesis_fork_version, fork: Fork::Phase0 };
        let begun =
            |scheduled: &&ScheduledFork| scheduled.epoch <= epoch && scheduled.epoch != FAR_FUTURE_EPOCH;
        self.forks.iter().filter(begun).max_by_key(|scheduled| scheduled.fork).copied().unwrap_or(genesis)
    }

    fn due_at(&self, slot: Slot) -> &DueTimes {
        if self.fork_at(self.epoch_of(slot)).is_due_early() { &self.due_gloas } else { &self.due }
    }

    /// `get_slot_component_duration_ms` of the consensus specification: whole milliseconds, rounded down.
    fn due_ns(&self, basis_points: u64) -> i64 {
        ns_from_ms(self.slot_duration_ms.saturating_mul(basis_points) / BASIS_POINTS)
    }
}

/// A whole, in basis points.
const BASIS_POINTS: u64 = 10_000;

fn ns_from_ms(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}
