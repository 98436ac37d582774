//! What is to be done when, as far as it is known.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use eth::{
    AttesterDuty, BeaconCommitteeSelection, Epoch, ProposerDuty, PublicKeyBytes, SignatureBytes, Slot,
    SyncDuty, ValidatorIndex,
};

/// Epochs, and sync committee periods, whose duties are kept.
const KEPT: usize = 4;

/// The duties known so far.
#[derive(Debug, Default)]
pub(super) struct Duties {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    validators: BTreeMap<ValidatorIndex, PublicKeyBytes>,
    proposers: BTreeMap<Epoch, Vec<ProposerDuty>>,
    attesters: BTreeMap<Epoch, Vec<AttesterDuty>>,
    selections: BTreeMap<Epoch, BTreeMap<(Slot, ValidatorIndex), SignatureBytes>>,
    /// By period.
    sync: BTreeMap<u64, Vec<SyncDuty>>,
}

/// The duties of that epoch have not been fetched.
#[derive(Debug)]
pub(super) struct UnknownEpoch;

impl Duties {
    pub(super) fn set_validators(&self, validators: BTreeMap<ValidatorIndex, PublicKeyBytes>) {
        self.known().validators = validators;
    }

    /// The client's validators, and the keys it has of them.
    pub(super) fn validators(&self) -> BTreeMap<ValidatorIndex, PublicKeyBytes> {
        self.known().validators.clone()
    }

    pub(super) fn set_proposers(&self, epoch: Epoch, duties: Vec<ProposerDuty>) {
        keep(&mut self.known().proposers, epoch, duties);
    }

    /// Who proposes in a slot; none if nobody of ours, an error if the epoch is not known.
    pub(super) fn proposer(&self, epoch: Epoch, slot: Slot) -> Result<Option<ProposerDuty>, UnknownEpoch> {
        let known = self.known();
        let duties = known.proposers.get(&epoch).ok_or(UnknownEpoch)?;
        Ok(duties.iter().find(|duty| duty.slot == slot).copied())
    }

    pub(super) fn set_attesters(&self, epoch: Epoch, duties: Vec<AttesterDuty>) {
        keep(&mut self.known().attesters, epoch, duties);
    }

    /// The attester duties of an epoch, if they were fetched.
    pub(super) fn attesters(&self, epoch: Epoch) -> Option<Vec<AttesterDuty>> {
        self.known().attesters.get(&epoch).cloned()
    }

    /// Whole selection proofs of an epoch, as many as the node had.
    pub(super) fn set_selections(&self, epoch: Epoch, selections: Vec<BeaconCommitteeSelection>) {
        let proofs =
            selections.into_iter().map(|each| ((each.slot, each.validator_index), each.selection_proof));
        keep(&mut self.known().selections, epoch, proofs.collect());
    }

    /// Whether the node has answered for that epoch, however much it had.
    pub(super) fn has_selections(&self, epoch: Epoch) -> bool {
        self.known().selections.contains_key(&epoch)
    }

    /// The whole selection proof for a duty, if the node had it.
    pub(super) fn selection(&self, epoch: Epoch, duty: &AttesterDuty) -> Option<SignatureBytes> {
        self.known().selections.get(&epoch)?.get(&(duty.slot, duty.validator_index)).copied()
    }

    pub(super) fn set_sync(&self, period: u64, duties: Vec<SyncDuty>) {
        keep(&mut self.known().sync, period, duties);
    }

    /// The duties of a sync committee period, if they were fetched.
    pub(super) fn sync(&self, period: u64) -> Option<Vec<SyncDuty>> {
        self.known().sync.get(&period).cloned()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nothing panics while holding the duties")
    }
}

fn keep<K: Ord, V>(known: &mut BTreeMap<K, V>, key: K, value: V) {
    known.insert(key, value);
    while known.len() > KEPT {
        known.pop_first();
    }
}
