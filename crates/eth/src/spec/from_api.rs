//! Reading a beacon node's `/eth/v1/config/spec`.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;

use super::{BASIS_POINTS, DueTimes, FAR_FUTURE_EPOCH, Genesis, NewerFork, ScheduledFork, Spec};
use crate::{Epoch, Fork, Preset, SpecError, Version};

impl Spec {
    /// Reads and checks a beacon node's answer to `/eth/v1/config/spec` (its `data`), beside its genesis answer.
    ///
    /// # Errors
    /// [`SpecError`]: the answer lacks a key of every fork up to Electra, or contradicts itself, the genesis answer or
    /// the preset it names. A fork that is not known is no error before it begins: see [`Spec::check_known`].
    pub fn from_api(spec: &BTreeMap<String, Value>, genesis: Genesis) -> Result<Spec, SpecError> {
        let answer = Answer(spec);
        let preset: Preset = answer.text("PRESET_BASE")?.parse()?;
        answer.check_sizes(preset)?;
        let forks = answer.forks()?;
        check_genesis(&forks, &genesis)?;
        check_order(&forks)?;
        Ok(Spec {
            preset,
            config_name: answer.text("CONFIG_NAME").unwrap_or(preset.name()).to_owned(),
            genesis,
            slot_duration_ms: answer.slot_duration_ms()?,
            slots_per_epoch: answer.positive("SLOTS_PER_EPOCH")?,
            epochs_per_sync_committee_period: answer.positive("EPOCHS_PER_SYNC_COMMITTEE_PERIOD")?,
            forks,
            newer_fork: answer.newer_fork()?,
            due: answer.due("", DueTimes::DEFAULT)?,
            due_gloas: answer.due("_GLOAS", DueTimes::DEFAULT_GLOAS)?,
        })
    }
}

fn check_genesis(forks: &[ScheduledFork], genesis: &Genesis) -> Result<(), SpecError> {
    match forks.first() {
        Some(first) if first.version != genesis.genesis_fork_version => {
            Err(SpecError::GenesisMismatch { spec: first.version, genesis: genesis.genesis_fork_version })
        }
        _ => Ok(()),
    }
}

fn check_order(forks: &[ScheduledFork]) -> Result<(), SpecError> {
    for (before, fork) in forks.iter().zip(forks.iter().skip(1)) {
        if fork.epoch < before.epoch {
            return Err(SpecError::ForksOutOfOrder { fork: fork.fork, before: before.fork });
        }
    }
    Ok(())
}

/// The newest fork whose keys every usable beacon node knows.
const NEWEST_REQUIRED: Fork = Fork::Electra;

struct Answer<'a>(&'a BTreeMap<String, Value>);

impl Answer<'_> {
    fn slot_duration_ms(&self) -> Result<u64, SpecError> {
        if self.0.contains_key("SLOT_DURATION_MS") {
            return self.positive("SLOT_DURATION_MS");
        }
        let seconds = self.positive("SECONDS_PER_SLOT")?;
        seconds.checked_mul(1000).ok_or_else(|| malformed("SECONDS_PER_SLOT", seconds, "seconds"))
    }

    fn forks(&self) -> Result<Vec<ScheduledFork>, SpecError> {
        let known = |fork: &Fork| *fork <= NEWEST_REQUIRED || self.0.contains_key(&version_key(*fork));
        Fork::ALL.into_iter().filter(known).map(|fork| self.fork(fork)).collect()
    }

    fn fork(&self, fork: Fork) -> Result<ScheduledFork, SpecError> {
        let epoch = match fork {
            Fork::Phase0 => Epoch(0),
            later if later > NEWEST_REQUIRED && !self.0.contains_key(&epoch_key(later)) => FAR_FUTURE_EPOCH,
            later => self.parse(&epoch_key(later), "an epoch")?,
        };
        let version: Version = self.parse(&version_key(fork), "a fork version, 0x and 8 hex digits")?;
        Ok(ScheduledFork { epoch, version, fork })
    }

    /// The first scheduled fork of a name that is none of ours.
    fn newer_fork(&self) -> Result<Option<NewerFork>, SpecError> {
        let mut first: Option<NewerFork> = None;
        for key in self.0.keys() {
            let Some(name) = key.strip_suffix("_FORK_EPOCH").map(str::to_lowercase) else { continue };
            if name.parse::<Fork>().is_ok() {
                continue;
            }
            let epoch: Epoch = self.parse(key, "an epoch")?;
            if epoch < first.as_ref().map_or(FAR_FUTURE_EPOCH, |first| first.epoch) {
                first = Some(NewerFork { epoch, name });
            }
        }
        Ok(first)
    }

    fn due(&self, suffix: &str, default: DueTimes) -> Result<DueTimes, SpecError> {
        let read = |name: &str, default: u64| self.basis_points(&format!("{name}_DUE_BPS{suffix}"), default);
        Ok(DueTimes {
            attestation_bps: read("ATTESTATION", default.attestation_bps)?,
            aggregate_bps: read("AGGREGATE", default.aggregate_bps)?,
            sync_message_bps: read("SYNC_MESSAGE", default.sync_message_bps)?,
            contribution_bps: read("CONTRIBUTION", default.contribution_bps)?,
        })
    }

    fn basis_points(&self, key: &str, default: u64) -> Result<u64, SpecError> {
        if !self.0.contains_key(key) {
            return Ok(default);
        }
        match self.parse(key, "basis points, 1 to 10000")? {
            points @ 1..=BASIS_POINTS => Ok(points),
            other => Err(malformed(key, other, "basis points, 1 to 10000")),
        }
    }

    /// Limits of lists decide hash tree roots, so a preset of the right name with other sizes is refused.
    fn check_sizes(&self, preset: Preset) -> Result<(), SpecError> {
        let sizes = [
            ("SYNC_COMMITTEE_SIZE", preset.sync_committee_size()),
            ("MAX_COMMITTEES_PER_SLOT", preset.committees_per_slot()),
            ("MAX_VALIDATORS_PER_COMMITTEE", preset.validators_per_committee()),
            ("MAX_WITHDRAWALS_PER_PAYLOAD", preset.withdrawals_per_payload()),
        ];
        for (key, ours) in sizes {
            let theirs = if self.0.contains_key(key) { self.parse(key, "a number")? } else { ours };
            if theirs != ours {
                return Err(SpecError::PresetMismatch { key, preset, ours, theirs });
            }
        }
        Ok(())
    }

    fn positive(&self, key: &str) -> Result<u64, SpecError> {
        match self.parse(key, "a number above zero")? {
            0 => Err(malformed(key, 0, "a number above zero")),
            value => Ok(value),
        }
    }

    fn parse<T: FromStr>(&self, key: &str, expected: &'static str) -> Result<T, SpecError> {
        let value = self.value(key)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map_err(|_| malformed(key, text, expected))
    }

    fn text(&self, key: &str) -> Result<&str, SpecError> {
        let value = self.value(key)?;
        value.as_str().ok_or_else(|| malformed(key, value, "a string"))
    }

    fn value(&self, key: &str) -> Result<&Value, SpecError> {
        self.0.get(key).ok_or_else(|| SpecError::Missing { key: key.to_owned() })
    }
}

pub(super) fn version_key(fork: Fork) -> String {
    match fork {
        Fork::Phase0 => "GENESIS_FORK_VERSION".to_owned(),
        later => format!("{}_FORK_VERSION", later.name().to_uppercase()),
    }
}

pub(super) fn epoch_key(fork: Fork) -> String {
    format!("{}_FORK_EPOCH", fork.name().to_uppercase())
}

fn malformed(key: &str, value: impl ToString, expected: &'static str) -> SpecError {
    let value = value.to_string().chars().take(80).collect();
    SpecError::Malformed { key: key.to_owned(), value, expected }
}
