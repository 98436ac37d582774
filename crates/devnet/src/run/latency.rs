//! How long things took.

/// Durations up to this are told apart, milliseconds.
const LONGEST_MS: usize = 60_000;

/// A bounded account of durations, exact to the millisecond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// How many took so many milliseconds.
    by_ms: Vec<u32>,
    count: u64,
}

impl Latencies {
    /// Adds a duration, nanoseconds; negative ones count as none at all.
    pub fn add_ns(&mut self, duration_ns: i64) {
        let ms = usize::try_from(duration_ns / 1_000_000).unwrap_or(0).min(LONGEST_MS);
        if self.by_ms.len() <= ms {
            self.by_ms.resize(ms + 1, 0);
        }
        self.by_ms[ms] = self.by_ms[ms].saturating_add(1);
        self.count += 1;
    }

    /// The duration that a share of all, in percent, did not exceed, milliseconds; none if there are none.
    pub fn percentile_ms(&self, percent: u64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let position = self.by_ms.iter().position(|count| {
            seen += u64::from(*count);
            seen >= rank
        });
        position.map(|ms| ms as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_durations() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile_ms(50), None);
        for ms in (1..=100).rev() {
            latencies.add_ns(ms * 1_000_000);
        }
        assert_eq!(latencies.percentile_ms(50), Some(50));
        assert_eq!(latencies.percentile_ms(99), Some(99));
        assert_eq!(latencies.percentile_ms(100), Some(100));
        latencies.add_ns(-5);
        latencies.add_ns(i64::MAX);
        assert_eq!(latencies.percentile_ms(0), Some(0));
        assert_eq!(latencies.percentile_ms(100), Some(LONGEST_MS as u64));
    }
}
