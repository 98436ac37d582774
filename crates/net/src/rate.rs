//! How fast one peer may use us in one class of work: a bucket of tokens that refills with time.
//!
//! An honest peer never notices. A flooding one waits, and with it only its own messages.

use std::time::Duration;

use tokio::time::Instant;

/// The bucket of one peer and class.
pub(crate) struct Rate {
    per_second: u32,
    burst: u32,
    /// The moment at which the bucket is, or will be, full.
    full_at: Instant,
}

/// Bytes that cost as much as a message.
const BYTES_PER_TOKEN: usize = 64 << 10;

impl Rate {
    /// A full bucket of `burst` tokens that refills with `per_second`.
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Rate {
        Rate { per_second: per_second.max(1), burst, full_at: now }
    }

    /// Takes what a message of `bytes` costs, and says how long to wait before it may be handled.
    pub(crate) fn take(&mut self, bytes: usize, now: Instant) -> Duration {
        let cost = 1 + u32::try_from(bytes / BYTES_PER_TOKEN).unwrap_or(u32::MAX - 1);
        self.full_at = self.full_at.max(now) + self.worth(cost);
        (self.full_at - now).saturating_sub(self.worth(self.burst))
    }

    fn worth(&self, tokens: u32) -> Duration {
        Duration::from_secs(u64::from(tokens)) / self.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let now = Instant::now();
        let mut rate = Rate::new(10, 5, now);
        let waits: Vec<_> = (0..7).map(|_| rate.take(100, now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 100, 200]);
    }

    #[test]
    fn the_bucket_refills_and_never_overflows() {
        let now = Instant::now();
        let mut rate = Rate::new(10, 5, now);
        let at_once = (0..5).all(|_| rate.take(100, now).is_zero());
        assert!(at_once);
        assert_eq!(
            rate.take(100, now + Duration::from_millis(100)),
            Duration::ZERO,
            "one token has come back"
        );
        let later = now + Duration::from_secs(3600);
        let waits: Vec<_> = (0..6).map(|_| rate.take(100, later).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 100], "an hour makes no larger burst");
    }

    #[test]
    fn large_messages_cost_more() {
        let now = Instant::now();
        let mut rate = Rate::new(10, 5, now);
        assert_eq!(rate.take(32 << 20, now).as_millis(), 50_800, "513 tokens of which 5 were there");
    }
}
