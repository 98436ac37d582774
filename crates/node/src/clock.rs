//! The node's clock: monotonic, anchored to wall time, counted from genesis.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use duty::Time;

/// How far one correction may move the clock. Wall clocks jump; slots must not.
const MAX_CORRECTION_NS: i64 = 20_000_000;

/// A difference between wall time and this clock that is worth a warning.
pub const WARN_DRIFT_NS: i64 = 100_000_000;

/// Time since genesis that never runs backwards.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: Instant,
    /// Time since genesis at `origin`, in nanoseconds.
    offset_ns: i64,
    genesis_ns: i128,
}

impl Clock {
    /// A clock for a chain that began at that Unix time, in seconds.
    pub fn new(genesis_time_s: u64) -> Clock {
        let genesis_ns = i128::from(genesis_time_s) * 1_000_000_000;
        let mut clock = Clock { origin: Instant::now(), offset_ns: 0, genesis_ns };
        clock.offset_ns = clock.wall_ns();
        clock
    }

    /// Now.
    pub fn now(&self) -> Time {
        self.at(Instant::now())
    }

    /// The time of that instant.
    pub fn at(&self, instant: Instant) -> Time {
        let elapsed = instant.saturating_duration_since(self.origin).as_nanos();
        Time(self.offset_ns.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX)))
    }

    /// The instant of that time; now, if it has passed.
    pub fn instant(&self, time: Time) -> Instant {
        let ahead = time.0.saturating_sub(self.now().0).max(0);
        Instant::now() + Duration::from_nanos(ahead.unsigned_abs())
    }

    /// Moves a little towards wall time; returns how far off the clock was, in nanoseconds.
    pub fn correct(&mut self) -> i64 {
        let drift = self.wall_ns() - self.now().0;
        self.offset_ns += drift.clamp(-MAX_CORRECTION_NS, MAX_CORRECTION_NS);
        drift
    }

    fn wall_ns(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_nanos() as i128 - self.genesis_ns).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_counts_from_genesis() {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let clock = Clock::new(wall - 100);
        let now = clock.now();
        assert!((100_000_000_000..102_000_000_000).contains(&now.0), "{now:?}");
        assert!(clock.now() >= now);
        assert!(Clock::new(wall + 100).now().0 < 0, "before genesis time is negative");
    }

    #[test]
    fn a_correction_is_bounded() {
        let mut clock = Clock::new(0);
        clock.offset_ns -= 1_000_000_000;
        let before = clock.now();
        let drift = clock.correct();
        assert!(drift >= 999_000_000, "{drift}");
        let moved = clock.now().0 - before.0;
        assert!((MAX_CORRECTION_NS..MAX_CORRECTION_NS + 500_000_000).contains(&moved), "{moved}");
    }
}
