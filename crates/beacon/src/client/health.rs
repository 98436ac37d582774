//! What is remembered of an endpoint, so that the one that works is asked first.

use std::time::{Duration, Instant};

/// First pause before a failing endpoint is looked at again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// An endpoint that was well for so long starts with the first pause when it fails again.
const FORGIVEN_AFTER: Duration = Duration::from_secs(300);

/// An endpoint's health. It decides an order only: an endpoint in bad health is still asked when all others failed.
#[derive(Debug)]
pub(crate) struct Health {
    state: State,
    /// When the state last changed.
    since: Instant,
    /// When a look in the background is due, for an endpoint that is not well.
    look_at: Instant,
    pause: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Well,
    Syncing,
    Failing,
    Foreign,
}

impl Health {
    pub(crate) fn new(now: Instant) -> Self {
        Health { state: State::Well, since: now, look_at: now, pause: FIRST_PAUSE }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Returns whether this is news.
    pub(crate) fn set(&mut self, state: State, now: Instant) -> bool {
        if self.state == state {
            return false;
        }
        if self.state == State::Well {
            if now.duration_since(self.since) >= FORGIVEN_AFTER {
                self.pause = FIRST_PAUSE;
            }
            self.look_at = now + self.pause;
        }
        (self.state, self.since) = (state, now);
        true
    }

    /// Whether someone should look again; if so, the next pause is doubled, up to `pause_max`. It stays so when the
    /// endpoint recovers only to fail again: one that is quick at some requests and slow at others must not be put
    /// first again and again.
    pub(crate) fn take_look(&mut self, now: Instant, pause_max: Duration) -> bool {
        if self.state == State::Well || now < self.look_at {
            return false;
        }
        self.pause = (self.pause * 2).min(pause_max);
        self.look_at = now + self.pause;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_endpoint_is_looked_at_with_growing_pauses() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let longest = Duration::from_secs(4);
        let mut health = Health::new(start);
        assert!(!health.take_look(at(9), longest), "a healthy endpoint needs no look");
        assert!(health.set(State::Failing, at(10)));
        assert!(!health.set(State::Failing, at(10)), "no news");
        assert!(!health.take_look(at(10), longest));
        assert!(health.take_look(at(11), longest), "after one second");
        assert!(!health.take_look(at(12), longest));
        assert!(health.take_look(at(13), longest), "two more");
        assert!(health.take_look(at(17), longest), "four more");
        assert!(health.take_look(at(21), longest), "never more than the longest pause");

        assert!(health.set(State::Well, at(22)));
        health.set(State::Failing, at(23));
        assert!(!health.take_look(at(26), longest), "it failed again soon, so the pause stays long");
        assert!(health.take_look(at(27), longest));
        health.set(State::Well, at(30));
        health.set(State::Failing, at(330));
        assert!(health.take_look(at(331), longest), "five good minutes are forgiven");
    }
}
