//! Each liar alone: a cluster bears it, and whatever it says nothing slashable leaves honest nodes.

use sim::byzantine::Liar;
use sim::checker::Sentence;
use sim::plan::PEACE_SLOTS;
use sim::run::{minimise, run};
use sim::world::{Settings, World};

use crate::worlds::planned;

/// Lives with that liar from the second slot on.
fn live_with(liar: Liar, settings: Settings) -> World {
    let mut world = World::new(settings);
    world.run_until_slot(1);
    world.make_liar(2, liar);
    world
}

#[test]
fn a_cluster_bears_each_liar() {
    for liar in Liar::ALL {
        let mut world = live_with(liar, Settings { propose_every: 2, ..Settings::default() });
        world.run_until_slot(12);
        // The wire's round timer lets a liar hold a block back until it is too late; votes have an epoch.
        let missed = (3..8).filter(|slot| {
            let duty = duty::Duty::new(eth::Slot(*slot), duty::DutyKind::Attester);
            world.checks.published_seats(duty).len() < world.chain.attesters(eth::Slot(*slot)).len()
        });
        assert_eq!(missed.collect::<Vec<u64>>(), Vec::<u64>::new(), "{liar:?}");
    }
}

#[test]
fn what_one_node_owes_holds_among_liars_only() {
    for first in Liar::ALL {
        for second in [Liar::Equivocator, Liar::JustificationForger, Liar::MutatingRelayer] {
            let mut world = live_with(first, Settings { propose_every: 1, ..Settings::default() });
            world.make_liar(1, second);
            world.make_liar(3, first);
            assert!(world.checks.is_overrun());
            world.run_until_slot(10);
        }
    }
}

#[test]
fn a_broken_promise_is_found_and_its_faults_are_told() {
    // A dead majority is no fault that a cluster bears: it must be found, and nothing else be blamed.
    let mut plan = planned(7, PEACE_SLOTS + 4);
    plan.dead = vec![0, 1];
    let broken = run(&plan, false).violation.expect("two of four are dead");
    assert_eq!(broken.sentence, Sentence::PeaceBringsBackEveryDuty);
    let least = minimise(&plan, broken.sentence, |_| ());
    assert!(least.faults.is_empty(), "{:?}", least.faults);
}
