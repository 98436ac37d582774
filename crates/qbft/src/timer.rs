//! When rounds end: the eager double linear timer, in absolute time.

use crate::{Round, Time};

/// Ends round r at `anchor` + r seconds, and at twice that distance once a justified proposal has arrived in it.
///
/// Eager: it runs from the moment the duty is due, not from when this node was ready, so all nodes change rounds,
/// and hence leaders, together. Deadlines do not accumulate: a node that is late passes several rounds at once, and
/// after a doubled round r all rounds up to 2r are over as well.
///
/// All nodes of a cluster must keep the same time, Charon's included, so its weakness is ours too: a leader that lies
/// in a round r ≡ −1 mod n doubles it in vain, and leads round 2r + 1, which is next, as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// When the duty is due: genesis + slot + the delay of the duty in its slot.
    pub anchor: Time,
    /// More time for duties that need it.
    pub extra: Extra,
}

/// Time added to rounds; a proposer has 500 ms, for a block takes long to fetch and to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// None: every duty but the proposer's.
    None,
    /// Milliseconds added to round 1 only: Charon before v1.11.0-rc2.
    FirstRound(u32),
    /// Milliseconds added to every round: Charon since v1.11.0-rc2.
    EveryRound(u32),
}

impl Timer {
    /// When `round` ends; `doubled` once a justified PRE_PREPARE has arrived in it.
    pub fn deadline(&self, round: Round, doubled: bool) -> Time {
        let length_ms = self.length_ms(round);
        let first = self.anchor.plus_ms(length_ms);
        if doubled { first.plus_ms(length_ms) } else { first }
    }

    fn length_ms(&self, round: Round) -> i64 {
        let extra_ms = match self.extra {
            Extra::FirstRound(ms) if round == Round::FIRST => ms,
            Extra::EveryRound(ms) => ms,
            Extra::FirstRound(_) | Extra::None => 0,
        };
        i64::try_from(round.number()).unwrap_or(i64::MAX).saturating_mul(1000).saturating_add(extra_ms.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn end(extra: Extra, round: u64, doubled: bool) -> Time {
        Timer { anchor: Time(100), extra }.deadline(Round::new(round).expect("not zero"), doubled)
    }

    #[test]
    fn rounds_are_linear_and_double_with_a_proposal() {
        assert_eq!(end(Extra::None, 1, false), Time(100 + SECOND));
        assert_eq!(end(Extra::None, 1, true), Time(100 + 2 * SECOND));
        assert_eq!(end(Extra::None, 3, false), Time(100 + 3 * SECOND));
        assert_eq!(end(Extra::None, 3, true), Time(100 + 6 * SECOND));
    }

    #[test]
    fn extra_time_doubles_too() {
        assert_eq!(end(Extra::FirstRound(500), 1, true), Time(100 + 3 * SECOND));
        assert_eq!(end(Extra::FirstRound(500), 2, true), Time(100 + 4 * SECOND));
        assert_eq!(end(Extra::EveryRound(500), 2, true), Time(100 + 5 * SECOND));
    }

    #[test]
    fn the_last_round_never_ends() {
        assert_eq!(end(Extra::EveryRound(500), u64::MAX, true), Time(i64::MAX));
    }
}
