//! Judging voluntary exits (`process_voluntary_exit`), and what comes of them. How long a validator has been active is
//! not asked: `SHARD_COMMITTEE_PERIOD` is longer than these chains live.

use bls::Signature;
use eth::{Container, DomainType, Epoch, Root, SignedVoluntaryExit, Slot, ValidatorIndex, signing_root};

use super::super::event::Event;
use super::super::forge::EXITS;
use super::super::history::Seen;
use super::super::rejection::Rejection;
use super::super::truth::Exited;
use super::World;
use super::statement::{Claim, Statement, Taken, holding};

/// A voluntary exit, and the blocks that included it.
#[derive(Debug)]
pub(super) struct Exit {
    signed: SignedVoluntaryExit,
    blocks: Vec<Root>,
}

impl Statement for SignedVoluntaryExit {
    fn name(&self) -> String {
        format!("exit of validator {}", self.message.validator_index)
    }

    fn claims(&self, world: &World, arrived_ns: i64) -> Result<Vec<Claim>, Rejection> {
        let validator = self.message.validator_index;
        if world.exits.get(&validator).is_some_and(|known| known.signed == *self) {
            return Ok(Vec::new());
        }
        let claim = world.exit_claim(self).ok_or(Rejection::UnknownValidator(validator))?;
        if self.message.epoch > world.epoch_at(arrived_ns) {
            return Err(Rejection::ExitTooEarly(self.message.epoch));
        }
        world.check_may_leave(validator)?;
        Ok(vec![claim])
    }

    fn take(&self, world: &mut World, arrived_ns: i64, signatures: &[Option<Signature>]) -> Taken {
        let validator = self.message.validator_index;
        if world.exits.get(&validator).is_some_and(|known| known.signed == *self) {
            return Ok((Seen::Before, None));
        }
        holding(signatures, 0, Rejection::WrongSignature(validator))?;
        world.check_may_leave(validator)?;
        world.exits.insert(validator, Exit { signed: *self, blocks: Vec::new() });
        let arrived = world.slot_at(arrived_ns);
        world.truth.exits.insert(validator, Exited { arrived, included: None, exit_epoch: None });
        Ok((Seen::New, Some(Event::Exit(*self))))
    }
}

impl World {
    /// What an exit's signature is claimed to be; the domain is Capella's for good (EIP-7044).
    pub(super) fn exit_claim(&self, exit: &SignedVoluntaryExit) -> Option<Claim> {
        let key = self.key(exit.message.validator_index).ok()?;
        let domain = self.spec.domain(DomainType::VoluntaryExit, exit.message.epoch);
        let root = signing_root(exit.message.root(), domain);
        Some(Claim { keys: vec![key], root, signature: exit.signature })
    }

    fn check_may_leave(&self, validator: ValidatorIndex) -> Result<(), Rejection> {
        match () {
            () if self.exits.contains_key(&validator) => Err(Rejection::AlreadyLeaving(validator)),
            () if self.exits.len() as u64 + 1 >= self.validator_count() => {
                Err(Rejection::LastValidator(validator))
            }
            () => Ok(()),
        }
    }

    /// Exits that no block of the parent's branch has included.
    pub(super) fn waiting_exits(&self, parent: &Root) -> Vec<SignedVoluntaryExit> {
        let waiting = self.exits.iter().filter(|(validator, _)| !self.is_leaving(**validator, parent));
        waiting.map(|(_, exit)| exit.signed).take(EXITS).collect()
    }

    /// Whether a block on the branch of `tip` has included a validator's exit.
    pub(super) fn is_leaving(&self, validator: ValidatorIndex, tip: &Root) -> bool {
        let blocks = self.exits.get(&validator).map(|exit| &exit.blocks[..]).unwrap_or_default();
        blocks.iter().any(|block| self.tree.is_on_branch(block, tip))
    }

    /// A block included exits. They take effect once and for all, even if the block is left behind: its successors
    /// include them too.
    pub(super) fn leave(&mut self, block: Root, slot: Slot, exits: &[SignedVoluntaryExit]) {
        let ahead = self.scenario.exit_lookahead_epochs;
        let exit_epoch = Epoch(self.spec.epoch_of(slot).0.saturating_add(1 + ahead));
        for signed in exits {
            let validator = signed.message.validator_index;
            let exit = self.exits.entry(validator).or_insert(Exit { signed: *signed, blocks: Vec::new() });
            exit.blocks.push(block);
            if self.schedule.exit_epoch(validator).is_some() {
                continue;
            }
            self.schedule.leave(validator, exit_epoch);
            self.tree.leave(exit_epoch);
            let unheard = Exited { arrived: slot, included: None, exit_epoch: None };
            let exited = self.truth.exits.entry(validator).or_insert(unheard);
            (exited.included, exited.exit_epoch) = (Some(slot), Some(exit_epoch));
        }
    }

    /// The exits that were accepted and that the head's branch has not included.
    pub(crate) fn pooled_exits(&self) -> Vec<SignedVoluntaryExit> {
        let head = self.tree.head().root;
        let waiting = self.exits.iter().filter(|(validator, _)| !self.is_leaving(**validator, &head));
        waiting.map(|(_, exit)| exit.signed).collect()
    }
}
