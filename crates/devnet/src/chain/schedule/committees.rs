//! The attestation committees of an epoch.

use eth::{CommitteeIndex, Preset, Slot, ValidatorIndex};

/// The committees of an epoch.
#[derive(Debug)]
pub(crate) struct Committees {
    first_slot: u64,
    per_slot: u64,
    /// The validators in order; each committee is a stretch of them.
    pub(super) order: Vec<ValidatorIndex>,
    /// Committee number in the epoch and position in it, by validator; none for those who have exited.
    places: Vec<Option<(u64, u64)>>,
    committees: u64,
}

/// A validator's place in a committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) slot: Slot,
    pub(crate) committee: CommitteeIndex,
    pub(crate) position: u64,
    pub(crate) committee_length: u64,
}

impl Committees {
    /// Deals validators, already shuffled, to the slots from `first_slot` on.
    pub(super) fn new(
        preset: Preset,
        first_slot: u64,
        slots: u64,
        order: Vec<ValidatorIndex>,
        registry: u64,
    ) -> Committees {
        let per_slot = committees_per_slot(preset, slots, order.len() as u64);
        let committees = slots * per_slot;
        let places = vec![None; registry as usize];
        let mut made = Committees { first_slot, per_slot, order, places, committees };
        for committee in 0..committees {
            for (position, validator) in made.stretch(committee).to_vec().into_iter().enumerate() {
                made.places[validator.0 as usize] = Some((committee, position as u64));
            }
        }
        made
    }

    /// Committees in each slot.
    pub(crate) fn per_slot(&self) -> u64 {
        self.per_slot
    }

    /// The committees of a slot.
    pub(crate) fn indices(&self) -> impl Iterator<Item = CommitteeIndex> + use<> {
        (0..self.per_slot).map(CommitteeIndex)
    }

    /// A committee's members; empty for committees there are none of.
    pub(crate) fn members(&self, slot: Slot, committee: CommitteeIndex) -> &[ValidatorIndex] {
        let slot_in_epoch = slot.0.checked_sub(self.first_slot);
        let number = slot_in_epoch
            .filter(|_| committee.0 < self.per_slot)
            .map(|slot| slot * self.per_slot + committee.0);
        number.filter(|number| *number < self.committees).map_or(&[], |number| self.stretch(number))
    }

    /// Where a validator attests, if there is such a validator and it has not exited.
    pub(crate) fn place(&self, validator: ValidatorIndex) -> Option<Place> {
        let (committee, position) = (*self.places.get(usize::try_from(validator.0).ok()?)?)?;
        Some(Place {
            slot: Slot(self.first_slot + committee / self.per_slot),
            committee: CommitteeIndex(committee % self.per_slot),
            position,
            committee_length: self.stretch(committee).len() as u64,
        })
    }

    /// `compute_committee` of the consensus specification: stretches whose lengths differ by one at most.
    fn stretch(&self, committee: u64) -> &[ValidatorIndex] {
        let bound = |committee: u64| (self.order.len() as u64 * committee / self.committees) as usize;
        &self.order[bound(committee)..bound(committee + 1)]
    }
}

/// `get_committee_count_per_slot` of the consensus specification.
fn committees_per_slot(preset: Preset, slots_per_epoch: u64, active: u64) -> u64 {
    let target_committee_size = match preset {
        Preset::Mainnet => 128,
        Preset::Minimal => 4,
    };
    (active / slots_per_epoch / target_committee_size).clamp(1, preset.committees_per_slot())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committees_grow_in_number_with_the_validators() {
        assert_eq!(committees_per_slot(Preset::Minimal, 8, 32), 1);
        assert_eq!(committees_per_slot(Preset::Minimal, 8, 64), 2);
        assert_eq!(committees_per_slot(Preset::Minimal, 8, 100_000), 4);
        assert_eq!(committees_per_slot(Preset::Mainnet, 32, 10), 1);
    }
}
