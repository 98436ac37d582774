//! What became of a slot.

use duty::DutyKind;
use eth::ValidatorIndex;

/// What became of a slot's duties of the cluster's validators.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Every duty there was.
    pub(super) due: Vec<Due>,
    /// The block, if there is one and it was the cluster's turn.
    pub(super) block: Option<BlockRecord>,
    /// The signatures of the sync committee in the block after; none when there is no such block.
    pub(super) sync_bits: Option<Share>,
    /// The attestations that named the right head; none where that is not known.
    pub(super) right_heads: Option<Share>,
    /// Whether arrivals are times, or only that something arrived.
    pub(super) is_timed: bool,
}

/// One duty of one validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) kind: DutyKind,
    /// Whose it was, where that is known.
    pub(super) validator: Option<ValidatorIndex>,
    /// When it could begin, nanoseconds after the slot's start; none if it is no matter of time.
    pub(super) begin_ns: Option<i64>,
    /// When it arrived, nanoseconds after the slot's start; zero where it is known only that it did.
    pub(super) arrived_ns: Option<i64>,
    /// Whether a block on the branch of the head has it; none where blocks do not tell.
    pub(super) included: Option<bool>,
}

/// What a block of the cluster's is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockRecord {
    pub(super) blinded: bool,
    pub(super) blobs: usize,
    /// Whether it pays whom the cluster wants it to.
    pub(super) fees_right: bool,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// So many.
    pub part: u64,
    /// Of so many.
    pub whole: u64,
}

impl Record {
    /// How much of a kind of duty came.
    pub(super) fn came(&self, kind: DutyKind) -> Share {
        let due = self.due.iter().filter(|due| due.kind == kind);
        let part = due.clone().filter(|due| due.arrived_ns.is_some()).count();
        Share { part: part as u64, whole: due.count() as u64 }
    }
}

impl Share {
    /// Whether nothing is missing.
    pub fn is_whole(self) -> bool {
        self.part == self.whole
    }

    pub(super) fn add(&mut self, other: Share) {
        self.part += other.part;
        self.whole += other.whole;
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.part, self.whole)
    }
}
