//! What must hold, as named sentences.

use std::fmt;

/// A property that is checked after every event. Each is named after what would be lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sentence {
    /// Invariant I1.
    NothingSlashableIsReleased,
    /// Invariant I3, in its strong form.
    NothingSlashableCanBeCompleted,
    /// Property 5.
    ReleasedIsPermitted,
    /// Invariant I2.
    ReleasedIsDurable,
    /// Property 5.
    LedgersOnlyGrow,
    /// Property 6.
    TheLedgerKnowsWhatWasSigned,
    /// Property 3, invariant I4.
    OneDecision,
    /// Property 4.
    DecisionsAreOfTheirDuty,
    /// Property 1.
    PartialsSignTheDecision,
    /// Invariant I4: no amnesia.
    OneVotePerRound,
    /// Properties 7 and 8, without their order: a laggard joins what its peers have begun.
    DutiesBeginOnce,
    /// Property 9.
    OwnShareOnly,
    /// One signature for each seat of a duty in a node's life.
    SignedOnce,
    /// Properties 2 and 10.
    CompletedByAThreshold,
    /// Invariant I5.
    GroupSignaturesVerify,
    /// A node publishes once for each seat of a duty in its life.
    PublishedOnce,
    /// Invariant I6.
    MemoryIsBounded,
    /// A node that has nothing to do sleeps.
    NobodySpins,
    /// A client's request is answered once, and in time.
    RequestsAreAnsweredOnce,
    /// Invariant I7.
    NobodyPanics,
    /// Property 12, invariant I8: rounds.
    DecidedWithinItsRounds,
    /// Property 12, invariant I8: laggards.
    EverybodyLearnsTheDecision,
    /// Invariant I8.
    PeaceBringsBackEveryDuty,
    /// No client waits for ever.
    NobodyWaitsForEver,
    /// Determinism (R15).
    TheSameSeedIsTheSameWorld,
}

impl Sentence {
    /// The sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Sentence::NothingSlashableIsReleased => {
                "no honest node ever releases two partial signatures that are slashable together"
            }
            Sentence::NothingSlashableCanBeCompleted => {
                "no two slashable group signatures can be formed of what honest nodes released and liars could sign"
            }
            Sentence::ReleasedIsPermitted => {
                "what can be slashed leaves a node only with a permit of its ledger"
            }
            Sentence::ReleasedIsDurable => "what was released is on the disk, whatever happens to the power",
            Sentence::LedgersOnlyGrow => "a ledger opened again forbids all that it forbade before",
            Sentence::TheLedgerKnowsWhatWasSigned => {
                "a ledger that is consulted objects to what is slashable with what its node released"
            }
            Sentence::OneDecision => {
                "one value is decided for a duty, over all honest nodes, rounds and restarts"
            }
            Sentence::DecisionsAreOfTheirDuty => "what is decided is of the duty's slot, kind and validators",
            Sentence::PartialsSignTheDecision => {
                "a partial signature of an honest node signs what was decided"
            }
            Sentence::OneVotePerRound => {
                "an honest node names one value in a round, by message kind, whatever it forgets"
            }
            Sentence::DutiesBeginOnce => {
                "a duty begins once in a life of a node, and not before the slot before its own"
            }
            Sentence::OwnShareOnly => "a node sends verified signatures of its own share and no others",
            Sentence::SignedOnce => "a node signs one thing for each seat of a duty",
            Sentence::CompletedByAThreshold => {
                "a group signature is made of a threshold of shares over one root"
            }
            Sentence::GroupSignaturesVerify => "a group signature verifies under the validator's key",
            Sentence::PublishedOnce => "a node publishes one signature for each seat of a duty",
            Sentence::MemoryIsBounded => "what a node holds is bounded by duties alive, peers and validators",
            Sentence::NobodySpins => "a node asks to be woken in the future",
            Sentence::RequestsAreAnsweredOnce => "each request of a client is answered once",
            Sentence::NobodyPanics => "no input makes a node panic",
            Sentence::DecidedWithinItsRounds => {
                "in peace every duty is decided within one round more than there are faults"
            }
            Sentence::EverybodyLearnsTheDecision => "in peace every running node learns every decision",
            Sentence::PeaceBringsBackEveryDuty => "in peace every duty is published",
            Sentence::TheSameSeedIsTheSameWorld => "the same seed gives the same events",
            Sentence::NobodyWaitsForEver => "every request of a client is answered before its duty is over",
        }
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A sentence that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The sentence.
    pub sentence: Sentence,
    /// What was seen instead.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}, but {}", self.sentence, self.sentence, self.detail)
    }
}

/// What a check says.
pub(crate) type Verdict = Result<(), Violation>;

/// The sentence holds if the condition does.
pub(crate) fn demand(holds: bool, sentence: Sentence, detail: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Violation { sentence, detail: detail() }) }
}
