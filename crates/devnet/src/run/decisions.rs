//! How long consensus took, as the nodes measured it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::nodes::Nodes;

const METRIC: &str = "core_consensus_duration_seconds_bucket";
/// Bytes of a node's metrics at most.
const METRICS_BYTES: usize = 4 << 20;

/// Decisions of one kind of duty by all nodes: how many took at most so long, by upper bound in milliseconds. The last
/// bound is infinite.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Decisions {
    by_duty: BTreeMap<String, BTreeMap<u64, u64>>,
}

/// Stands for no bound.
const UNBOUNDED_MS: u64 = u64::MAX;

/// Reads every running node's metrics; a node that does not answer is left out.
pub(super) async fn collect(nodes: &Nodes) -> Decisions {
    let mut decisions = Decisions::default();
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    let Ok(http) = http else { return decisions };
    for (_, monitor) in nodes.monitors() {
        let url = monitor.join("metrics").expect("a path joins");
        let text = async { http.get(url).send().await?.text().await }.await;
        decisions.add(text.as_deref().unwrap_or_default());
    }
    decisions
}

impl Decisions {
    /// Kinds of duty there were decisions of.
    pub(crate) fn duties(&self) -> impl Iterator<Item = &str> {
        self.by_duty.keys().map(String::as_str)
    }

    /// The bucket bound that a share of the decisions, in percent, did not exceed, milliseconds.
    pub(crate) fn percentile_ms(&self, duty: &str, percent: u64) -> Option<u64> {
        let buckets = self.by_duty.get(duty)?;
        let count = buckets.get(&UNBOUNDED_MS).copied().filter(|count| *count > 0)?;
        let rank = (count * percent).div_ceil(100).max(1);
        buckets.iter().find(|(_, below)| **below >= rank).map(|(bound, _)| *bound)
    }

    fn add(&mut self, metrics: &str) {
        if metrics.len() > METRICS_BYTES {
            return;
        }
        for (duty, bound_ms, count) in metrics.lines().filter_map(bucket) {
            *self.by_duty.entry(duty).or_default().entry(bound_ms).or_default() += count;
        }
    }
}

/// The duty, the bound and the count of a line of the metric.
fn bucket(line: &str) -> Option<(String, u64, u64)> {
    let (labels, value) = line.strip_prefix(METRIC)?.strip_prefix('{')?.split_once("} ")?;
    let label = |name: &str| {
        let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"')).next()
    };
    let bound_ms = match label("le")? {
        "+Inf" => UNBOUNDED_MS,
        seconds => (seconds.parse::<f64>().ok()? * 1000.0).round() as u64,
    };
    Some((label("duty")?.to_owned(), bound_ms, value.split(' ').next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_of_all_nodes_add_up() {
        let metrics = "# HELP core_consensus_duration_seconds x\n\
            core_consensus_duration_seconds_sum{duty=\"attester\"} 1.5\n\
            core_consensus_duration_seconds_bucket{protocol=\"q\",duty=\"attester\",le=\"0.05\"} 8\n\
            core_consensus_duration_seconds_bucket{protocol=\"q\",duty=\"attester\",le=\"1.25\"} 9\n\
            core_consensus_duration_seconds_bucket{protocol=\"q\",duty=\"attester\",le=\"+Inf\"} 9\n\
            core_consensus_duration_seconds_bucket{duty=\"broken\n";
        let mut decisions = Decisions::default();
        decisions.add(metrics);
        decisions.add(metrics);
        assert_eq!(decisions.duties().collect::<Vec<_>>(), ["attester"]);
        assert_eq!(decisions.percentile_ms("attester", 50), Some(50));
        assert_eq!(decisions.percentile_ms("attester", 99), Some(1250));
        assert_eq!(decisions.percentile_ms("proposer", 50), None);
    }
}
