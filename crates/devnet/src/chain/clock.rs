//! The chain's time.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Tells nanoseconds since genesis, negative before it.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    Wall {
        /// Unix time of genesis, seconds.
        genesis_time: u64,
    },
    /// A clock that stands until it is set, for tests.
    Set(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// A clock that stands until it is set.
    pub fn standing(now_ns: i64) -> Clock {
        Clock::Set(Arc::new(watch::Sender::new(now_ns)))
    }

    /// Sets a standing clock; the machine's is left alone.
    pub fn set(&self, now_ns: i64) {
        if let Clock::Set(time) = self {
            time.send_replace(now_ns);
        }
    }

    /// Nanoseconds since genesis.
    pub fn now_ns(&self) -> i64 {
        match self {
            Clock::Set(time) => *time.borrow(),
            Clock::Wall { genesis_time } => {
                let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let genesis_ns = i128::from(*genesis_time) * 1_000_000_000;
                i64::try_from(since_1970.as_nanos() as i128 - genesis_ns).unwrap_or(i64::MAX)
            }
        }
    }

    /// Waits for a time, nanoseconds since genesis.
    pub async fn until(&self, time_ns: i64) {
        match self {
            // The sender is the clock itself.
            Clock::Set(time) => drop(time.subscribe().wait_for(|now_ns| *now_ns >= time_ns).await),
            Clock::Wall { .. } => {
                let left_ns = u64::try_from(time_ns.saturating_sub(self.now_ns())).unwrap_or(0);
                tokio::time::sleep(Duration::from_nanos(left_ns)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_for_a_standing_clock_waits_until_it_is_set() {
        let clock = Clock::standing(-5);
        clock.until(-5).await;
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.until(7).await }
        });
        clock.set(6);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.set(8);
        waiting.await.expect("it waits no longer");
    }
}
