//! When things begin and end.

use duty::{Duty, DutyKind, Notice};
use eth::{Epoch, Slot};

use sim::world::{Settings, World, attesting, leader, proposing};

/// When the attestation of a slot is due: a third of the slot, in whole basis points.
const DUE_MS: i64 = 3_999;

fn is_start(duty: Duty) -> impl Fn(&Notice) -> bool {
    move |notice| *notice == Notice::Started(duty)
}

#[test]
fn attester_starts_at_head_or_due() {
    for head_ms in [Some(1_000), None, Some(6_000)] {
        let mut world = World::new(Settings { head_ms, ..Settings::default() });
        world.run_until_slot(11);
        let (earliest, latest) = match head_ms {
            Some(1_000) => (1_000, 1_200),
            _ => (DUE_MS, DUE_MS),
        };
        for node in 0..4 {
            let started = world.when(node, is_start(attesting(10))).expect("it started");
            assert!(
                (world.at(10, earliest)..=world.at(10, latest)).contains(&started),
                "{head_ms:?}: {started:?}"
            );
        }
        world.assert_nothing_missed(0..10);
    }
}

#[test]
fn slot_0_is_the_genesis_and_nobody_proposes_in_it() {
    let mut world = World::new(Settings::default());
    assert!(world.chain.proposer(Slot(0)).is_some(), "beacon nodes list one");
    world.run_until_slot(9);
    for node in 0..4 {
        assert_eq!(world.when(node, is_start(proposing(0))), None);
        assert!(world.when(node, is_start(proposing(8))).is_some());
    }
}

#[test]
fn a_proposal_starts_with_its_slot() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    assert_eq!(world.when(0, is_start(proposing(8))), Some(world.at(8, 0)));
}

#[test]
fn rounds_stay_anchored_at_the_due_time() {
    let mut world = World::new(Settings { head_ms: Some(1_000), ..Settings::default() });
    let duty = attesting(10);
    world.run_until_slot(10);
    world.crash(leader(duty, 1, 4));
    world.run_until_slot(11);
    let is_timeout = |notice: &Notice| matches!(notice, Notice::RoundTimeout { duty: of, .. } if *of == duty);
    for node in (0..4).filter(|node| *node != leader(duty, 1, 4)) {
        let ended = world.when(node, is_timeout);
        assert_eq!(ended, Some(world.at(10, DUE_MS + 1_000)), "however early the head made it start");
    }
}

#[test]
fn registrations_with_builders_are_sent_once_an_epoch_and_after_a_start() {
    let mut world = World::new(Settings { takes_builders: true, ..Settings::default() });
    world.run_until_slot(12);
    world.crash(1);
    world.run_until(world.at(12, 500));
    world.start(1);
    world.run_until_slot(18);
    let sent = |node: usize| world.nodes[node].registrations.clone();
    let regular = [0, 1, 2].map(|epoch| (world.at(epoch * 8, 9_000), Epoch(epoch)));
    assert_eq!(sent(0), regular, "late in the first slot, when the beacon node has nothing better to do");
    let [first, second, after_start, third] = sent(1)[..] else { panic!("{:?}", sent(1)) };
    assert_eq!([first, second, third], regular);
    assert!(after_start.1 == Epoch(1) && after_start.0 < world.at(12, 1_000), "{after_start:?}");
}

#[test]
fn a_cluster_that_takes_no_builders_registers_with_none() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    assert!(world.nodes.iter().all(|node| node.registrations.is_empty()));
}

#[test]
fn aggregation_starts_when_it_is_due_whatever_the_head_does() {
    for head_ms in [Some(500), None] {
        let mut world = World::new(Settings { head_ms, committee_length: 31, ..Settings::default() });
        world.run_until_slot(11);
        for kind in [DutyKind::Aggregator, DutyKind::SyncContribution] {
            let duty = Duty::new(Slot(10), kind);
            assert_eq!(world.when(0, is_start(duty)), Some(world.at(10, 8_000)), "{kind}");
        }
    }
}

#[test]
fn before_genesis_nothing_begins() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(0);
    assert!(world.nodes.iter().all(|node| node.fetches.is_empty()));
    assert!(world.nodes.iter().all(|node| node.resolves.len() == 1));
    world.run_until_slot(2);
    world.assert_nothing_missed(0..1);
}

#[test]
fn the_same_seed_is_the_same_world() {
    let history = |seed| {
        let mut world = World::new(Settings { seed, lost: 10, duplicated: 100, ..Settings::default() });
        world.run_until_slot(9);
        format!("{:?}", world.nodes.iter().map(|node| &node.notices).collect::<Vec<_>>())
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5), history(6));
}
