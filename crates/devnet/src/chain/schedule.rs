//! Who attests and who proposes when: fixed by the chain's seed, known to everybody in advance.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use eth::{CommitteeIndex, Epoch, Preset, Slot, ValidatorIndex};
use sha2::{Digest, Sha256};

/// Epochs whose committees are kept ready.
const COMMITTEES_CACHED: usize = 8;

/// The duties of a chain. Every validator attests once in an epoch, by a permutation of its own for each.
#[derive(Debug)]
pub(crate) struct Schedule {
    seed: [u8; 32],
    validators: u64,
    slots_per_epoch: u64,
    committees_per_slot: u64,
    cache: Mutex<BTreeMap<Epoch, Arc<Committees>>>,
}

/// The committees of an epoch.
#[derive(Debug)]
pub(crate) struct Committees {
    first_slot: u64,
    committees_per_slot: u64,
    /// The validators in order; each committee is a stretch of them.
    order: Vec<ValidatorIndex>,
    /// Committee number in the epoch and position in it, by validator.
    places: Vec<(u64, u64)>,
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

impl Schedule {
    pub(crate) fn new(preset: Preset, slots_per_epoch: u64, validators: u64, seed: [u8; 32]) -> Schedule {
        Schedule {
            seed,
            validators,
            slots_per_epoch,
            committees_per_slot: committees_per_slot(preset, slots_per_epoch, validators),
            cache: Mutex::default(),
        }
    }

    pub(crate) fn committees_per_slot(&self) -> u64 {
        self.committees_per_slot
    }

    pub(crate) fn committees(&self, epoch: Epoch) -> Arc<Committees> {
        let mut cache = self.cache.lock().expect("nothing panics while holding the cache");
        let committees = cache.entry(epoch).or_insert_with(|| Arc::new(self.shuffle(epoch))).clone();
        while cache.len() > COMMITTEES_CACHED {
            cache.pop_first();
        }
        committees
    }

    pub(crate) fn proposer(&self, slot: Slot) -> ValidatorIndex {
        ValidatorIndex(self.words(b"proposer", slot.0).next().unwrap_or(0) % self.validators)
    }

    /// Fisher and Yates' shuffle.
    fn shuffle(&self, epoch: Epoch) -> Committees {
        let mut order: Vec<ValidatorIndex> = (0..self.validators).map(ValidatorIndex).collect();
        let mut words = self.words(b"attesters", epoch.0);
        for position in (1..order.len()).rev() {
            let other = words.next().unwrap_or(0) % (position as u64 + 1);
            order.swap(position, other as usize);
        }
        let first_slot = epoch.0.saturating_mul(self.slots_per_epoch);
        Committees::new(first_slot, self.slots_per_epoch, self.committees_per_slot, order)
    }

    /// An endless stream of numbers for a purpose.
    fn words(&self, purpose: &'static [u8], number: u64) -> impl Iterator<Item = u64> + use<> {
        let seed = self.seed;
        (0_u64..).flat_map(move |counter| {
            let mut hash = Sha256::new();
            hash.update(seed);
            hash.update(purpose);
            hash.update(number.to_le_bytes());
            hash.update(counter.to_le_bytes());
            let block: [u8; 32] = hash.finalize().into();
            let word = move |at: usize| {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&block[8 * at..8 * at + 8]);
                u64::from_le_bytes(bytes)
            };
            (0..4).map(word)
        })
    }
}

impl Committees {
    fn new(first_slot: u64, slots: u64, committees_per_slot: u64, order: Vec<ValidatorIndex>) -> Committees {
        let committees = slots * committees_per_slot;
        let mut made = Committees {
            first_slot,
            committees_per_slot,
            places: vec![(0, 0); order.len()],
            order,
            committees,
        };
        for committee in 0..committees {
            for (position, validator) in made.stretch(committee).to_vec().into_iter().enumerate() {
                made.places[validator.0 as usize] = (committee, position as u64);
            }
        }
        made
    }

    /// A committee's members; empty for committees there are none of.
    pub(crate) fn members(&self, slot: Slot, committee: CommitteeIndex) -> &[ValidatorIndex] {
        let slot_in_epoch = slot.0.checked_sub(self.first_slot);
        let number = slot_in_epoch
            .filter(|_| committee.0 < self.committees_per_slot)
            .map(|slot| slot * self.committees_per_slot + committee.0);
        number.filter(|number| *number < self.committees).map_or(&[], |number| self.stretch(number))
    }

    /// Where a validator attests, if there is such a validator.
    pub(crate) fn place(&self, validator: ValidatorIndex) -> Option<Place> {
        let (committee, position) = *self.places.get(usize::try_from(validator.0).ok()?)?;
        Some(Place {
            slot: Slot(self.first_slot + committee / self.committees_per_slot),
            committee: CommitteeIndex(committee % self.committees_per_slot),
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
fn committees_per_slot(preset: Preset, slots_per_epoch: u64, validators: u64) -> u64 {
    let target_committee_size = match preset {
        Preset::Mainnet => 128,
        Preset::Minimal => 4,
    };
    (validators / slots_per_epoch / target_committee_size).clamp(1, preset.committees_per_slot())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_validator_attests_once_in_an_epoch() {
        for (preset, slots, validators) in
            [(Preset::Minimal, 8, 100), (Preset::Minimal, 8, 3), (Preset::Mainnet, 32, 9000)]
        {
            let schedule = Schedule::new(preset, slots, validators, [7; 32]);
            for epoch in [Epoch(0), Epoch(5)] {
                let committees = schedule.committees(epoch);
                let mut seen = vec![0; validators as usize];
                for slot in epoch.0 * slots..(epoch.0 + 1) * slots {
                    for committee in (0..schedule.committees_per_slot()).map(CommitteeIndex) {
                        let members = committees.members(Slot(slot), committee);
                        for (position, member) in members.iter().enumerate() {
                            seen[member.0 as usize] += 1;
                            let place = committees.place(*member).expect("a member has a place");
                            assert_eq!((place.slot, place.committee), (Slot(slot), committee));
                            assert_eq!(
                                (place.position, place.committee_length),
                                (position as u64, members.len() as u64)
                            );
                        }
                    }
                }
                assert!(seen.iter().all(|times| *times == 1));
            }
        }
    }

    #[test]
    fn epochs_are_shuffled_differently_and_always_the_same() {
        let order =
            |epoch| Schedule::new(Preset::Minimal, 8, 64, [7; 32]).committees(Epoch(epoch)).order.clone();
        assert_eq!(order(3), order(3));
        assert_ne!(order(3), order(4));
    }

    #[test]
    fn committees_grow_in_number_with_the_validators() {
        assert_eq!(committees_per_slot(Preset::Minimal, 8, 32), 1);
        assert_eq!(committees_per_slot(Preset::Minimal, 8, 64), 2);
        assert_eq!(committees_per_slot(Preset::Minimal, 8, 100_000), 4);
        assert_eq!(committees_per_slot(Preset::Mainnet, 32, 10), 1);
    }
}
