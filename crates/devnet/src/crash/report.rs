//! What a sweep showed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Violations kept word by word; the counts go on.
const KEPT: usize = 64;

/// What a sweep showed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// System calls of one slot in which nothing was done, by place.
    pub slot: BTreeMap<String, u64>,
    /// By what was done and where.
    pub rows: BTreeMap<(String, String), Row>,
    /// Kills and faults whose system call did not come in their slot.
    pub not_reached: u64,
    /// Slots in which it could not be seen whether the victim works, as the whole cluster was late.
    pub slow_slots: u64,
    /// How long the victim took after a kill until it said that it is ready.
    pub ready: Spread,
    /// What left the victim and could cost a stake: signatures, and answers to its client.
    pub released: u64,
    /// What was wrong, in words.
    pub violations: Vec<String>,
    /// Parts that this machine cannot do, and why.
    pub skipped: Vec<String>,
}

/// What was shown at one kind of place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// How often something was done there.
    pub points: u64,
    /// How often something was wrong afterwards.
    pub violated: u64,
}

/// Some durations.
#[derive(Clone, Debug, Default)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// One more.
    pub fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// What a share of them, in percent, does not exceed.
    pub fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied()
    }
}

impl Report {
    /// Whether all that was done was done well, and something was done.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.points() > 0 && self.released > 0
    }

    /// Everything that was done.
    pub fn points(&self) -> u64 {
        self.rows.values().map(|row| row.points).sum()
    }

    pub(super) fn survey(&mut self, place: &str) {
        *self.slot.entry(place.to_owned()).or_default() += 1;
    }

    pub(super) fn point(&mut self, what: &str, place: &str, wrong: Vec<String>) {
        let row = self.rows.entry((what.to_owned(), place.to_owned())).or_default();
        row.points += 1;
        row.violated += u64::from(!wrong.is_empty());
        let known = KEPT.saturating_sub(self.violations.len());
        self.violations.extend(wrong.into_iter().take(known).map(|why| format!("{what} at {place}: {why}")));
    }

    pub(super) fn violate(&mut self, place: &str, why: String) {
        self.violations.push(format!("{place}: {why}"));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.slot.is_empty() {
            let all = self.slot.values().sum::<u64>();
            writeln!(f, "{:<73} {all:>7}", "system calls of the victim in a slot")?;
        }
        for (place, count) in &self.slot {
            writeln!(f, "{:<28} {place:<44} {count:>7}", "")?;
        }
        writeln!(f, "{:<28} {:<44} {:>7} {:>9}", "what", "where", "points", "violated")?;
        for ((what, place), row) in &self.rows {
            writeln!(f, "{what:<28} {place:<44} {:>7} {:>9}", row.points, row.violated)?;
        }
        writeln!(f, "{:<73} {:>7}", "all", self.points())?;
        writeln!(f, "not reached in its slot: {}", self.not_reached)?;
        writeln!(f, "slots in which the machine was too slow to show anything: {}", self.slow_slots)?;
        if let (Some(middle), Some(longest)) = (self.ready.percentile(50), self.ready.percentile(100)) {
            let (middle, longest) = (middle.as_millis(), longest.as_millis());
            writeln!(f, "ready again after a kill: p50 {middle} ms, longest {longest} ms")?;
        }
        writeln!(f, "signatures and answers that left and were looked for on disk: {}", self.released)?;
        for why in &self.skipped {
            writeln!(f, "SKIPPED {why}")?;
        }
        for why in &self.violations {
            writeln!(f, "VIOLATION {why}")?;
        }
        match self.is_clean() {
            true => write!(f, "no violation"),
            false => write!(f, "NOT CLEAN"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_that_did_nothing_is_not_clean() {
        let mut report = Report::default();
        assert!(!report.is_clean());
        report.point("kill", "ledger fdatasync", Vec::new());
        assert!(!report.is_clean(), "nothing left the victim");
        report.released = 1;
        assert!(report.is_clean());
        report.point("kill", "ledger fdatasync", vec!["it forgot".to_owned()]);
        assert!(!report.is_clean());
        let shown = report.to_string();
        assert!(shown.contains("VIOLATION kill at ledger fdatasync: it forgot"), "{shown}");
    }

    #[test]
    fn percentiles_are_of_what_was_added() {
        let mut spread = Spread::default();
        assert_eq!(spread.percentile(50), None);
        [3, 1, 2].into_iter().for_each(|ms| spread.add(Duration::from_millis(ms)));
        assert_eq!(spread.percentile(50), Some(Duration::from_millis(2)));
        assert_eq!(spread.percentile(100), Some(Duration::from_millis(3)));
    }
}
