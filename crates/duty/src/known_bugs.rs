//! Bugs that other clients had, to be switched on where a test has to fail: docs/protocol/known-bugs.md.
//!
//! Without the feature `known-bugs` none of them can be: all are constantly off, and the compiler leaves nothing of them.

/// A bug that another client had in what this room does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownBug {
    /// Refusing a leader's value loses this node's own.
    OwnValueIsLostWithARefusal,
    /// A peer may deliver partial signatures of another's share.
    SharesAreNotBoundToTheirPeer,
    /// One partial signature that is refused takes its peer's others with it.
    OneBadPartialDropsTheSet,
    /// An aggregate is found by its data alone, whatever committee was asked for.
    AggregatesHaveNoCommittee,
    /// Of a validator's seats in the sync committee one is served.
    OneSubcommitteeOfAValidator,
    /// A sync committee member that has exited is unknown, and one unknown item refuses its whole batch.
    ExitedMembersSpoilTheBatch,
    /// A request for a duty that nobody has is held instead of refused.
    RequestsForNothingAreHeld,
    /// Duties of an epoch that were asked for ahead of it are not asked for again in it.
    DutiesAreResolvedOnce,
    /// A node votes in instances that may have begun before it started.
    RestartedNodesVote,
    /// Source and target of a proposed vote are not compared with the own beacon node's.
    CheckpointsAreNotCompared,
    /// Nobody looks where a proposed block sends its fees.
    FeesGoAnywhere,
    /// The validators named by a value are not compared with those on duty.
    TheLeaderChoosesWhoVotes,
    /// The first shares over a root are combined, and none is left out when that fails.
    CulpritsAreNotNamed,
    /// A block is fetched only if this node's own client waits for it.
    BlocksWaitForTheOwnClient,
    /// Partial signatures are sent once, whoever was away.
    PartialsAreSentOnce,
    /// State is kept for duties of any slot that a peer names.
    AnyDutyIsKept,
    /// What a validator client signed is not compared with what was permitted.
    ClientsSignWhatTheyWant,
    /// Only a block's first round has the extra time.
    SecondRoundOfABlockIsShort,
    /// A question that has been asked again stays due.
    QuestionsStayDue,
}

impl KnownBug {
    /// All of them.
    pub const ALL: [KnownBug; 19] = [
        KnownBug::OwnValueIsLostWithARefusal,
        KnownBug::SharesAreNotBoundToTheirPeer,
        KnownBug::OneBadPartialDropsTheSet,
        KnownBug::AggregatesHaveNoCommittee,
        KnownBug::OneSubcommitteeOfAValidator,
        KnownBug::ExitedMembersSpoilTheBatch,
        KnownBug::RequestsForNothingAreHeld,
        KnownBug::DutiesAreResolvedOnce,
        KnownBug::RestartedNodesVote,
        KnownBug::CheckpointsAreNotCompared,
        KnownBug::FeesGoAnywhere,
        KnownBug::TheLeaderChoosesWhoVotes,
        KnownBug::CulpritsAreNotNamed,
        KnownBug::BlocksWaitForTheOwnClient,
        KnownBug::PartialsAreSentOnce,
        KnownBug::AnyDutyIsKept,
        KnownBug::ClientsSignWhatTheyWant,
        KnownBug::SecondRoundOfABlockIsShort,
        KnownBug::QuestionsStayDue,
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
