//! What is kept: records and marks.

use cluster::GroupKey;
use eth::{Epoch, Root, Slot};

use crate::Signable;

/// Something a validator has signed or may have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The vote or the proposal.
    pub what: Signable,
    /// What was signed; unknown when an imported history does not tell, and then never permitted again.
    pub signing_root: Option<Root>,
}

/// Source and target epochs of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VoteMark {
    /// Epoch of the source checkpoint.
    pub source: Epoch,
    /// Epoch of the target checkpoint.
    pub target: Epoch,
}

/// A bound on a validator's records: the lowest still allowed (its floor) or the highest ever reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watermark {
    /// Bound on votes; source and target are bounded independently. `None`: no vote is known.
    pub vote: Option<VoteMark>,
    /// Bound on proposals. `None`: no proposal is known.
    pub block: Option<Slot>,
}

/// A validator of which more has been seen than its ledger held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The validator.
    pub key: GroupKey,
    /// What the ledger held.
    pub ledger: Watermark,
    /// What has been seen.
    pub seen: Watermark,
}

impl Watermark {
    /// The componentwise maximum: a mark never falls.
    pub fn raised_to(self, other: Watermark) -> Watermark {
        Watermark { vote: higher_vote(self.vote, other.vote), block: self.block.max(other.block) }
    }

    /// The bound that one record alone implies.
    pub fn of(what: Signable) -> Watermark {
        match what {
            Signable::Attestation { source, target } => {
                Watermark { vote: Some(VoteMark { source, target }), block: None }
            }
            Signable::Block { slot } => Watermark { vote: None, block: Some(slot) },
        }
    }
}

fn higher_vote(one: Option<VoteMark>, other: Option<VoteMark>) -> Option<VoteMark> {
    match (one, other) {
        (Some(a), Some(b)) => {
            Some(VoteMark { source: a.source.max(b.source), target: a.target.max(b.target) })
        }
        (mark, None) | (None, mark) => mark,
    }
}
