//! Bugs of other clients, of every room that has some: docs/protocol/known-bugs.md.

use std::fmt;

/// A bug that can be switched on, where they are built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnownBug {
    /// Of consensus.
    Qbft(qbft::known_bugs::KnownBug),
    /// Of the ledger.
    Slashing(slashing::known_bugs::KnownBug),
    /// Of the life of a duty.
    Duty(duty::known_bugs::KnownBug),
}

impl KnownBug {
    /// All of them.
    pub fn all() -> impl Iterator<Item = KnownBug> {
        let of_qbft = qbft::known_bugs::KnownBug::ALL.into_iter().map(KnownBug::Qbft);
        let of_slashing = slashing::known_bugs::KnownBug::ALL.into_iter().map(KnownBug::Slashing);
        let of_duty = duty::known_bugs::KnownBug::ALL.into_iter().map(KnownBug::Duty);
        of_qbft.chain(of_slashing).chain(of_duty)
    }

    /// Does something with this bug, and no other, switched on in this thread.
    #[cfg(feature = "known-bugs")]
    pub fn during<T>(self, act: impl FnOnce() -> T) -> T {
        struct AllOff;
        impl Drop for AllOff {
            fn drop(&mut self) {
                qbft::known_bugs::switch(None);
                slashing::known_bugs::switch(None);
                duty::known_bugs::switch(None);
            }
        }
        let _all_off = AllOff;
        match self {
            KnownBug::Qbft(bug) => qbft::known_bugs::switch(Some(bug)),
            KnownBug::Slashing(bug) => slashing::known_bugs::switch(Some(bug)),
            KnownBug::Duty(bug) => duty::known_bugs::switch(Some(bug)),
        }
        act()
    }
}

/// As docs/protocol/known-bugs.md names it.
impl fmt::Display for KnownBug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KnownBug::Qbft(bug) => write!(f, "qbft::{bug:?}"),
            KnownBug::Slashing(bug) => write!(f, "slashing::{bug:?}"),
            KnownBug::Duty(bug) => write!(f, "duty::{bug:?}"),
        }
    }
}
