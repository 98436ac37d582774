//! Rounds: when they begin and end, and what is not lost over it.

use duty::Time;
use qbft::Kind;
use sim::world::{Settings, World, leader, proposing};

use crate::instance::{A, Node, message, said};
use crate::{SLOT, duty, quiet};

fn assert_decided_in(world: &World, nodes: &[usize], round: u64) {
    for node in nodes {
        assert_eq!(world.decided_in(*node, duty()), Some(round), "node {node} decides in round {round}");
    }
}

#[test]
pub(crate) fn whoever_was_away_is_shown_the_decision() {
    let mut world = quiet(4, 8);
    world.run_until_slot(SLOT);
    world.partition(&[&[0, 1, 2]]);
    world.run_until(world.at(SLOT, 9_000));
    world.heal();
    world.run_until_slot(SLOT + 2);
    assert_decided_in(&world, &[3], 1);
}

#[test]
pub(crate) fn messages_that_come_before_the_own_start_count() {
    let mut world = quiet(4, 8);
    for late in [1, 3] {
        world.nodes[late].clock.ahead_ns = -700_000_000;
    }
    world.run_until_slot(SLOT + 1);
    assert_decided_in(&world, &[0, 1, 2, 3], 1);
}

#[test]
pub(crate) fn nodes_that_begin_apart_change_rounds_together() {
    let mut world = quiet(4, 8);
    world.settings.head_ms = Some(1_000);
    world.run_until_slot(SLOT);
    world.crash(leader(duty(), 1, 4));
    // Node 3 hears of no head and begins three seconds after the others.
    world.nodes[3].beacon.is_up = false;
    world.run_until(world.at(SLOT, 500));
    world.nodes[3].beacon.is_up = true;
    world.run_until_slot(SLOT + 1);
    assert_decided_in(&world, &[1, 2, 3], 2);
}

#[test]
pub(crate) fn what_has_arrived_comes_before_a_timer_that_has_run_out() {
    let mut node = Node::started(1);
    node.now = Time(0).plus_ms(1_000);
    let out = node.receive(message(Kind::PrePrepare, 0, 1, A));
    assert_eq!(said(&out, Kind::RoundChange), [], "the proposal was here before the timer was looked at");
}

#[test]
pub(crate) fn the_second_round_of_a_block_is_long_enough_for_slow_networks() {
    let mut world = World::new(Settings { sync_members: 0, delay_ms: (250, 280), ..Settings::default() });
    let block = proposing(8);
    world.run_until_slot(8);
    let dead = leader(block, 1, 4);
    world.crash(dead);
    world.run_until_slot(9);
    for node in (0..4).filter(|node| *node != dead) {
        assert_eq!(world.decided_in(node, block), Some(2), "the second leader's block is in time");
    }
}

#[test]
pub(crate) fn a_question_that_was_asked_is_not_due_any_more() {
    let mut world = World::new(Settings { sync_members: 0, ..Settings::default() });
    let block = proposing(8);
    let leader = leader(block, 1, 4);
    let behind: Vec<usize> = (0..4).filter(|node| *node != leader).take(2).collect();
    world.run_until_slot(8);
    // The leader builds on a block that two others have yet to see.
    world.nodes[leader].beacon.head = 1;
    behind.iter().for_each(|node| world.nodes[*node].beacon.knows_parents = false);
    world.run_until(world.at(8, 1_000));
    assert_eq!(world.decided_in(leader, block), None, "two of four are too few");
    behind.iter().for_each(|node| world.nodes[*node].beacon.knows_parents = true);
    world.run_until_slot(9);
    assert_eq!(world.decided_in(leader, block), Some(1), "they ask again, and it is there");
}
