//! Random worlds, a few of them: the search is `cargo sim`.

use sim::plan::Plan;
use sim::run::run;

/// The plan of a seed for a cluster of four.
pub(crate) fn planned(seed: u64, slots: u64) -> Plan {
    let of_four = |seed: &u64| Plan::new(*seed, slots).settings.nodes == 4;
    let seed = (seed..).find(of_four).expect("most clusters are of four");
    Plan::new(seed, slots)
}

#[test]
fn every_sentence_holds_in_random_worlds() {
    for seed in 100..112 {
        let outcome = run(&Plan::new(seed, 24), false);
        assert!(outcome.violation.is_none(), "seed {seed}: {:?}", outcome.violation);
    }
}

#[test]
fn every_sentence_holds_with_real_signatures() {
    let mut plan = planned(5, 20);
    plan.settings.has_real_signatures = true;
    plan.settings.validators = plan.settings.validators.min(3);
    let outcome = run(&plan, false);
    assert!(outcome.violation.is_none(), "{:?}", outcome.violation);
}

#[test]
fn faults_meet_nodes_in_many_stages() {
    let mut met = std::collections::BTreeMap::new();
    for seed in 200..212 {
        met.extend(run(&Plan::new(seed, 20), false).met);
    }
    let stages: std::collections::BTreeSet<_> = met.keys().map(|(_, stage)| *stage).collect();
    assert!(stages.len() >= 8, "{stages:?}");
}
