//! Nodes that die and come back with their disk and nothing else, and nodes that were away.

use duty::{DutyKind, Notice, Reason};
use qbft::Kind;

use sim::world::client::Asked;
use sim::world::{Settings, World, attesting, of_kind, proposing};

#[test]
fn a_node_restarted_mid_slot_does_not_vote_but_learns_the_decision_and_its_client_signs() {
    // Without a head event everybody starts when the duty is due, so that there is something left to vote on.
    let mut world = World::new(Settings { head_ms: None, ..Settings::default() });
    world.run_until(world.at(9, 500));
    world.crash(2);
    world.run_until(world.at(9, 1_000));
    world.start(2);
    let votes_before = world.nodes[2].votes.len();
    world.run_until_slot(10);
    let duty = attesting(9);
    let votes = &world.nodes[2].votes[votes_before..];
    assert!(votes.iter().all(|(of, kind)| *of != duty || *kind == Kind::Decided), "it voted: {votes:?}");
    assert_eq!(world.decided_in(2, duty), Some(1));
    assert!(world.has_signed(2, duty), "its client signs what the others decided");
    world.run_until_slot(12);
    assert!(world.nodes[2].votes.iter().any(|(of, kind)| *of == attesting(10) && *kind == Kind::Commit));
    world.assert_nothing_missed(0..11);
}

#[test]
fn a_node_restarted_after_the_decision_is_told_and_signs_the_same_again() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(9, 6_000));
    let duty = attesting(9);
    assert!(world.has_signed(2, duty));
    let signed_before = world.nodes[2].sent_partials.len();
    world.crash(2);
    world.run_until(world.at(9, 6_500));
    world.start(2);
    world.run_until_slot(11);
    let again = &world.nodes[2].sent_partials[signed_before..];
    assert!(
        again.iter().any(|(_, set)| set.duty == duty),
        "the ledger grants the same again, so its part is sent again"
    );
    world.assert_nothing_missed(9..10);
}

#[test]
fn what_a_restarted_node_published_before_the_duty_was_due_counts_as_done() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(9, 500));
    world.crash(2);
    world.run_until(world.at(9, 3_000));
    world.start(2);
    world.run_until_slot(27);
    for (duty, seat) in [attesting(9), of_kind(9, DutyKind::SyncMessage)].map(|duty| {
        let seat = world.checks.published_seats(duty)[0];
        (duty, seat)
    }) {
        assert_eq!(world.checks.publishers(duty, seat), 4, "{duty}: it learned all of it from its peers");
        let missed = world.when(
            2,
            |notice| matches!(notice, Notice::Over(report) if report.duty == duty && report.missed.is_some()),
        );
        assert_eq!(missed, None, "{duty}");
    }
}

#[test]
fn a_cluster_that_restarts_as_a_whole_loses_its_slot_and_no_more() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(9, 500));
    (0..4).for_each(|node| world.crash(node));
    world.run_until(world.at(9, 1_500));
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(13);
    assert!((0..4).all(|node| !world.has_signed(node, attesting(9))), "nobody remembers how it voted");
    world.assert_nothing_missed(10..12);
    world.assert_nobody_waits();
}

#[test]
fn a_lagging_node_that_reconnects_gets_decided_and_partials() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(8);
    world.partition(&[&[0, 1, 2]]);
    world.run_until(world.at(9, 9_000));
    let duty = attesting(9);
    assert_eq!(world.decided_in(0, duty), Some(1));
    assert_eq!(world.decided_in(3, duty), None);
    world.heal();
    world.run_until_slot(11);
    assert_eq!(world.decided_in(3, duty), Some(1), "it is shown the decision");
    assert!(world.has_signed(3, duty), "its client was still waiting");
    let key = world.expected(9..10)[0].1;
    assert_eq!(world.checks.publishers(duty, key), 4, "it got the partial signatures it had missed");
    assert!(!world.has_signed(3, proposing(8)), "what is over is over");
}

#[test]
fn a_node_restarted_in_mid_epoch_learns_from_its_peers_who_aggregates() {
    let mut world = World::new(Settings { committee_length: 31, ..Settings::default() });
    world.run_until(world.at(10, 500));
    world.crash(2);
    world.run_until(world.at(11, 500));
    world.start(2);
    world.run_until_slot(26);
    world.assert_nothing_missed(8..24);
    world.assert_nobody_waits();
    for slot in 12..24 {
        let duty = of_kind(slot, DutyKind::Aggregator);
        let seat = world.checks.published_seats(duty)[0];
        assert_eq!(world.checks.publishers(duty, seat), 4, "{duty}");
        assert!(world.has_signed(2, duty), "its client still knew its proofs");
    }
}

#[test]
fn a_cluster_that_restarts_as_a_whole_aggregates_again_when_its_clients_ask_again() {
    let mut world = World::new(Settings { committee_length: 31, ..Settings::default() });
    world.run_until(world.at(10, 500));
    (0..4).for_each(|node| world.crash(node));
    world.run_until(world.at(10, 1_500));
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(26);
    world.assert_no_vote_missed(11..24);
    world.assert_nothing_missed(16..24);
    world.assert_nobody_waits();
    let told = |(_, what, why): &(_, Asked, Reason)| {
        matches!(what, Asked::Aggregate(..)) && *why == Reason::SelectionsMissing
    };
    assert!(world.nodes[0].refusals.iter().any(told), "nobody can tell who aggregates, and says so");
    let sync = of_kind(12, DutyKind::SyncContribution);
    assert_eq!(
        world.checks.published_seats(sync).len(),
        4,
        "as sync committee members they ask in each slot"
    );
}

#[test]
fn a_node_restarted_while_another_is_dead_aggregates_late_but_aggregates() {
    // Its own share of the proofs is lost, and the two it is told are too few to tell who aggregates. It judges what
    // the others propose all the same once every honest leader had its round, and its client knows its proofs.
    let mut world = World::new(Settings { committee_length: 31, ..Settings::default() });
    world.run_until_slot(9);
    world.crash(3);
    world.run_until(world.at(10, 500));
    world.crash(2);
    world.run_until(world.at(11, 500));
    world.start(2);
    world.run_until_slot(18);
    world.assert_nothing_missed(12..16);
    world.assert_nobody_waits();
}
