//! Days on which nothing much goes wrong.

use sim::world::client::Client;
use sim::world::{Settings, World, leader, proposing};

#[test]
fn four_nodes_attest_and_propose() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(18);
    world.assert_nothing_missed(0..16);
    world.assert_nobody_waits();
    for (duty, key) in world.expected(0..16) {
        assert_eq!(world.checks.publishers(duty, key), 4, "every node publishes {duty}");
        let is_agreed = duty.kind.has_consensus();
        assert!(
            (0..4).all(|node| !is_agreed || world.decided_in(node, duty) == Some(1)),
            "{duty} is decided in the first round"
        );
    }
}

#[test]
fn f_nodes_dead_miss_nothing() {
    for (nodes, dead) in [(4, vec![3]), (7, vec![0, 5])] {
        let mut world = World::new(Settings { nodes, ..Settings::default() });
        world.run_until_slot(2);
        dead.iter().for_each(|node| world.crash(*node));
        world.run_until_slot(20);
        world.assert_nothing_missed(0..18);
        world.assert_nobody_waits();
    }
}

#[test]
fn one_dead_node_too_many_signs_nothing() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(2);
    world.crash(1);
    world.crash(2);
    world.run_until_slot(8);
    for (duty, key) in world.expected(2..6) {
        assert!(!world.checks.is_published(duty, key), "two of four nodes completed {duty}");
    }
    world.assert_nobody_waits();
}

#[test]
fn messages_that_come_twice_change_nothing() {
    let mut world = World::new(Settings { duplicated: 400, ..Settings::default() });
    world.nodes.iter_mut().for_each(|node| node.client = Client::Twice);
    world.run_until_slot(10);
    world.assert_nothing_missed(0..8);
    for node in &world.nodes {
        for (duty, seat) in world.expected(0..8) {
            let holds = |set: &duty::PartialSet| {
                let partial = set.partials.get(&seat.key);
                set.duty == duty && partial.is_some_and(|partial| partial.signed.seat(seat.key) == seat)
            };
            let sent = node.sent_partials.iter().filter(|(_, set)| holds(set)).count();
            assert_eq!(sent, 1, "partials of {duty} are sent once, whatever arrives twice");
        }
        assert!(
            node.received.iter().flat_map(|(_, items)| items).all(Result::is_ok),
            "the same again is fine"
        );
    }
    assert!((0..4).all(|node| world.faults(node).is_empty()), "a repetition is nobody's fault");
}

#[test]
fn a_lossy_network_misses_nothing() {
    let mut world = World::new(Settings { lost: 5, delay_ms: (5, 400), ..Settings::default() });
    world.run_until_slot(18);
    world.assert_nothing_missed(0..16);
    world.assert_nobody_waits();
}

#[test]
fn a_node_whose_client_never_asks_proposes_all_the_same() {
    let mut world = World::new(Settings::default());
    let silent = leader(proposing(8), 1, 4);
    world.nodes[silent].client = Client::Absent;
    world.run_until_slot(10);
    world.assert_nothing_missed(0..9);
    let node = &world.nodes[silent];
    assert!(
        node.fetches.iter().any(|(_, duty)| *duty == proposing(8)),
        "the peers' RANDAO reveals are enough"
    );
    assert_eq!(world.decided_in(silent, proposing(8)), Some(1));
    assert_eq!(world.checks.releases(silent), 0);
}
