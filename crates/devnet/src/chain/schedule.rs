//! Who attests, who proposes, and who sits in the sync committee when: fixed by the chain's seed, known to everybody in
//! advance.

mod committees;
mod sync_committee;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use eth::{Epoch, Slot, Spec, ValidatorIndex};
use sha2::{Digest, Sha256};

pub(crate) use committees::Committees;
pub(crate) use sync_committee::SyncCommittee;

/// Epochs whose committees are kept ready, and periods whose sync committees are.
const CACHED: usize = 8;

/// The duties of a chain. Every active validator attests once in an epoch, by a permutation of its own for each.
#[derive(Debug)]
pub(crate) struct Schedule {
    seed: [u8; 32],
    spec: Spec,
    validators: u64,
    /// The first epoch without them, of those who leave.
    exits: BTreeMap<ValidatorIndex, Epoch>,
    /// Epochs from which on duties were dealt anew.
    deals: Vec<Epoch>,
    cache: Mutex<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    committees: BTreeMap<Epoch, Arc<Committees>>,
    sync_committees: BTreeMap<u64, Arc<SyncCommittee>>,
}

impl Schedule {
    pub(crate) fn new(spec: &Spec, validators: u64, seed: [u8; 32]) -> Schedule {
        Schedule {
            seed,
            spec: spec.clone(),
            validators,
            exits: BTreeMap::new(),
            deals: Vec::new(),
            cache: Mutex::default(),
        }
    }

    /// The attestation committees of an epoch.
    pub(crate) fn committees(&self, epoch: Epoch) -> Arc<Committees> {
        let mut cache = self.cache.lock().expect("nothing panics while holding the cache");
        let committees = &mut cache.committees;
        let found = committees.entry(epoch).or_insert_with(|| Arc::new(self.shuffle(epoch))).clone();
        while committees.len() > CACHED {
            committees.pop_first();
        }
        found
    }

    /// Whose turn it is to propose in a slot.
    pub(crate) fn proposer(&self, slot: Slot) -> ValidatorIndex {
        let epoch = self.spec.epoch_of(slot);
        let word = self.words(b"proposer", slot.0, self.deal(epoch)).next().unwrap_or(0);
        self.active(epoch).at(word)
    }

    /// The sync committee that serves in an epoch. Its members were drawn from who was active a period before.
    pub(crate) fn sync_committee(&self, epoch: Epoch) -> Arc<SyncCommittee> {
        let period = epoch.0 / self.spec.epochs_per_sync_committee_period;
        let mut cache = self.cache.lock().expect("nothing panics while holding the cache");
        let committees = &mut cache.sync_committees;
        let found = committees.entry(period).or_insert_with(|| Arc::new(self.draw(period))).clone();
        while committees.len() > CACHED {
            committees.pop_first();
        }
        found
    }

    /// The sync committee that signs in a slot: what is signed in the last slot of a period is included in the first of
    /// the next, whose committee it concerns.
    pub(crate) fn sync_committee_signing(&self, slot: Slot) -> Arc<SyncCommittee> {
        self.sync_committee(self.spec.epoch_of(Slot(slot.0.saturating_add(1))))
    }

    /// Whether a validator has duties in an epoch; not for unknown ones.
    pub(crate) fn is_active(&self, validator: ValidatorIndex, epoch: Epoch) -> bool {
        validator.0 < self.validators && self.exits.get(&validator).is_none_or(|exit| epoch < *exit)
    }

    /// The first epoch without a validator, if it leaves.
    pub(crate) fn exit_epoch(&self, validator: ValidatorIndex) -> Option<Epoch> {
        self.exits.get(&validator).copied()
    }

    /// A validator leaves; `epoch` is the first without it, and nobody knows its duties yet.
    pub(crate) fn leave(&mut self, validator: ValidatorIndex, epoch: Epoch) {
        self.exits.entry(validator).or_insert(epoch);
        self.forget_from(epoch);
    }

    /// Deals the duties from an epoch on anew.
    pub(crate) fn deal_anew(&mut self, from: Epoch) {
        self.deals.push(from);
        self.forget_from(from);
    }

    fn forget_from(&mut self, epoch: Epoch) {
        let cache = self.cache.get_mut().expect("nothing panics while holding the cache");
        cache.committees.retain(|known, _| *known < epoch);
        let period = epoch.0 / self.spec.epochs_per_sync_committee_period;
        cache.sync_committees.retain(|known, _| *known <= period);
    }

    /// How often an epoch's duties were dealt anew.
    fn deal(&self, epoch: Epoch) -> u8 {
        self.deals.iter().filter(|from| **from <= epoch).count() as u8
    }

    fn active(&self, epoch: Epoch) -> Active {
        let gone = |exit: &Epoch| *exit <= epoch;
        if !self.exits.values().any(gone) {
            return Active::All(self.validators);
        }
        let all = (0..self.validators).map(ValidatorIndex);
        Active::Some(all.filter(|validator| self.is_active(*validator, epoch)).collect())
    }

    /// Fisher and Yates' shuffle.
    fn shuffle(&self, epoch: Epoch) -> Committees {
        let mut order = self.active(epoch).into_list();
        let mut words = self.words(b"attesters", epoch.0, self.deal(epoch));
        for position in (1..order.len()).rev() {
            let other = words.next().unwrap_or(0) % (position as u64 + 1);
            order.swap(position, other as usize);
        }
        let first_slot = self.spec.first_slot(epoch).0;
        Committees::new(self.spec.preset, first_slot, self.spec.slots_per_epoch, order, self.validators)
    }

    /// With replacement: with balances far below the highest, the specification's sampling comes to the same.
    fn draw(&self, period: u64) -> SyncCommittee {
        let drawn_in = period.saturating_sub(1).saturating_mul(self.spec.epochs_per_sync_committee_period);
        let active = self.active(Epoch(drawn_in));
        let words = self.words(b"sync committee", period, 0);
        let seats = words.take(self.spec.preset.sync_committee_size() as usize);
        SyncCommittee::new(seats.map(|word| active.at(word)).collect())
    }

    /// An endless stream of numbers for a purpose.
    fn words(&self, purpose: &'static [u8], number: u64, deal: u8) -> impl Iterator<Item = u64> + use<> {
        let seed = self.seed;
        (0_u64..).flat_map(move |counter| {
            let mut hash = Sha256::new();
            hash.update(seed);
            hash.update(purpose);
            hash.update([deal]);
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

/// The validators active in an epoch; never none.
enum Active {
    All(u64),
    Some(Vec<ValidatorIndex>),
}

impl Active {
    fn at(&self, word: u64) -> ValidatorIndex {
        match self {
            Active::All(count) => ValidatorIndex(word % count),
            Active::Some(validators) => validators[(word % validators.len() as u64) as usize],
        }
    }

    fn into_list(self) -> Vec<ValidatorIndex> {
        match self {
            Active::All(count) => (0..count).map(ValidatorIndex).collect(),
            Active::Some(validators) => validators,
        }
    }
}

#[cfg(test)]
mod tests;
