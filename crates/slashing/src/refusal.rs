//! Why something is not permitted: a closed list.

use eth::{Epoch, Slot};

/// Why the ledger does not permit an item, or a whole request.
///
/// The first variants are verdicts on one item and appear in [`Permit::refused`](crate::Permit::refused);
/// [`StoreFailed`](Refusal::StoreFailed) and [`LedgerClosed`](Refusal::LedgerClosed) refuse the whole request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The validator was never registered with this ledger.
    #[error("the validator is not in this node's ledger: check that the ledger belongs to this cluster lock")]
    UnknownValidator,
    /// The item is of another kind or slot than its request: our own bug.
    #[error("the item does not belong to the duty it was requested for")]
    DutyMismatch,
    /// An epoch or slot of 2^63 or more: no chain reaches it, and recording it would end the validator's duties.
    #[error("epoch or slot {number} is beyond anything a chain can reach")]
    NumberOutOfRange {
        /// The number.
        number: u64,
    },
    /// The vote's source is later than its target.
    #[error("source epoch {source_epoch} is after target epoch {target_epoch}")]
    SourceAfterTarget {
        /// Requested source.
        source_epoch: Epoch,
        /// Requested target.
        target_epoch: Epoch,
    },
    /// Another vote for the same target is recorded (slashable: double vote).
    #[error("a different vote for target epoch {target_epoch} is already recorded (double vote)")]
    DoubleVote {
        /// The common target.
        target_epoch: Epoch,
    },
    /// The vote would surround a recorded one (slashable).
    #[error("the vote would surround the recorded vote {earlier_source}→{earlier_target}")]
    Surrounding {
        /// Source of the recorded vote.
        earlier_source: Epoch,
        /// Target of the recorded vote.
        earlier_target: Epoch,
    },
    /// The vote would be surrounded by a recorded one (slashable).
    #[error("the vote would be surrounded by the recorded vote {earlier_source}→{earlier_target}")]
    Surrounded {
        /// Source of the recorded vote.
        earlier_source: Epoch,
        /// Target of the recorded vote.
        earlier_target: Epoch,
    },
    /// The source is lower than the validator's floor (EIP-3076 condition 4).
    #[error("source epoch {source_epoch} is below the validator's lowest allowed source epoch {floor}")]
    SourceBelowWatermark {
        /// Requested source.
        source_epoch: Epoch,
        /// Lowest allowed source.
        floor: Epoch,
    },
    /// The target is not above the validator's floor (EIP-3076 condition 5).
    #[error("target epoch {target_epoch} is not above the validator's floor at target epoch {floor}")]
    TargetBelowWatermark {
        /// Requested target.
        target_epoch: Epoch,
        /// Targets up to this one are refused.
        floor: Epoch,
    },
    /// Another block for the same slot is recorded (slashable: double proposal).
    #[error("a different block for slot {slot} is already recorded (double proposal)")]
    ConflictingBlock {
        /// The common slot.
        slot: Slot,
    },
    /// The slot is not above the validator's floor (EIP-3076 condition 1).
    #[error("slot {slot} is not above the validator's floor at slot {floor}")]
    SlotBelowWatermark {
        /// Requested slot.
        slot: Slot,
        /// Slots up to this one are refused.
        floor: Slot,
    },
    /// The store could not make the records durable; nothing is granted and the ledger is closed.
    #[error("the slashing ledger could not be written, so nothing was signed: {cause}")]
    StoreFailed {
        /// What the store said.
        cause: String,
    },
    /// An earlier write failed and the ledger was not opened again since.
    #[error("the slashing ledger is closed after a failed write: open it again from its file")]
    LedgerClosed,
}

impl Refusal {
    /// Every code that [`code`](Refusal::code) can return: for documentation, metrics and their tests.
    pub const CODES: [&'static str; 13] = [
        "unknown_validator",
        "duty_mismatch",
        "number_out_of_range",
        "source_after_target",
        "double_vote",
        "surrounding",
        "surrounded",
        "source_below_watermark",
        "target_below_watermark",
        "conflicting_block",
        "slot_below_watermark",
        "store_failed",
        "ledger_closed",
    ];

    /// The reason as a stable word, for metrics and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::UnknownValidator => "unknown_validator",
            Refusal::DutyMismatch => "duty_mismatch",
            Refusal::NumberOutOfRange { .. } => "number_out_of_range",
            Refusal::SourceAfterTarget { .. } => "source_after_target",
            Refusal::DoubleVote { .. } => "double_vote",
            Refusal::Surrounding { .. } => "surrounding",
            Refusal::Surrounded { .. } => "surrounded",
            Refusal::SourceBelowWatermark { .. } => "source_below_watermark",
            Refusal::TargetBelowWatermark { .. } => "target_below_watermark",
            Refusal::ConflictingBlock { .. } => "conflicting_block",
            Refusal::SlotBelowWatermark { .. } => "slot_below_watermark",
            Refusal::StoreFailed { .. } => "store_failed",
            Refusal::LedgerClosed => "ledger_closed",
        }
    }

    /// Whether granting would have broken a slashing condition itself, rather than a precaution around it.
    pub fn is_slashable(&self) -> bool {
        matches!(
            self,
            Refusal::DoubleVote { .. }
                | Refusal::Surrounding { .. }
                | Refusal::Surrounded { .. }
                | Refusal::ConflictingBlock { .. }
        )
    }
}
