//! Who does what when, as clients are told.

use eth::{AttesterDuty, Epoch, ProposerDuty, Root, Slot, SyncDuty, ValidatorIndex};

use super::super::constants::{CLOCK_DISPARITY_NS, EPOCHS_KEPT};
use super::super::rejection::Rejection;
use super::World;

impl World {
    /// Whose duty it is to attest in a slot.
    pub(crate) fn attesters(&self, slot: Slot) -> Vec<ValidatorIndex> {
        let committees = self.committees(slot);
        committees.indices().flat_map(|committee| committees.members(slot, committee).to_vec()).collect()
    }

    /// The attester duties of these validators; unknown ones and those who have exited have none.
    pub(crate) fn attester_duties(
        &self,
        now_ns: i64,
        epoch: Epoch,
        validators: &[ValidatorIndex],
    ) -> Result<Vec<AttesterDuty>, Rejection> {
        self.check_duty_epoch(now_ns, epoch)?;
        let committees = self.schedule.committees(epoch);
        let duty = |index: &ValidatorIndex| {
            let place = committees.place(*index)?;
            Some(AttesterDuty {
                pubkey: self.pubkey(*index)?,
                slot: place.slot,
                validator_index: *index,
                committee_index: place.committee,
                committee_length: place.committee_length,
                committees_at_slot: committees.per_slot(),
                validator_committee_index: place.position,
            })
        };
        Ok(validators.iter().filter_map(duty).collect())
    }

    /// Who proposes in the slots of an epoch.
    pub(crate) fn proposer_duties(&self, now_ns: i64, epoch: Epoch) -> Result<Vec<ProposerDuty>, Rejection> {
        self.check_duty_epoch(now_ns, epoch)?;
        let first = self.spec.first_slot(epoch).0;
        let duty = |slot| {
            let validator_index = self.schedule.proposer(slot);
            Some(ProposerDuty { pubkey: self.pubkey(validator_index)?, validator_index, slot })
        };
        Ok((first..first + self.spec.slots_per_epoch).map(Slot).filter_map(duty).collect())
    }

    /// The seats of these validators in the sync committee that serves in an epoch of this period or the next; who has
    /// none is left out.
    pub(crate) fn sync_duties(
        &self,
        now_ns: i64,
        epoch: Epoch,
        validators: &[ValidatorIndex],
    ) -> Result<Vec<SyncDuty>, Rejection> {
        let now = self.epoch_at(now_ns.saturating_add(CLOCK_DISPARITY_NS));
        let period = self.spec.epochs_per_sync_committee_period;
        let last = Epoch((now.0 / period + 2) * period - 1);
        check_between(Epoch(now.0.saturating_sub(EPOCHS_KEPT)), epoch, last)?;
        let committee = self.schedule.sync_committee(epoch);
        let duty = |index: &ValidatorIndex| {
            let validator_sync_committee_indices = committee.seats_of(*index);
            let pubkey = self.pubkey(*index).filter(|_| !validator_sync_committee_indices.is_empty())?;
            Some(SyncDuty { pubkey, validator_index: *index, validator_sync_committee_indices })
        };
        Ok(validators.iter().filter_map(duty).collect())
    }

    /// Attester duties of an epoch are fixed before the one before it starts.
    pub(crate) fn attester_dependent_root(&self, epoch: Epoch) -> Root {
        self.tree.dependent_root(epoch.0.checked_sub(1).map(Epoch))
    }

    /// Proposer duties are, from Fulu on, fixed as early as attester duties (EIP-7917); the first version of the
    /// endpoint still answers with the epoch's own start.
    pub(crate) fn proposer_dependent_root(&self, epoch: Epoch) -> Root {
        self.tree.dependent_root(Some(epoch))
    }

    /// Which validators did anything in an epoch that has begun.
    pub(crate) fn liveness(
        &self,
        now_ns: i64,
        epoch: Epoch,
        validators: &[ValidatorIndex],
    ) -> Result<Vec<bool>, Rejection> {
        let now = self.epoch_at(now_ns);
        check_between(Epoch(now.0.saturating_sub(EPOCHS_KEPT)), epoch, now)?;
        let first = self.spec.first_slot(epoch).0;
        let live = |validator: &ValidatorIndex| {
            self.key(*validator)?;
            Ok(self.truth.is_live(*validator, first..first + self.spec.slots_per_epoch))
        };
        validators.iter().map(live).collect()
    }

    pub(crate) fn check_duty_epoch(&self, now_ns: i64, epoch: Epoch) -> Result<(), Rejection> {
        let now = self.epoch_at(now_ns.saturating_add(CLOCK_DISPARITY_NS));
        check_between(Epoch(now.0.saturating_sub(EPOCHS_KEPT)), epoch, Epoch(now.0 + 1))
    }
}

fn check_between(first: Epoch, epoch: Epoch, last: Epoch) -> Result<(), Rejection> {
    let known = first <= epoch && epoch <= last;
    if known { Ok(()) } else { Err(Rejection::EpochOutOfRange { first, last }) }
}
