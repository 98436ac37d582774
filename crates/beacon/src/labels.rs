//! Metric labels whose values come from outside, kept from growing without end.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Passes the first `limit` different values through; every later one becomes `other`.
pub(crate) struct BoundedLabels {
    seen: Mutex<BTreeSet<String>>,
    limit: usize,
}

impl BoundedLabels {
    pub(crate) fn new(limit: usize) -> Self {
        BoundedLabels { seen: Mutex::default(), limit }
    }

    pub(crate) fn admit(&self, value: &str) -> String {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(value) {
            if seen.len() >= self.limit {
                return "other".to_owned();
            }
            seen.insert(value.to_owned());
        }
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_limit_become_other() {
        let labels = BoundedLabels::new(2);
        assert_eq!(["a", "b", "c", "a"].map(|value| labels.admit(value)), ["a", "b", "other", "a"]);
    }
}
