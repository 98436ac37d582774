//! Bugs that other clients had, to be switched on where a test has to fail: docs/protocol/known-bugs.md.
//!
//! Without the feature `known-bugs` none of them can be: all are constantly off, and the compiler leaves nothing of them.

/// A bug that another client had in what this room does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownBug {
    /// A second proposal of a round is taken like the first, and what was said of the first is forgotten.
    SecondProposalErasesTheFirst,
    /// The hash that means "no value" may be proposed and voted for.
    ZeroIsAValue,
    /// The decision is what the first COMMIT names, whatever the quorum names.
    FirstCommitNamesTheValue,
    /// COMMITs for a value add up over rounds.
    CommitsCountAcrossRounds,
    /// In a justification one peer counts as often as it is listed.
    DuplicatesCount,
    /// A ROUND_CHANGE proves that a value is prepared with any number of PREPAREs.
    PreparesNeedNoQuorum,
    /// After a proposal that was not accepted, the next round's needs no justification.
    RefusalWaivesJustification,
    /// A leader counts only ROUND_CHANGEs that say the same as each other.
    RoundChangesMustAgree,
    /// A COMMIT that arrives before its proposal is lost.
    CommitsBeforeTheProposalAreDropped,
    /// Whoever has decided answers nobody any more.
    DecidedIsSilent,
    /// What peers send before this node's own start is lost.
    MessagesBeforeTheStartAreDropped,
    /// Rounds are timed from this node's start, not from when the duty is due.
    RoundsBeginWithTheNode,
    /// A timer that has run out comes before the message that is here.
    TimerBeatsMessage,
    /// Consensus counts 2f + 1 as a quorum where signing needs ⌈2n/3⌉.
    TwoFPlusOneIsAQuorum,
}

impl KnownBug {
    /// All of them.
    pub const ALL: [KnownBug; 14] = [
        KnownBug::SecondProposalErasesTheFirst,
        KnownBug::ZeroIsAValue,
        KnownBug::FirstCommitNamesTheValue,
        KnownBug::CommitsCountAcrossRounds,
        KnownBug::DuplicatesCount,
        KnownBug::PreparesNeedNoQuorum,
        KnownBug::RefusalWaivesJustification,
        KnownBug::RoundChangesMustAgree,
        KnownBug::CommitsBeforeTheProposalAreDropped,
        KnownBug::DecidedIsSilent,
        KnownBug::MessagesBeforeTheStartAreDropped,
        KnownBug::RoundsBeginWithTheNode,
        KnownBug::TimerBeatsMessage,
        KnownBug::TwoFPlusOneIsAQuorum,
    ];
}

/// Whether this build has the bugs at all. What is shipped has not.
pub const ARE_BUILT_IN: bool = cfg!(feature = "known-bugs");

/// Whether the bug is switched on, in this thread.
#[cfg(not(feature = "known-bugs"))]
pub(crate) const fn is_on(_: KnownBug) -> bool {
    false
}

#[cfg(feature = "known-bugs")]
thread_local! {
    static ON: std::cell::Cell<Option<KnownBug>> = const { std::cell::Cell::new(None) };
}

/// Whether the bug is switched on, in this thread.
#[cfg(feature = "known-bugs")]
pub(crate) fn is_on(bug: KnownBug) -> bool {
    ON.get() == Some(bug)
}

/// Switches a bug on in this thread and all others off.
#[cfg(feature = "known-bugs")]
pub fn switch(bug: Option<KnownBug>) {
    ON.set(bug);
}
