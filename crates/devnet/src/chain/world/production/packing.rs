//! What goes into a block.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use eth::{Epoch, Slot, ValidatorIndex};

use super::super::super::finality::Finality;
use super::super::super::forge::{AGGREGATES, Aggregate, SyncSignature};
use super::super::super::tree::Block;
use super::super::World;

impl World {
    /// Votes that no block of the branch has included: first those that aggregators handed in, then, unless the scenario
    /// leaves them out, those that came singly; of each kind those with the most voters first.
    pub(super) fn waiting_votes(&self, slot: Slot, parent: &Block, finality: &Finality) -> Vec<Aggregate> {
        let previous_epoch = Epoch(self.spec.epoch_of(slot).0.saturating_sub(1));
        let branch = self.tree.branch(&parent.root, previous_epoch);
        let mut included: BTreeSet<_> = branch.flat_map(|block| block.included.iter().copied()).collect();
        let slots = self.spec.first_slot(previous_epoch)..slot;
        let handed_in = self.aggregate_pool.joined(
            slots.clone(),
            |slot| self.committees(slot),
            |data, voter| !included.contains(&(data.slot, voter)),
        );
        let mut waiting = self.fullest(handed_in, slot, finality);
        if !self.scenario.only_aggregates {
            included.extend(waiting.iter().flat_map(|aggregate| self.votes(aggregate)));
            let single = self.pool.aggregates(
                slots,
                |slot| self.committees(slot),
                |data, voter| !included.contains(&(data.slot, voter)),
            );
            waiting.extend(self.fullest(single, slot, finality));
        }
        waiting.truncate(AGGREGATES);
        waiting
    }

    /// What the sync committee signed in the slot before, for the parent.
    pub(super) fn waiting_sync(&self, slot: Slot, parent: &Block) -> SyncSignature {
        let committee = self.schedule.sync_committee(self.spec.epoch_of(slot));
        let before = Slot(slot.0.saturating_sub(1));
        self.sync_pool.aggregate(before, parent.root, &committee, self.scenario.only_aggregates)
    }

    fn fullest(&self, mut aggregates: Vec<Aggregate>, slot: Slot, finality: &Finality) -> Vec<Aggregate> {
        aggregates.retain(|aggregate| self.may_include(slot, aggregate, finality));
        aggregates.sort_by_key(|aggregate| Reverse(aggregate.bits.iter().filter(|bit| **bit).count()));
        aggregates.truncate(AGGREGATES);
        aggregates
    }

    fn votes(&self, aggregate: &Aggregate) -> Vec<(Slot, ValidatorIndex)> {
        let voters = self.voters(aggregate).unwrap_or_default();
        voters.into_iter().map(|voter| (aggregate.data.slot, voter)).collect()
    }
}
