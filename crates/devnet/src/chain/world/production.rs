//! Making blocks.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use eth::{
    DomainType, Epoch, Graffiti, Proposal, SignatureBytes, Slot, ValidatorIndex, epoch_root, signing_root,
};

use super::super::constants::UNPREPARED_FEE_RECIPIENT;
use super::super::finality::Finality;
use super::super::forge::{self, AGGREGATES, Aggregate, Plan};
use super::super::rejection::Rejection;
use super::super::tree::Block;
use super::{SignatureClaim, World};

/// What has to be verified before a block is made.
pub(crate) struct RandaoClaim {
    pub(crate) proposer: ValidatorIndex,
    pub(crate) claim: SignatureClaim,
}

impl World {
    /// What the RANDAO reveal for a block of that slot, which must be now, is claimed to be.
    pub(crate) fn randao_claim(&self, now_ns: i64, slot: Slot) -> Result<RandaoClaim, Rejection> {
        self.check_begun(now_ns, slot)?;
        if slot < self.slot_at(now_ns) || slot == Slot(0) {
            return Err(Rejection::TooLate(slot));
        }
        let proposer = self.schedule.proposer(slot);
        let epoch = self.spec.epoch_of(slot);
        let root = signing_root(epoch_root(epoch), self.spec.domain(DomainType::Randao, epoch));
        Ok(RandaoClaim { proposer, claim: SignatureClaim { key: self.key(proposer)?, root } })
    }

    /// A block on the head, with a RANDAO reveal that is right and every attestation that waits.
    pub(crate) fn produce(
        &self,
        slot: Slot,
        randao_reveal: SignatureBytes,
        graffiti: Graffiti,
    ) -> Result<Proposal, Rejection> {
        let before = Slot(slot.0.saturating_sub(1));
        let parent = self.tree.ancestor(&self.tree.head().root, before).ok_or(Rejection::TooLate(slot))?;
        let proposer_index = self.schedule.proposer(slot);
        let fee_recipient = self.fee_recipients.get(&proposer_index).copied();
        let plan = Plan {
            slot,
            proposer_index,
            parent_root: parent.root,
            parent_state_root: parent.header.state_root,
            randao_reveal,
            graffiti,
            aggregates: self.waiting(slot, parent, &self.finality_after(parent, slot)?),
            payload: self.payload_after(parent, slot, fee_recipient.unwrap_or(UNPREPARED_FEE_RECIPIENT)),
        };
        Ok(forge::assemble(self.spec.preset, &plan))
    }

    /// Attestations that no block of the branch has included, those with the most voters first.
    fn waiting(&self, slot: Slot, parent: &Block, finality: &Finality) -> Vec<Aggregate> {
        let previous_epoch = Epoch(self.spec.epoch_of(slot).0.saturating_sub(1));
        let branch = self.tree.branch(&parent.root, previous_epoch);
        let included: BTreeSet<_> = branch.flat_map(|block| block.included.iter().copied()).collect();
        let mut waiting = self.pool.aggregates(
            self.spec.first_slot(previous_epoch)..slot,
            |slot| self.committees(slot),
            |data, voter| !included.contains(&(data.slot, voter)),
        );
        waiting.retain(|aggregate| self.may_include(slot, aggregate, finality));
        waiting.sort_by_key(|aggregate| Reverse(aggregate.bits.iter().filter(|bit| **bit).count()));
        waiting.truncate(AGGREGATES);
        waiting
    }
}
