//! The same seed is the same world.

use sim::plan::Plan;
use sim::run::run;

/// Worlds to compare; continuous integration compares more with `cargo sim -- --twice`.
const SEEDS: u64 = 6;

#[test]
fn the_same_seed_gives_the_same_events() {
    for seed in 0..SEEDS {
        let plan = Plan::new(seed, 20);
        let (first, second) = (run(&plan, false), run(&plan, true));
        assert_eq!((first.hash, first.events), (second.hash, second.events), "seed {seed}");
        assert_eq!(first.met, second.met, "seed {seed}");
    }
}

#[test]
fn other_seeds_give_other_events() {
    let hashes: std::collections::BTreeSet<u64> =
        (0..SEEDS).map(|seed| run(&Plan::new(seed, 20), false).hash).collect();
    assert_eq!(hashes.len() as u64, SEEDS);
}

#[test]
fn a_fault_less_is_another_world() {
    let plan = Plan::new(3, 20);
    let all: Vec<usize> = plan.faults.iter().map(|planned| planned.number).collect();
    let fewer = plan.only(&all[1..]);
    assert_eq!(fewer.faults.len() + 1, plan.faults.len());
    assert_ne!(run(&plan, false).hash, run(&fewer, false).hash);
}
