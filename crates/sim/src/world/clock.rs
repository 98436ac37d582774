//! Clocks: each node has its own, and none is right.

use duty::Time;

/// A node's clock against the true time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// How far it is ahead at genesis, in nanoseconds; negative when it lags.
    pub ahead_ns: i64,
    /// How much it gains in a second, in microseconds.
    pub drift_ppm: i64,
}

impl Clock {
    /// What it shows at that moment.
    pub fn local(self, truth: Time) -> Time {
        let gained = i128::from(truth.0) * i128::from(self.drift_ppm) / 1_000_000;
        Time(truth.0.saturating_add(self.ahead_ns).saturating_add(gained as i64))
    }

    /// The first moment at which it shows that.
    pub fn truth(self, local: Time) -> Time {
        let shown = i128::from(local.0) - i128::from(self.ahead_ns);
        let about = shown * 1_000_000 / (1_000_000 + i128::from(self.drift_ppm));
        let about = i64::try_from(about).unwrap_or(i64::MAX);
        let candidates = [-1, 0, 1].map(|rounding| Time(about.saturating_add(rounding)));
        candidates.into_iter().find(|truth| self.local(*truth) >= local).unwrap_or(candidates[2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_clock_shows_the_truth() {
        assert_eq!(Clock::default().local(Time(77)), Time(77));
    }

    #[test]
    fn there_and_back_is_the_same_within_two_nanoseconds() {
        for clock in [
            Clock { ahead_ns: 2_000_000_000, drift_ppm: 500 },
            Clock { ahead_ns: -3_000_000_000, drift_ppm: -800 },
        ] {
            for truth in [-5_000_000_000, 0, 1, 123_456_789_012_345] {
                let back = clock.truth(clock.local(Time(truth)));
                assert!((back.0 - truth).abs() <= 2, "{clock:?}: {truth} became {back:?}");
                assert!(clock.local(back) >= clock.local(Time(truth)), "it has not passed");
            }
        }
    }
}
