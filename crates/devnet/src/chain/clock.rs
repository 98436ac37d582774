//! The chain's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells nanoseconds since genesis, negative before it.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    Wall {
        /// Unix time of genesis, seconds.
        genesis_time: u64,
    },
    /// A clock that stands until it is set, for tests.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands until it is set.
    pub fn standing(now_ns: i64) -> Clock {
        Clock::Set(Arc::new(AtomicI64::new(now_ns)))
    }

    /// Sets a standing clock; the machine's is left alone.
    pub fn set(&self, now_ns: i64) {
        if let Clock::Set(time) = self {
            time.store(now_ns, Ordering::SeqCst);
        }
    }

    /// Nanoseconds since genesis.
    pub fn now_ns(&self) -> i64 {
        match self {
            Clock::Set(time) => time.load(Ordering::SeqCst),
            Clock::Wall { genesis_time } => {
                let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let genesis_ns = i128::from(*genesis_time) * 1_000_000_000;
                i64::try_from(since_1970.as_nanos() as i128 - genesis_ns).unwrap_or(i64::MAX)
            }
        }
    }
}
