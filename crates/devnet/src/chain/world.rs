//! The chain itself: what is true, and what may be added to it. Knows no time but what it is told.

mod attestations;
mod blocks;
mod production;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bls::PublicKey;
use eth::{
    Address, AttestationData, AttesterDuty, BeaconBlockHeader, CommitteeIndex, Epoch, ProposerDuty,
    PublicKeyBytes, Root, SignedProposal, Slot, Spec, ValidatorIndex,
};

pub(crate) use attestations::AttestationClaim;
pub(crate) use blocks::{AggregateClaim, BlockChecks, BlockClaims};

use super::ChainConfig;
use super::constants::{CLOCK_DISPARITY_NS, EPOCHS_KEPT};
use super::event::Event;
use super::forge;
use super::history::History;
use super::pool::Pool;
use super::rejection::Rejection;
use super::schedule::Schedule;
use super::tree::Tree;
use super::truth::Truth;
use crate::Error;

/// The state of everything.
#[derive(Debug)]
pub(crate) struct World {
    spec: Spec,
    validators: Vec<(PublicKeyBytes, PublicKey)>,
    indices: BTreeMap<PublicKeyBytes, ValidatorIndex>,
    schedule: Schedule,
    tree: Tree,
    history: History,
    pool: Pool,
    truth: Truth,
    fee_recipients: BTreeMap<ValidatorIndex, Address>,
    /// The latest blocks in full.
    bodies: VecDeque<SignedProposal>,
}

/// What a signature is claimed to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignatureClaim {
    pub(crate) key: PublicKey,
    pub(crate) root: Root,
}

impl World {
    pub(crate) fn new(config: &ChainConfig) -> Result<World, Error> {
        let spec = config.spec();
        let keys = config.registry()?;
        let validators: Vec<_> = config.validators.iter().copied().zip(keys).collect();
        let count = validators.len() as u64;
        let seed = spec.genesis.genesis_validators_root.0;
        let genesis = BeaconBlockHeader {
            state_root: spec.genesis.genesis_validators_root,
            body_root: forge::empty_body_root(spec.preset),
            ..Default::default()
        };
        Ok(World {
            schedule: Schedule::new(spec.preset, spec.slots_per_epoch, count, seed),
            tree: Tree::new(genesis, spec.slots_per_epoch, count),
            indices: validators
                .iter()
                .enumerate()
                .map(|(at, (key, _))| (*key, ValidatorIndex(at as u64)))
                .collect(),
            validators,
            spec,
            history: History::default(),
            pool: Pool::default(),
            truth: Truth::default(),
            fee_recipients: BTreeMap::new(),
            bodies: VecDeque::new(),
        })
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(crate) fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }

    pub(crate) fn truth_mut(&mut self) -> &mut Truth {
        &mut self.truth
    }

    pub(crate) fn validator_count(&self) -> u64 {
        self.validators.len() as u64
    }

    pub(crate) fn pubkey(&self, validator: ValidatorIndex) -> Option<PublicKeyBytes> {
        Some(self.validator(validator)?.0)
    }

    pub(crate) fn index(&self, pubkey: &PublicKeyBytes) -> Option<ValidatorIndex> {
        self.indices.get(pubkey).copied()
    }

    /// A block in full, if it is one of the latest.
    pub(crate) fn body(&self, root: &Root) -> Option<&SignedProposal> {
        self.bodies.iter().find(|signed| signed.block_root() == *root)
    }

    /// Who gets the fees of a validator's blocks.
    pub(crate) fn prepare(&mut self, validator: ValidatorIndex, fee_recipient: Address) {
        if self.validator(validator).is_some() {
            self.fee_recipients.insert(validator, fee_recipient);
        }
    }

    /// Whose duty it is to attest in a slot.
    pub(crate) fn attesters(&self, slot: Slot) -> Vec<ValidatorIndex> {
        let committees = self.committees(slot);
        let all = (0..self.schedule.committees_per_slot()).map(CommitteeIndex);
        all.flat_map(|committee| committees.members(slot, committee).to_vec()).collect()
    }

    /// The slot of a time; slot 0 before genesis.
    pub(crate) fn slot_at(&self, now_ns: i64) -> Slot {
        self.spec.slot_at_ns(now_ns)
    }

    pub(crate) fn epoch_at(&self, now_ns: i64) -> Epoch {
        self.spec.epoch_of(self.slot_at(now_ns))
    }

    /// The attester duties of these validators; unknown ones have none.
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
                committees_at_slot: self.schedule.committees_per_slot(),
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

    /// Attester duties of an epoch are fixed before the one before it starts.
    pub(crate) fn attester_dependent_root(&self, epoch: Epoch) -> Root {
        self.tree.dependent_root(epoch.0.checked_sub(1).map(Epoch))
    }

    /// Proposer duties are, from Fulu on, fixed as early as attester duties (EIP-7917); the first version of the
    /// endpoint still answers with the epoch's own start.
    pub(crate) fn proposer_dependent_root(&self, epoch: Epoch) -> Root {
        self.tree.dependent_root(Some(epoch))
    }

    /// What to vote in a slot by what is known now.
    pub(crate) fn attestation_data(&self, now_ns: i64, slot: Slot) -> Result<AttestationData, Rejection> {
        self.check_begun(now_ns, slot)?;
        if self.spec.epoch_of(slot).0 + 1 < self.epoch_at(now_ns).0 {
            return Err(Rejection::TooLate(slot));
        }
        let head = self.tree.ancestor(&self.tree.head().root, slot).ok_or(Rejection::TooLate(slot))?;
        self.vote_for(head.root, slot).ok_or(Rejection::TooLate(slot))
    }

    /// The one right vote in a slot for who sees that head.
    fn vote_for(&self, head: Root, slot: Slot) -> Option<AttestationData> {
        let epoch = self.spec.epoch_of(slot);
        Some(AttestationData {
            slot,
            index: Default::default(),
            beacon_block_root: head,
            source: self.tree.finality(&head, epoch)?.current_justified,
            target: self.tree.checkpoint(&head, epoch)?,
        })
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

    fn validator(&self, index: ValidatorIndex) -> Option<&(PublicKeyBytes, PublicKey)> {
        self.validators.get(usize::try_from(index.0).ok()?)
    }

    fn key(&self, index: ValidatorIndex) -> Result<PublicKey, Rejection> {
        self.validator(index).map(|(_, key)| *key).ok_or(Rejection::UnknownValidator(index))
    }

    fn check_begun(&self, now_ns: i64, slot: Slot) -> Result<(), Rejection> {
        let begun = self.spec.slot_start_ns(slot) <= now_ns.saturating_add(CLOCK_DISPARITY_NS);
        if begun { Ok(()) } else { Err(Rejection::TooEarly(slot)) }
    }

    pub(crate) fn check_duty_epoch(&self, now_ns: i64, epoch: Epoch) -> Result<(), Rejection> {
        let now = self.epoch_at(now_ns.saturating_add(CLOCK_DISPARITY_NS));
        let (first, last) = (Epoch(now.0.saturating_sub(EPOCHS_KEPT)), Epoch(now.0 + 1));
        let known = first <= epoch && epoch <= last;
        if known { Ok(()) } else { Err(Rejection::EpochOutOfRange { first, last }) }
    }

    fn forget_old(&mut self, slot: Slot) {
        let epoch = self.spec.epoch_of(slot);
        let first_of = |ago: u64| self.spec.first_slot(Epoch(epoch.0.saturating_sub(ago)));
        let (unincludable, ancient) = (first_of(1), first_of(EPOCHS_KEPT));
        self.pool.forget_before(unincludable);
        self.truth.forget_before(ancient);
    }

    fn committees(&self, slot: Slot) -> Arc<super::schedule::Committees> {
        self.schedule.committees(self.spec.epoch_of(slot))
    }
}
