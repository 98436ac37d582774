//! One validator's records and the rules over them (EIP-3076, "conditions").
//!
//! The newest [`RETAINED_VOTES`] votes and [`RETAINED_BLOCKS`] proposals are kept exactly; whatever is pruned raises
//! the floor, below which everything is refused. A vote above the floor (source not lower, target higher) can
//! neither double, surround nor be surrounded by anything at or below it, so pruning never makes signing less safe.

use eth::{Epoch, Root, Slot};

use crate::known_bugs::{KnownBug, is_on};
use crate::{Record, Refusal, Signable, Watermark};

/// How many of a validator's newest votes are kept exactly (one a epoch: about 3.4 hours).
pub const RETAINED_VOTES: usize = 32;

/// How many of a validator's newest proposals are kept exactly.
pub const RETAINED_BLOCKS: usize = 32;

/// Epochs and slots from here on are refused: no chain reaches them, and stores keep numbers in 63 bits.
const UNREACHABLE: u64 = 1 << 63;

/// What a permitted message is to the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not seen before: to be recorded.
    New,
    /// Recorded already, with this very signing root: granted again.
    Repeated,
}

/// The records of one validator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    floor: Watermark,
    votes: Vec<Vote>,
    blocks: Vec<Proposal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Vote {
    target: Epoch,
    source: Epoch,
    signing_root: Option<Root>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Proposal {
    slot: Slot,
    signing_root: Option<Root>,
}

impl History {
    /// Judges a message by the five conditions of EIP-3076.
    pub(crate) fn judge(&self, what: Signable, signing_root: Root) -> Result<Standing, Refusal> {
        match what {
            Signable::Attestation { source, target } => {
                self.judge_vote(Vote { target, source, signing_root: Some(signing_root) })
            }
            Signable::Block { slot } => self.judge_block(Proposal { slot, signing_root: Some(signing_root) }),
        }
    }

    /// Conditions 3 to 5.
    fn judge_vote(&self, vote: Vote) -> Result<Standing, Refusal> {
        reachable(vote.source.0)?;
        reachable(vote.target.0)?;
        if vote.source > vote.target {
            return Err(Refusal::SourceAfterTarget { source_epoch: vote.source, target_epoch: vote.target });
        }
        if self.votes.binary_search(&vote).is_ok() && !is_on(KnownBug::TheSameAgainIsRefused) {
            return Ok(Standing::Repeated);
        }
        self.votes.iter().try_for_each(|earlier| earlier.tolerates(&vote))?;
        self.above_vote_floor(vote)?;
        Ok(Standing::New)
    }

    fn above_vote_floor(&self, vote: Vote) -> Result<(), Refusal> {
        let Some(floor) = self.floor.vote else { return Ok(()) };
        if vote.source < floor.source {
            return Err(Refusal::SourceBelowWatermark { source_epoch: vote.source, floor: floor.source });
        }
        if vote.target <= floor.target {
            return Err(Refusal::TargetBelowWatermark { target_epoch: vote.target, floor: floor.target });
        }
        Ok(())
    }

    /// Conditions 1 and 2.
    fn judge_block(&self, block: Proposal) -> Result<Standing, Refusal> {
        reachable(block.slot.0)?;
        if self.blocks.binary_search(&block).is_ok() && !is_on(KnownBug::TheSameAgainIsRefused) {
            return Ok(Standing::Repeated);
        }
        if self.blocks.iter().any(|earlier| earlier.slot == block.slot) {
            return Err(Refusal::ConflictingBlock { slot: block.slot });
        }
        match self.floor.block {
            Some(floor) if block.slot <= floor => {
                Err(Refusal::SlotBelowWatermark { slot: block.slot, floor })
            }
            _ => Ok(Standing::New),
        }
    }

    /// Adds a record, whether or not the rules would permit it, and prunes the oldest.
    ///
    /// The first record of a kind also becomes that kind's floor: EIP-3076 refuses what is below the lowest known.
    pub(crate) fn record(&mut self, record: Record) {
        let mark = Watermark::of(record.what);
        let Record { what, signing_root } = record;
        match what {
            Signable::Attestation { source, target } => {
                self.floor.vote = self.floor.vote.or(mark.vote);
                insert(&mut self.votes, Vote { target, source, signing_root });
                self.prune_votes();
            }
            Signable::Block { slot } => {
                self.floor.block = self.floor.block.or(mark.block);
                insert(&mut self.blocks, Proposal { slot, signing_root });
                self.prune_blocks();
            }
        }
    }

    fn prune_votes(&mut self) {
        while self.votes.len() > RETAINED_VOTES {
            let Vote { source, target, .. } = self.votes.remove(0);
            self.raise(Watermark::of(Signable::Attestation { source, target }));
        }
    }

    fn prune_blocks(&mut self) {
        while self.blocks.len() > RETAINED_BLOCKS {
            let Proposal { slot, .. } = self.blocks.remove(0);
            self.raise(Watermark::of(Signable::Block { slot }));
        }
    }

    /// Raises the floor; it never falls. What is recorded exactly below it stays repeatable.
    pub(crate) fn raise(&mut self, floor: Watermark) {
        self.floor = self.floor.raised_to(floor);
    }

    /// What later records must not go below.
    pub(crate) fn floor(&self) -> Watermark {
        self.floor
    }

    /// The highest source, target and slot known.
    pub(crate) fn watermark(&self) -> Watermark {
        self.records().fold(self.floor, |mark, record| mark.raised_to(Watermark::of(record.what)))
    }

    /// Whether this very record is kept.
    pub(crate) fn holds(&self, record: &Record) -> bool {
        self.records().any(|held| held == *record)
    }

    /// All records kept exactly, votes first, each kind rising.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let votes = self.votes.iter().map(|vote| Record {
            what: Signable::Attestation { source: vote.source, target: vote.target },
            signing_root: vote.signing_root,
        });
        let blocks = self.blocks.iter().map(|block| Record {
            what: Signable::Block { slot: block.slot },
            signing_root: block.signing_root,
        });
        votes.chain(blocks)
    }

    /// The slashing condition that a record breaks against this history, if any: floors are no concern here.
    pub(crate) fn conflict(&self, record: &Record) -> Option<Refusal> {
        match record.what {
            Signable::Attestation { source, target } if source > target => {
                Some(Refusal::SourceAfterTarget { source_epoch: source, target_epoch: target })
            }
            Signable::Attestation { source, target } => {
                let vote = Vote { target, source, signing_root: record.signing_root };
                self.votes.iter().find_map(|earlier| earlier.tolerates(&vote).err())
            }
            Signable::Block { slot } => {
                let same_slot = self.blocks.iter().any(|block| block.slot == slot);
                same_slot.then_some(Refusal::ConflictingBlock { slot })
            }
        }
    }
}

impl Vote {
    /// Condition 3: the slashing conditions for attestations of the consensus specification.
    fn tolerates(&self, vote: &Vote) -> Result<(), Refusal> {
        let (earlier_source, earlier_target) = (self.source, self.target);
        if vote.target == earlier_target {
            return Err(Refusal::DoubleVote { target_epoch: earlier_target });
        }
        if is_on(KnownBug::OnlyTheSameTargetIsCompared) {
            return Ok(());
        }
        if vote.source < earlier_source && earlier_target < vote.target {
            return Err(Refusal::Surrounding { earlier_source, earlier_target });
        }
        if earlier_source < vote.source && vote.target < earlier_target {
            return Err(Refusal::Surrounded { earlier_source, earlier_target });
        }
        Ok(())
    }
}

/// Refuses numbers that no chain reaches.
pub(crate) fn reachable(number: u64) -> Result<(), Refusal> {
    if number >= UNREACHABLE { Err(Refusal::NumberOutOfRange { number }) } else { Ok(()) }
}

fn insert<T: Ord>(sorted: &mut Vec<T>, element: T) {
    if let Err(place) = sorted.binary_search(&element) {
        sorted.insert(place, element);
    }
}
