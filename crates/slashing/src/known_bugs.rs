//! Bugs that other clients had, to be switched on where a test has to fail: docs/protocol/known-bugs.md.
//!
//! Without the feature `known-bugs` none of them can be: all are constantly off, and the compiler leaves nothing of them.

/// A bug that another client had in what this room does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownBug {
    /// Records are kept in memory and never reach the disk.
    RecordsStayInMemory,
    /// Votes are compared with those for the same target only: surrounding ones pass.
    OnlyTheSameTargetIsCompared,
    /// What was permitted is refused when it is asked for again.
    TheSameAgainIsRefused,
    /// A validator that is registered again loses its history.
    RegisteredAgainStartsAnew,
}

impl KnownBug {
    /// All of them.
    pub const ALL: [KnownBug; 4] = [
        KnownBug::RecordsStayInMemory,
        KnownBug::OnlyTheSameTargetIsCompared,
        KnownBug::TheSameAgainIsRefused,
        KnownBug::RegisteredAgainStartsAnew,
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
