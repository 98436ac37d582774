//! How busy the machine is: on one that has more to do than it can, a duty that is late is nobody's fault.

use std::time::{Duration, Instant};

/// Where Linux tells for how long some process had to wait for a processor.
const PRESSURE: &str = "/proc/pressure/cpu";

/// Percent of the time in which somebody waits, above which the machine has too much to do.
const HEAVY_PERCENT: u128 = 70;

/// The load from some moment on.
pub(super) struct Load {
    begun: Instant,
    waited: Option<Duration>,
}

impl Load {
    /// From now on.
    pub(super) fn begin() -> Load {
        Load { begun: Instant::now(), waited: waited() }
    }

    /// Whether it is too much. A machine that does not tell counts as fit.
    pub(super) fn is_heavy(&self) -> bool {
        let Some((before, now)) = self.waited.zip(waited()) else { return false };
        let share = now.saturating_sub(before).as_micros() * 100 / self.begun.elapsed().as_micros().max(1);
        share > HEAVY_PERCENT
    }
}

fn waited() -> Option<Duration> {
    waited_in(&std::fs::read_to_string(PRESSURE).ok()?)
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`, in microseconds
fn waited_in(pressure: &str) -> Option<Duration> {
    let some = pressure.lines().find(|line| line.starts_with("some "))?;
    let total = some.rsplit_once("total=")?.1;
    total.trim().parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_somebody_waited_is_read() {
        let pressure = "some avg10=87.73 avg60=94.42 avg300=90.33 total=4892041695\n\
                        full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(waited_in(pressure), Some(Duration::from_micros(4_892_041_695)));
        assert_eq!(waited_in("nothing"), None);
    }
}
