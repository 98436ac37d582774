//! Adding a block that was found right, and what changes with it.

use eth::{Epoch, Root, SignedProposal};

use super::super::constants::{BODIES_KEPT, EPOCHS_KEPT};
use super::super::event::{Event, Reorganization};
use super::super::tree::Block;
use super::super::truth::Proposed;
use super::World;
use super::blocks::Arrival;

impl World {
    pub(super) fn append(&mut self, arrival: &Arrival<'_>, block: Block) -> Vec<Event> {
        let (root, slot) = (block.root, block.header.slot);
        self.note_proposal(arrival, &block);
        let old_head = self.tree.head().clone();
        let leads = self.tree.insert(block);
        self.leave(root, slot, &arrival.content.exits);
        let mut events = vec![Event::Block { slot, block: root }];
        if leads {
            events.extend(self.reorganize(&old_head));
            events.push(self.head_event());
            let head = self.tree.head();
            if head.finality.finalized != old_head.finality.finalized {
                let (checkpoint, state) = (head.finality.finalized, head.header.state_root);
                events.push(Event::Finalized { checkpoint, state });
            }
        }
        self.forget_old();
        events
    }

    /// Keeps a block's body; without its blobs, which are many bytes.
    pub(crate) fn keep_body(&mut self, body: SignedProposal) {
        self.bodies.push_back(body);
        if self.bodies.len() > BODIES_KEPT {
            self.bodies.pop_front();
        }
    }

    fn note_proposal(&mut self, arrival: &Arrival<'_>, block: &Block) {
        let slot = block.header.slot;
        let proposed = Proposed {
            arrived_ns: arrival.at_ns - self.spec.slot_start_ns(slot),
            root: block.root,
            proposer: block.header.proposer_index,
            fee_recipient: arrival.content.payload.fee_recipient,
            blinded: arrival.blinded,
            blobs: arrival.content.blobs,
        };
        self.truth.proposals.entry(slot).or_insert(proposed);
    }

    /// What the new head leaves behind, if anything. Where that is what the scenario asked for, the duties that depended
    /// on it are dealt anew.
    fn reorganize(&mut self, old_head: &Block) -> Option<Event> {
        let head = self.tree.head();
        let (slot, new_head, new_state) = (head.header.slot, head.root, head.header.state_root);
        if self.tree.is_on_branch(&old_head.root, &new_head) {
            return None;
        }
        let epoch = self.spec.epoch_of(slot);
        let fork = self.tree.last_in_common(&old_head.root, &new_head);
        if self.scenario.reorg.is_some_and(|reorg| reorg.at <= slot && old_head.header.slot < reorg.at) {
            let depends_on = |tip: &Root| self.tree.dependent_root_on(tip, Some(epoch));
            if depends_on(&old_head.root) != depends_on(&new_head) {
                self.schedule.deal_anew(Epoch(epoch.0 + 1));
            }
        }
        Some(Event::Reorg(Reorganization {
            slot,
            epoch,
            depth: old_head.header.slot.0 - fork.0,
            old_head: old_head.root,
            new_head,
            old_state: old_head.header.state_root,
            new_state,
        }))
    }

    fn head_event(&self) -> Event {
        let head = self.tree.head();
        let epoch = self.spec.epoch_of(head.header.slot);
        let parent = self.tree.block(&head.header.parent_root);
        Event::Head {
            slot: head.header.slot,
            block: head.root,
            state: head.header.state_root,
            epoch_transition: parent.is_some_and(|parent| self.spec.epoch_of(parent.header.slot) < epoch),
            previous_duty_dependent_root: self.tree.dependent_root(epoch.0.checked_sub(1).map(Epoch)),
            current_duty_dependent_root: self.tree.dependent_root(Some(epoch)),
        }
    }

    fn forget_old(&mut self) {
        let epoch = self.spec.epoch_of(self.tree.head().header.slot);
        let last = |ago: u64| Epoch(epoch.0.saturating_sub(ago));
        let (unincludable, ancient) = (self.spec.first_slot(last(1)), last(EPOCHS_KEPT));
        self.pool.forget_before(unincludable);
        self.aggregate_pool.forget_before(unincludable);
        self.sync_pool.forget_before(unincludable);
        self.known.forget_before(unincludable);
        self.built.retain(|_, proposal| proposal.slot() >= unincludable);
        self.truth.forget_before(self.spec.first_slot(ancient), ancient);
    }
}
