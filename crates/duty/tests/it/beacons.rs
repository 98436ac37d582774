//! Beacon nodes that disagree, fail, change their mind, or are simply wrong.

use duty::{DutyKind, Input, Reason};
use eth::{Address, Epoch, Slot};

use sim::world::client::Asked;
use sim::world::{Settings, World, attesting, leader, proposing};

#[test]
fn heads_may_differ_but_checkpoints_may_not() {
    // Of three heads none has enough sync committee messages: that is told elsewhere.
    let mut world = World::new(Settings { sync_members: 0, ..Settings::default() });
    for (node, head) in [(0, 0), (1, 1), (2, 2), (3, 1)] {
        world.nodes[node].beacon.head = head;
    }
    world.run_until_slot(9);
    world.assert_nothing_missed(0..8);
    assert!((0..8).all(|slot| world.decided_in(0, attesting(slot)) == Some(1)), "other heads cost nothing");

    let duty = attesting(9);
    let astray = leader(duty, 1, 4);
    world.nodes[astray].beacon.fork = 1;
    world.run_until_slot(11);
    world.assert_nothing_missed(8..10);
    for node in (0..4).filter(|node| *node != astray) {
        assert_eq!(world.refused(node, duty), [Reason::CheckpointsDiffer]);
    }
}

#[test]
fn a_split_signs_nothing_and_ends_with_the_disagreement() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    world.nodes[0].beacon.fork = 1;
    world.nodes[1].beacon.fork = 1;
    world.run_until(world.at(9, 9_500));
    let duty = attesting(9);
    assert!((0..4).all(|node| world.decided_in(node, duty).is_none()), "two and two agree on nothing");
    assert!((0..4).all(|node| !world.has_signed(node, duty)));

    world.nodes[0].beacon.fork = 0;
    world.nodes[1].beacon.fork = 0;
    world.run_until_slot(12);
    world.assert_no_vote_missed(9..10);
    world.assert_nothing_missed(10..11);
}

#[test]
fn a_beacon_node_a_moment_behind_is_asked_again_until_it_agrees() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    // One node is dead, so that every vote counts, and one beacon node is behind.
    let duty = attesting(9);
    let (dead, behind) = (leader(duty, 2, 4), leader(duty, 3, 4));
    world.crash(dead);
    world.nodes[behind].beacon.fork = 1;
    world.run_until(world.at(9, 4_500));
    assert_eq!(world.refused(behind, duty), [Reason::CheckpointsDiffer]);
    world.nodes[behind].beacon.fork = 0;
    world.run_until_slot(11);
    world.assert_nothing_missed(9..10);
    assert_eq!(world.decided_in(behind, duty), Some(1), "it came round within the round");
}

#[test]
fn a_beacon_node_that_fails_is_asked_with_pauses() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(1);
    world.nodes[0].beacon.is_up = false;
    world.run_until_slot(17);
    assert!(
        world.nodes[0].resolves.len() < 24,
        "an epoch is asked for once a slot: {:?}",
        world.nodes[0].resolves
    );
    let fetches = world.nodes[0].fetches.len();
    assert!(fetches < 16 * 8, "a failing beacon node was asked {fetches} times in 16 slots");
    // The others decide, and the duties this node knew about its client signs all the same.
    world.assert_nothing_missed(1..8);
    assert!(world.has_signed(0, attesting(5)));
    world.nodes[0].beacon.is_up = true;
    world.run_until_slot(20);
    assert_eq!(world.checks.publishers(attesting(18), world.expected(18..19)[0].1), 4, "it takes part again");
}

#[test]
fn a_block_that_pays_a_stranger_is_not_even_proposed() {
    let mut world = World::new(Settings::default());
    let duty = proposing(8);
    let wrong = leader(duty, 1, 4);
    world.run_until_slot(8);
    world.nodes[wrong].beacon.fee_recipient = Address([1; 20]);
    world.run_until_slot(9);
    world.assert_nothing_missed(8..9);
    assert!(
        world.refused(wrong, duty).contains(&Reason::WrongFeeRecipient),
        "it refuses its own beacon node's block"
    );
    for honest in (0..4).filter(|node| *node != wrong) {
        assert!(world.refused(honest, duty).is_empty(), "the others never saw it");
    }
    let proposer = world.chain.proposer(duty.slot).expect("one of ours proposes").key;
    assert_eq!(world.checks.publishers(duty, proposer), 4);
}

#[test]
fn a_beacon_node_that_mends_its_block_in_time_still_leads() {
    let mut world = World::new(Settings::default());
    let duty = proposing(8);
    let wrong = leader(duty, 1, 4);
    world.run_until_slot(8);
    world.nodes[wrong].beacon.fee_recipient = Address([1; 20]);
    world.run_until(world.at(8, 500));
    world.nodes[wrong].beacon.fee_recipient = sim::world::chain::FEE_RECIPIENT;
    world.run_until_slot(9);
    assert_eq!(world.decided_in(wrong, duty), Some(1), "it asked again and proposed what it then got");
}

#[test]
fn a_beacon_node_without_the_parent_waits_for_it() {
    let mut world = World::new(Settings { head_ms: None, sync_members: 0, ..Settings::default() });
    let duty = proposing(8);
    let late = leader(duty, 2, 4);
    world.run_until_slot(8);
    world.crash(leader(duty, 3, 4));
    world.nodes[late].beacon.head = 1;
    world.nodes[late].beacon.knows_parents = false;
    world.run_until(world.at(8, 700));
    assert_eq!(world.refused(late, duty), [Reason::ParentUnknown]);
    world.nodes[late].beacon.knows_parents = true;
    world.run_until_slot(9);
    assert_eq!(world.decided_in(late, duty), Some(1), "the block came, and with it the vote");
    world.assert_nothing_missed(8..9);
}

#[test]
fn duties_are_resolved_again_after_a_reorganisation() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until(world.at(10, 8_000));
    let before = world.expected(8..11);
    world.chain.reorganise(Epoch(0), 3);
    world.run_until_slot(26);
    for node in &world.nodes {
        let again = node.resolves.iter().filter(|(at, epoch)| *epoch == Epoch(1) && *at > world.at(11, 0));
        assert_eq!(again.count(), 1, "the head of slot 11 says that the duties of the epoch are others");
    }
    world.assert_nothing_missed(16..24);
    for (duty, key) in world.expected(12..16) {
        let has_voted = before.iter().any(|(of, voted)| of.kind == DutyKind::Attester && *voted == key);
        if duty.kind == DutyKind::Attester {
            assert_eq!(
                world.checks.is_published(duty, key),
                !has_voted,
                "who voted in this epoch must not vote again"
            );
        }
    }
}

#[test]
fn proposers_are_resolved_again_when_another_block_decides_them() {
    let mut world = World::new(Settings { propose_every: 1, sync_members: 0, ..Settings::default() });
    world.run_until_slot(9);
    let before = world.chain.proposer(Slot(12));
    // The block before the epoch is another: it decides this epoch's proposers, and the next one's attesters.
    world.chain.reorganise(Epoch(2), 3);
    assert_ne!(world.chain.proposer(Slot(12)).map(|duty| duty.key), before.map(|duty| duty.key));
    world.run_until_slot(18);
    for node in &world.nodes {
        let again = node.resolves.iter().filter(|(at, epoch)| *epoch == Epoch(1) && *at > world.at(9, 0));
        assert_eq!(again.count(), 1);
    }
    world.assert_nothing_missed(10..16);
}

#[test]
fn duties_that_come_late_are_begun_when_they_come() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until_slot(5);
    world.nodes.iter_mut().for_each(|node| node.beacon.is_up = false);
    world.run_until(world.at(11, 3_000));
    world.nodes.iter_mut().for_each(|node| node.beacon.is_up = true);
    world.run_until_slot(18);
    world.assert_nothing_missed(12..16);
    let told = (world.at(10, 0), Asked::Attestation(Slot(8)), Reason::DutiesUnknown);
    assert!(world.nodes[0].refusals.contains(&told), "{:?}", world.nodes[0].refusals);
}

#[test]
fn a_value_is_judged_again_when_the_duties_are_told_anew() {
    let mut world = World::new(Settings { propose_every: 0, validators: 16, ..Settings::default() });
    world.run_until(world.at(15, 500));
    // One node is dead, so that every vote counts, and one beacon node tells yesterday's duties.
    let duty = attesting(17);
    let (dead, behind) = (leader(duty, 2, 4), leader(duty, 3, 4));
    world.nodes[behind].beacon.shuffling = Some(0);
    world.chain.reorganise(Epoch(2), 3);
    world.run_until_slot(17);
    world.crash(dead);
    world.run_until(world.at(17, 4_500));
    assert_eq!(world.refused(behind, duty), [Reason::ForeignValidator]);
    assert_eq!(world.decided_in(behind, duty), None);
    world.nodes[behind].beacon.shuffling = None;
    let head = world.chain.head(duty.slot, &world.nodes[behind].beacon);
    world.inject(behind, Input::Head(head));
    world.run_until_slot(19);
    assert_eq!(world.decided_in(behind, duty), Some(1), "it voted as soon as it knew better");
}
