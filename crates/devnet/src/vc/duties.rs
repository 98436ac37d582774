//! What is to be done when, as far as it is known.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use eth::{
    AttesterDuty, BeaconCommitteeSelection, Epoch, ProposerDuty, PublicKeyBytes, Root, SignatureBytes, Slot,
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
    attesters: BTreeMap<Epoch, Attesters>,
    selections: BTreeMap<Epoch, BTreeMap<(Slot, ValidatorIndex), SignatureBytes>>,
    /// By period.
    sync: BTreeMap<u64, Vec<SyncDuty>>,
}

/// Who attests in an epoch, as long as a block stays on the chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Attesters {
    pub(super) dependent_root: Root,
    pub(super) duties: Vec<AttesterDuty>,
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

    /// Duties that depend on another block than before have no selections yet.
    pub(super) fn set_attesters(&self, epoch: Epoch, attesters: Attesters) {
        let mut known = self.known();
        if !known.depends_on(epoch, attesters.dependent_root) {
            known.selections.remove(&epoch);
        }
        keep(&mut known.attesters, epoch, attesters);
    }

    /// Who attests in an epoch, if that was fetched.
    pub(super) fn attesters(&self, epoch: Epoch) -> Option<Attesters> {
        self.known().attesters.get(&epoch).cloned()
    }

    /// Whether the attester duties of the epoch were fetched while they depended on another block.
    pub(super) fn are_outdated(&self, epoch: Epoch, dependent_root: Root) -> bool {
        let known = self.known();
        known.attesters.contains_key(&epoch) && !known.depends_on(epoch, dependent_root)
    }

    /// Whole selection proofs of an epoch, as many as the node had, for the duties that depend on a block. They come too
    /// late if the duties are others by now.
    pub(super) fn set_selections(
        &self,
        epoch: Epoch,
        dependent_root: Root,
        selections: Vec<BeaconCommitteeSelection>,
    ) {
        let proofs =
            selections.into_iter().map(|each| ((each.slot, each.validator_index), each.selection_proof));
        let mut known = self.known();
        if known.depends_on(epoch, dependent_root) {
            keep(&mut known.selections, epoch, proofs.collect());
        }
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

impl Known {
    fn depends_on(&self, epoch: Epoch, dependent_root: Root) -> bool {
        self.attesters.get(&epoch).is_some_and(|attesters| attesters.dependent_root == dependent_root)
    }
}

fn keep<K: Ord, V>(known: &mut BTreeMap<K, V>, key: K, value: V) {
    known.insert(key, value);
    while known.len() > KEPT {
        known.pop_first();
    }
}
