//! The blocks: who follows whom, what each included, what was final after it.

use std::collections::{BTreeMap, BTreeSet};

use eth::{
    BeaconBlockHeader, Checkpoint, Container, Epoch, Hash32, Root, SignatureBytes, Slot, ValidatorIndex,
};

use super::constants::BLOCKS_KEPT;
use super::finality::{Finality, Support};

/// A block that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) root: Root,
    pub(crate) header: BeaconBlockHeader,
    pub(crate) signature: SignatureBytes,
    pub(crate) block_hash: Hash32,
    pub(crate) block_number: u64,
    pub(crate) randao_mix: Hash32,
    /// Who voted for the right checkpoint of which epoch, by the attestations in this block.
    pub(crate) target_votes: BTreeMap<Epoch, BTreeSet<ValidatorIndex>>,
    /// The validators whose attestations this block included, with the attestation's slot.
    pub(crate) included: Vec<(Slot, ValidatorIndex)>,
    /// The sync committee's seats whose signatures this block included.
    pub(crate) sync_seats: Vec<usize>,
    /// In the epoch of this block.
    pub(crate) finality: Finality,
}

/// Every block, from genesis or from the oldest that is kept. The head is the block of the highest slot: proposers
/// here build in turns, and one that comes too late for its successor is left behind, as it would be by the votes.
#[derive(Debug)]
pub(crate) struct Tree {
    slots_per_epoch: u64,
    validators: u64,
    /// For each validator that leaves the first epoch without it.
    exits: Vec<Epoch>,
    genesis: Root,
    head: Root,
    blocks: BTreeMap<Root, Block>,
    by_slot: BTreeMap<(Slot, Root), ()>,
}

impl Tree {
    pub(crate) fn new(genesis: BeaconBlockHeader, slots_per_epoch: u64, validators: u64) -> Tree {
        let root = genesis.root();
        let block = Block {
            root,
            header: genesis,
            signature: SignatureBytes::ZERO,
            block_hash: Hash32(root.0),
            block_number: 0,
            randao_mix: Hash32(root.0),
            target_votes: BTreeMap::new(),
            included: Vec::new(),
            sync_seats: Vec::new(),
            finality: Finality::default(),
        };
        let mut tree = Tree {
            slots_per_epoch,
            validators,
            exits: Vec::new(),
            genesis: root,
            head: root,
            blocks: BTreeMap::new(),
            by_slot: BTreeMap::new(),
        };
        tree.insert(block);
        tree
    }

    pub(crate) fn genesis(&self) -> Root {
        self.genesis
    }

    pub(crate) fn head(&self) -> &Block {
        self.block(&self.head).expect("the head is never forgotten")
    }

    pub(crate) fn block(&self, root: &Root) -> Option<&Block> {
        self.blocks.get(root)
    }

    /// Takes a block whose parent is known. Whether it is the head now.
    pub(crate) fn insert(&mut self, block: Block) -> bool {
        let root = block.root;
        let leads = self.blocks.get(&self.head).is_none_or(|head| block.header.slot > head.header.slot);
        self.by_slot.insert((block.header.slot, root), ());
        self.blocks.insert(root, block);
        if leads {
            self.head = root;
        }
        self.forget_oldest();
        leads
    }

    /// A validator leaves; `epoch` is the first without it.
    pub(crate) fn leave(&mut self, epoch: Epoch) {
        self.exits.push(epoch);
    }

    /// The last block at or before a slot on the branch of `tip`. On branches longer than what is kept, the oldest
    /// that is.
    pub(crate) fn ancestor(&self, tip: &Root, slot: Slot) -> Option<&Block> {
        let mut block = self.block(tip)?;
        while block.header.slot > slot {
            match self.block(&block.header.parent_root) {
                Some(parent) => block = parent,
                None => break,
            }
        }
        Some(block)
    }

    /// The block of exactly that slot on the branch of the head.
    pub(crate) fn canonical(&self, slot: Slot) -> Option<&Block> {
        self.ancestor(&self.head, slot).filter(|block| block.header.slot == slot)
    }

    /// The checkpoint of an epoch on the branch of `tip`.
    pub(crate) fn checkpoint(&self, tip: &Root, epoch: Epoch) -> Option<Checkpoint> {
        let root = self.ancestor(tip, self.first_slot(epoch))?.root;
        Some(Checkpoint { epoch, root })
    }

    /// What is justified and final on the branch of `tip` in an epoch, not before the tip's.
    pub(crate) fn finality(&self, tip: &Root, epoch: Epoch) -> Option<Finality> {
        let block = self.block(tip)?;
        let mut finality = block.finality;
        for ended in self.epoch_of(block.header.slot).0..epoch.0 {
            let previous = self.support(tip, Epoch(ended.saturating_sub(1)))?;
            let current = self.support(tip, Epoch(ended))?;
            finality = finality.end_epoch(previous, current, self.active(Epoch(ended)));
        }
        Some(finality)
    }

    /// The root that fixes a duty: that of the last block before an epoch starts; genesis before there is one.
    pub(crate) fn dependent_root(&self, epoch: Option<Epoch>) -> Root {
        self.dependent_root_on(&self.head, epoch)
    }

    /// The same on the branch of `tip`.
    pub(crate) fn dependent_root_on(&self, tip: &Root, epoch: Option<Epoch>) -> Root {
        let last_slot = epoch.and_then(|epoch| self.first_slot(epoch).0.checked_sub(1));
        let block = last_slot.and_then(|slot| self.ancestor(tip, Slot(slot)));
        block.map_or(self.genesis, |block| block.root)
    }

    /// The slot of the last block that two branches have in common.
    pub(crate) fn last_in_common(&self, one: &Root, other: &Root) -> Slot {
        let shared = self.branch(one, Epoch(0)).find(|block| self.is_on_branch(&block.root, other));
        shared.map_or(Slot(0), |block| block.header.slot)
    }

    /// Blocks on the branch of `tip` from that epoch on, the latest first.
    pub(crate) fn branch(&self, tip: &Root, from: Epoch) -> impl Iterator<Item = &Block> {
        let first_slot = self.first_slot(from);
        let parent = |block: &&Block| self.block(&block.header.parent_root);
        std::iter::successors(self.block(tip), parent)
            .take_while(move |block| block.header.slot >= first_slot)
    }

    /// The slot of the first block on the head's branch that includes a validator's attestation of a slot.
    pub(crate) fn inclusion(&self, slot: Slot, validator: ValidatorIndex) -> Option<Slot> {
        let blocks = self.branch(&self.head, self.epoch_of(slot));
        let including = blocks.filter(|block| block.included.contains(&(slot, validator)));
        including.map(|block| block.header.slot).min()
    }

    /// Whether a block is on the branch of `tip`, or so old that it is not kept.
    pub(crate) fn is_on_branch(&self, root: &Root, tip: &Root) -> bool {
        let Some(block) = self.block(root) else { return true };
        self.ancestor(tip, block.header.slot).is_some_and(|there| there.root == *root)
    }

    /// How many validators have a vote in an epoch.
    fn active(&self, epoch: Epoch) -> u64 {
        self.validators - self.exits.iter().filter(|exit| **exit <= epoch).count() as u64
    }

    fn support(&self, tip: &Root, epoch: Epoch) -> Option<Support> {
        let votes = self.branch(tip, epoch).filter_map(|block| block.target_votes.get(&epoch));
        let voters: BTreeSet<ValidatorIndex> = votes.flatten().copied().collect();
        Some(Support { checkpoint: self.checkpoint(tip, epoch)?, votes: voters.len() as u64 })
    }

    fn epoch_of(&self, slot: Slot) -> Epoch {
        Epoch(slot.0 / self.slots_per_epoch)
    }

    fn first_slot(&self, epoch: Epoch) -> Slot {
        Slot(epoch.0.saturating_mul(self.slots_per_epoch))
    }

    fn forget_oldest(&mut self) {
        while self.blocks.len() > BLOCKS_KEPT {
            let Some(((_, root), ())) = self.by_slot.pop_first() else { return };
            self.blocks.remove(&root);
        }
    }
}
