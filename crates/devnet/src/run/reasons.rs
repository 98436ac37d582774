//! Why duties were missed, as the nodes' logs have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use cluster::GroupKey;

use super::ledger::Ledger;
use super::nodes::Nodes;
use super::tally::{Missed, Tally};

/// How often the logs are read.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest wait for the nodes to say why duties were missed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a node logs for each duty that it gives up.
const LINE: &str = "duty missed";

/// What was said, by duty and key as they are logged.
#[derive(Clone, Debug, Default)]
struct Reasons {
    by_duty: BTreeMap<(String, String), Given>,
}

/// The nodes that gave a reason, by its code and step.
type Given = BTreeMap<String, BTreeSet<usize>>;

/// The missed duties in words. Nodes give reasons only when they give a duty up, which for some is an epoch later: that is
/// waited for, but not for ever.
pub(super) async fn explain(nodes: &Nodes, ledger: &Ledger, tally: &Tally) -> Vec<String> {
    let spec = ledger.spec();
    let epoch = Duration::from_millis(spec.slot_duration_ms.saturating_mul(spec.slots_per_epoch + 2));
    let key = |missed: &Missed| missed.validator.and_then(|validator| ledger.key(validator));
    let mut reasons = read(nodes);
    let known = async {
        while !tally.missed.iter().all(|missed| reasons.given(missed, key(missed)).is_some()) {
            tokio::time::sleep(PAUSE).await;
            reasons = read(nodes);
        }
    };
    // What was not said by then is told as not said.
    let _ = tokio::time::timeout(epoch.min(PATIENCE), known).await;
    tally.missed.iter().map(|missed| words(missed, &reasons.of(missed, key(missed)))).collect()
}

fn words(missed: &Missed, why: &str) -> String {
    let whose = missed.validator.map(|validator| format!(" of validator {validator}")).unwrap_or_default();
    let (slot, kind) = (missed.duty.slot, missed.duty.kind);
    format!("slot {slot}: {kind}{whose} missed: {why}")
}

/// Reads all nodes' logs. What cannot be read has said nothing.
fn read(nodes: &Nodes) -> Reasons {
    let mut reasons = Reasons::default();
    for node in 0..nodes.count() {
        let Ok(log) = File::open(nodes.log(node)) else { continue };
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            reasons.add(node, &line);
        }
    }
    reasons
}

impl Reasons {
    /// Why a duty of a validator was missed, in words.
    fn of(&self, missed: &Missed, key: Option<GroupKey>) -> String {
        let Some(given) = self.given(missed, key) else { return "no node has said why".to_owned() };
        let reason = |(code, nodes): (&String, &BTreeSet<usize>)| {
            let nodes: Vec<String> = nodes.iter().map(usize::to_string).collect();
            format!("{code} (node {})", nodes.join(", "))
        };
        given.iter().map(reason).collect::<Vec<_>>().join("; ")
    }

    fn given(&self, missed: &Missed, key: Option<GroupKey>) -> Option<&Given> {
        self.by_duty.get(&(missed.duty.to_string(), key?.to_string()))
    }

    fn add(&mut self, node: usize, line: &str) {
        if !line.contains(LINE) {
            return;
        }
        let fields = ["duty", "key", "step", "reason"].map(|name| field(line, name));
        let [Some(duty), Some(key), Some(step), Some(code)] = fields else { return };
        let given = self.by_duty.entry((duty.to_owned(), key.to_owned())).or_default();
        given.entry(format!("{code} at step {step}")).or_default().insert(node);
    }
}

/// The value of `name=value` or `name="value"` without spaces.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let pairs = line.split(' ').filter_map(|word| word.split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value.trim_matches('"')).next()
}

#[cfg(test)]
mod tests {
    use duty::{Duty, DutyKind};
    use eth::{PublicKeyBytes, Slot};

    use super::*;

    #[test]
    fn the_nodes_that_gave_a_reason_are_named() {
        let key = GroupKey(PublicKeyBytes([0xAB; 48]));
        let line = |reason: &str| {
            format!(
                "2026-01-01T00:00:00Z  WARN duty missed topic=\"tracker\" duty=9/aggregator key={key} \
                 step=\"agree\" reason=\"{reason}\" text=\"duty=1/proposer, too.\" shares=[1, 2]"
            )
        };
        let mut reasons = Reasons::default();
        for (node, reason) in [(0, "undecided"), (2, "undecided"), (1, "partials_missing")] {
            reasons.add(node, &line(reason));
        }
        reasons.add(3, "INFO duty done duty=9/aggregator");
        let missed = |slot| Missed { duty: Duty::new(Slot(slot), DutyKind::Aggregator), validator: None };
        let told = reasons.of(&missed(9), Some(key));
        assert_eq!(told, "partials_missing at step agree (node 1); undecided at step agree (node 0, 2)");
        assert_eq!(reasons.of(&missed(8), Some(key)), "no node has said why");
    }
}
