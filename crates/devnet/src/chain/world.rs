//! The chain itself: what is true, and what may be added to it. Knows no time but what it is told.

mod aggregates;
mod attestations;
mod blocks;
mod duties;
mod exits;
mod head;
mod production;
mod registrations;
mod slot_truth;
mod statement;
mod sync;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bls::PublicKey;
use eth::{
    Address, AttestationData, BeaconBlockHeader, Epoch, Proposal, PublicKeyBytes, Root, SignedProposal,
    SignedValidatorRegistration, Slot, Spec, ValidatorIndex,
};

pub(crate) use aggregates::HandedIn;
pub(crate) use blocks::Arrival;
pub(crate) use production::Wish;
pub(crate) use statement::{Claim, Statement};
pub(crate) use sync::Contribution;

use self::exits::Exit;
use super::ChainConfig;
use super::constants::CLOCK_DISPARITY_NS;
use super::forge;
use super::history::History;
use super::known::Known;
use super::pool::{AggregatePool, Pool, SyncPool};
use super::rejection::Rejection;
use super::scenario::Scenario;
use super::schedule::{Committees, Schedule};
use super::tree::Tree;
use super::truth::Truth;
use crate::Error;

/// The state of everything.
#[derive(Debug)]
pub(crate) struct World {
    spec: Spec,
    scenario: Scenario,
    validators: Vec<(PublicKeyBytes, PublicKey)>,
    indices: BTreeMap<PublicKeyBytes, ValidatorIndex>,
    schedule: Schedule,
    tree: Tree,
    history: History,
    known: Known,
    pool: Pool,
    aggregate_pool: AggregatePool,
    sync_pool: SyncPool,
    exits: BTreeMap<ValidatorIndex, Exit>,
    truth: Truth,
    /// Fee recipients, and when they were said.
    prepared: BTreeMap<ValidatorIndex, (Address, Epoch)>,
    /// The latest registrations with builders.
    registrations: BTreeMap<ValidatorIndex, SignedValidatorRegistration>,
    /// What the builder has made, by block.
    built: BTreeMap<Root, Proposal>,
    /// The latest blocks in full.
    bodies: VecDeque<SignedProposal>,
}

impl World {
    pub(crate) fn new(config: &ChainConfig) -> Result<World, Error> {
        let spec = config.spec();
        config.scenario.check(spec.preset)?;
        let keys = config.registry()?;
        let validators: Vec<_> = config.validators.iter().copied().zip(keys).collect();
        let count = validators.len() as u64;
        let seed = spec.genesis.genesis_validators_root.0;
        let genesis = BeaconBlockHeader {
            state_root: spec.genesis.genesis_validators_root,
            body_root: forge::empty_body_root(spec.preset),
            ..Default::default()
        };
        let index = |(at, (key, _)): (usize, &(PublicKeyBytes, PublicKey))| (*key, ValidatorIndex(at as u64));
        Ok(World {
            schedule: Schedule::new(&spec, count, seed),
            tree: Tree::new(genesis, spec.slots_per_epoch, count),
            indices: validators.iter().enumerate().map(index).collect(),
            validators,
            spec,
            scenario: config.scenario,
            history: History::default(),
            known: Known::default(),
            pool: Pool::default(),
            aggregate_pool: AggregatePool::default(),
            sync_pool: SyncPool::default(),
            exits: BTreeMap::new(),
            truth: Truth::default(),
            prepared: BTreeMap::new(),
            registrations: BTreeMap::new(),
            built: BTreeMap::new(),
            bodies: VecDeque::new(),
        })
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        &self.scenario
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

    /// The slot of a time; slot 0 before genesis.
    pub(crate) fn slot_at(&self, now_ns: i64) -> Slot {
        self.spec.slot_at_ns(now_ns)
    }

    pub(crate) fn epoch_at(&self, now_ns: i64) -> Epoch {
        self.spec.epoch_of(self.slot_at(now_ns))
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

    fn committees(&self, slot: Slot) -> Arc<Committees> {
        self.schedule.committees(self.spec.epoch_of(slot))
    }
}
