//! Making blocks.

mod packing;

use eth::{
    Address, DomainType, Graffiti, Proposal, SignatureBytes, SignedProposal, Slot, ValidatorIndex,
    epoch_root, signing_root,
};

use super::super::constants::UNPREPARED_FEE_RECIPIENT;
use super::super::forge::Plan;
use super::super::rejection::Rejection;
use super::super::tree::Block;
use super::World;
use super::statement::Claim;

/// What a client asks for when it asks for a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) slot: Slot,
    pub(crate) randao_reveal: SignatureBytes,
    pub(crate) graffiti: Graffiti,
    /// How much a builder's block is worth to the client, percent; with 0 it does not want one.
    pub(crate) builder_boost_factor: u64,
}

impl World {
    /// What the RANDAO reveal for a block of that slot, which must be now, is claimed to be; and who proposes.
    pub(crate) fn randao_claim(
        &self,
        now_ns: i64,
        wish: &Wish,
    ) -> Result<(ValidatorIndex, Claim), Rejection> {
        let slot = wish.slot;
        self.check_begun(now_ns, slot)?;
        if slot < self.slot_at(now_ns) || slot == Slot(0) {
            return Err(Rejection::TooLate(slot));
        }
        let proposer = self.schedule.proposer(slot);
        let epoch = self.spec.epoch_of(slot);
        let root = signing_root(epoch_root(epoch), self.spec.domain(DomainType::Randao, epoch));
        Ok((proposer, Claim { keys: vec![self.key(proposer)?], root, signature: wish.randao_reveal }))
    }

    /// A block on the head, with a RANDAO reveal that is right and all that waits.
    pub(crate) fn plan(&self, wish: &Wish) -> Result<Plan, Rejection> {
        let Wish { slot, randao_reveal, graffiti, .. } = *wish;
        let parent = self.parent_for(slot).ok_or(Rejection::TooLate(slot))?;
        let proposer_index = self.schedule.proposer(slot);
        let built_for = self.built_for(proposer_index, wish);
        let prepared = || self.prepared(proposer_index, slot).unwrap_or(UNPREPARED_FEE_RECIPIENT);
        Ok(Plan {
            slot,
            proposer_index,
            parent_root: parent.root,
            parent_state_root: parent.header.state_root,
            randao_reveal,
            graffiti,
            aggregates: self.waiting_votes(slot, parent, &self.finality_after(parent, slot)?),
            exits: self.waiting_exits(&parent.root),
            sync: self.waiting_sync(slot, parent),
            payload: self.payload_after(parent, slot, built_for.unwrap_or_else(prepared)),
            by_builder: built_for.is_some(),
            blobs: self.scenario.blobs,
        })
    }

    /// The builder keeps a block whose header it shows.
    pub(crate) fn keep_built(&mut self, proposal: Proposal) {
        self.built.insert(proposal.block_root(), proposal);
    }

    /// The full block of a signed blinded one.
    pub(crate) fn unblind(&self, signed: &SignedProposal) -> Result<SignedProposal, Rejection> {
        let root = signed.block_root();
        let built = self.built.get(&root).ok_or(Rejection::UnknownPayload(root))?;
        Ok(built.clone().sign(signed.signature()))
    }

    /// Where the builder sends the fees, if it makes the block.
    fn built_for(&self, proposer: ValidatorIndex, wish: &Wish) -> Option<Address> {
        let registration = self.registrations.get(&proposer);
        let wanted = self.scenario.builder && wish.builder_boost_factor > 0;
        registration.filter(|_| wanted).map(|registration| registration.message.fee_recipient)
    }

    /// The head, or an earlier block where the scenario wants the rest left behind.
    fn parent_for(&self, slot: Slot) -> Option<&Block> {
        let head = self.tree.head();
        let due = self.scenario.reorg.filter(|reorg| reorg.at <= slot && head.header.slot < reorg.at);
        let last = match due {
            Some(reorg) => reorg.at.0 - 1 - reorg.depth,
            None => slot.0.saturating_sub(1),
        };
        self.tree.ancestor(&head.root, Slot(last))
    }
}
