//! Answering `/eth/v1/config/spec`.

use std::collections::BTreeMap;

use super::constants::CONSTANTS;
use super::from_api::{epoch_key, version_key};
use super::{DueTimes, Spec};
use crate::{DomainType, Fork};

impl Spec {
    /// What a beacon node of this chain answers to `/eth/v1/config/spec` (the `data`). Read back by
    /// [`Spec::from_api`] it gives the same configuration. Besides our own values it holds the preset's constants,
    /// which validator clients compare with theirs. `BLOB_SCHEDULE`, the one value that is no string, is left out.
    pub fn to_api(&self) -> BTreeMap<String, String> {
        let mut answer = Answer(BTreeMap::new());
        for (key, mainnet, minimal) in CONSTANTS {
            answer.set(key, self.preset.choose(mainnet, minimal));
        }
        answer.set("PRESET_BASE", self.preset);
        answer.set("CONFIG_NAME", &self.config_name);
        answer.set("SLOTS_PER_EPOCH", self.slots_per_epoch);
        answer.set("EPOCHS_PER_SYNC_COMMITTEE_PERIOD", self.epochs_per_sync_committee_period);
        answer.set("SYNC_COMMITTEE_SIZE", self.preset.sync_committee_size());
        answer.set("MAX_COMMITTEES_PER_SLOT", self.preset.committees_per_slot());
        answer.set("MAX_VALIDATORS_PER_COMMITTEE", self.preset.validators_per_committee());
        answer.set("MAX_WITHDRAWALS_PER_PAYLOAD", self.preset.withdrawals_per_payload());
        answer.set("SLOT_DURATION_MS", self.slot_duration_ms);
        if self.slot_duration_ms.is_multiple_of(1000) {
            answer.set("SECONDS_PER_SLOT", self.slot_duration_ms / 1000);
        }
        answer.set_forks(self);
        answer.set_due("", &self.due);
        answer.set_due("_GLOAS", &self.due_gloas);
        answer.set_domains();
        answer.0
    }
}

struct Answer(BTreeMap<String, String>);

impl Answer {
    fn set(&mut self, key: &str, value: impl ToString) {
        self.0.insert(key.to_owned(), value.to_string());
    }

    fn set_forks(&mut self, spec: &Spec) {
        for scheduled in &spec.forks {
            self.set(&version_key(scheduled.fork), scheduled.version);
            if scheduled.fork != Fork::Phase0 {
                self.set(&epoch_key(scheduled.fork), scheduled.epoch);
            }
        }
        if let Some(newer) = &spec.newer_fork {
            self.set(&format!("{}_FORK_EPOCH", newer.name.to_uppercase()), newer.epoch);
        }
    }

    fn set_due(&mut self, suffix: &str, due: &DueTimes) {
        self.set(&format!("ATTESTATION_DUE_BPS{suffix}"), due.attestation_bps);
        self.set(&format!("AGGREGATE_DUE_BPS{suffix}"), due.aggregate_bps);
        self.set(&format!("SYNC_MESSAGE_DUE_BPS{suffix}"), due.sync_message_bps);
        self.set(&format!("CONTRIBUTION_DUE_BPS{suffix}"), due.contribution_bps);
    }

    fn set_domains(&mut self) {
        for purpose in DomainType::ALL {
            if let Some(key) = purpose.spec_key() {
                self.set(key, const_hex::encode_prefixed(purpose.bytes()));
            }
        }
    }
}
