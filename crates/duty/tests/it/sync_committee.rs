//! Sync committee: messages for the head that combine where the heads are equal, and contributions built on them.

use std::collections::BTreeSet;

use duty::{Duty, DutyKind, Notice, Reason, Seat};
use eth::{Slot, SubcommitteeIndex};

use sim::world::client::{Asked, Client};
use sim::world::fake::key;
use sim::world::lies::Lie;
use sim::world::{Settings, World, leader, of_kind};

fn signing(slot: u64) -> Duty {
    of_kind(slot, DutyKind::SyncMessage)
}

fn contributing(slot: u64) -> Duty {
    of_kind(slot, DutyKind::SyncContribution)
}

/// Why a node missed the duty, for each seat.
fn missed(world: &World, node: usize, duty: Duty) -> Vec<Reason> {
    let report = |(_, notice): &(_, Notice)| match notice {
        Notice::Over(report) if report.duty == duty => report.missed,
        _ => None,
    };
    world.nodes[node].notices.iter().filter_map(report).collect()
}

fn heads_differed(world: &World, node: usize, duty: Duty) -> Option<usize> {
    world.nodes[node].notices.iter().find_map(|(_, notice)| match notice {
        Notice::HeadsDiffered { duty: of, heads } if *of == duty => Some(*heads),
        _ => None,
    })
}

#[test]
fn nobody_signs_at_genesis_and_nobody_misses_it() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(4);
    for node in 0..4 {
        assert_eq!(
            (missed(&world, node, signing(0)), missed(&world, node, contributing(0))),
            (vec![], vec![])
        );
    }
    assert!(!world.checks.published_seats(signing(1)).is_empty(), "the first slot with a block is signed");
    world.assert_nothing_missed(0..2);
    world.assert_nobody_waits();
}

#[test]
fn equal_heads_combine_although_one_node_saw_another() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    world.nodes[3].beacon.head = 1;
    world.run_until_slot(12);
    world.assert_nothing_missed(9..10);
    assert_eq!(heads_differed(&world, 0, signing(9)), Some(2), "it is counted all the same");
    assert_eq!(heads_differed(&world, 0, signing(8)), None);
    assert!(missed(&world, 3, signing(9)).is_empty(), "the others' three shares are enough");
    let seat = world.checks.published_seats(contributing(9))[0];
    assert_eq!(world.checks.publishers(contributing(9), seat), 4);
}

#[test]
fn heads_that_differ_too_much_are_counted_and_reported() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    world.nodes[2].beacon.head = 1;
    world.nodes[3].beacon.head = 2;
    world.run_until_slot(10);
    world.nodes.iter_mut().for_each(|node| node.beacon.head = 0);
    world.run_until_slot(13);
    assert!(
        world.checks.published_seats(signing(9)).is_empty()
            && world.checks.published_seats(contributing(9)).is_empty()
    );
    for node in 0..4 {
        assert_eq!(heads_differed(&world, node, signing(9)), Some(3));
        assert_eq!(missed(&world, node, signing(9)), [Reason::HeadsDiffer; 3]);
        assert_eq!(missed(&world, node, contributing(9)), [Reason::SyncMessageIncomplete; 4]);
    }
    world.assert_nothing_missed(10..12);
    world.assert_nobody_waits();
}

#[test]
fn a_client_that_sees_no_head_is_reported_as_silent() {
    let mut world = World::new(Settings::default());
    world.nodes[1].client = Client::Absent;
    world.run_until_slot(12);
    world.assert_nothing_missed(8..10);
    world.nodes[2].client = Client::Absent;
    world.run_until_slot(15);
    assert_eq!(missed(&world, 0, signing(12)), [Reason::PartialsMissing; 3]);
    assert_eq!(missed(&world, 1, signing(12)), [Reason::ValidatorClientSilent; 3]);
}

/// The seats of the member with two subcommittees that contribute in slot 9, where peers read what they read.
fn seats_of_two(reads_plurals: [Option<bool>; 4]) -> Vec<u64> {
    let mut world = World::new(Settings::default());
    for (node, reads) in reads_plurals.into_iter().enumerate() {
        world.nodes[node].reads_plurals = reads;
    }
    for node in 0..4 {
        world.crash(node);
    }
    for node in 0..4 {
        world.start(node);
    }
    world.run_until_slot(11);
    let seats = world.checks.published_seats(contributing(9)).into_iter();
    let of_two = seats.filter(|seat| seat.key == key(2)).map(|seat| seat.subcommittee.0);
    let of_two: Vec<u64> = of_two.collect();
    let others = world.checks.published_seats(contributing(9)).len() - of_two.len();
    assert_eq!(others, 2, "the others have one seat each");
    assert!((0..4).all(|node| missed(&world, node, contributing(9)).is_empty()));
    of_two
}

#[test]
fn plural_contributions_are_for_clusters_that_read_them() {
    assert_eq!(seats_of_two([Some(true); 4]), [2, 3]);
    assert_eq!(seats_of_two([Some(true), Some(true), Some(true), None]), [2, 3], "a quorum reads them");
    assert_eq!(seats_of_two([Some(true), Some(true), Some(true), Some(false)]), [2], "the first, in order");
    assert_eq!(seats_of_two([None; 4]), [2], "nobody told, and one of them may not read them");
}

#[test]
fn a_client_that_asks_for_the_second_subcommittee_is_told_what_was_decided() {
    let mut world = World::new(Settings::default());
    for node in 0..4 {
        world.nodes[node].reads_plurals = None;
        world.crash(node);
    }
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(11);
    let asked = Asked::Contribution(Slot(9), SubcommitteeIndex(3));
    let told = |(_, what, why): &(_, Asked, Reason)| (*what, *why) == (asked, Reason::NotTheDecidedValue);
    assert!(world.nodes.iter().all(|node| node.refusals.iter().any(told)));
}

#[test]
fn the_last_slot_of_an_epoch_is_signed_by_the_next_epochs_members() {
    let mut world = World::new(Settings { sync_period: 1, ..Settings::default() });
    world.run_until_slot(18);
    world.assert_nothing_missed(0..16);
    let keys = |slot| -> BTreeSet<_> {
        world.checks.published_seats(signing(slot)).into_iter().map(|seat| seat.key).collect()
    };
    assert_eq!(keys(6), (0..3).map(key).collect());
    assert_eq!(keys(7), (3..6).map(key).collect(), "slot 7 counts in slot 8");
    assert_eq!(keys(14), (3..6).map(key).collect());
    assert_eq!(keys(15), [6, 7, 0].map(key).into());
    let contributors = world.checks.published_seats(contributing(15));
    assert!(contributors.iter().all(|seat| keys(15).contains(&seat.key)) && contributors.len() == 4);
}

#[test]
fn a_validator_that_has_left_still_serves_in_its_sync_committee() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.chain.exited.insert(0);
    (0..4).for_each(|node| world.crash(node));
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(18);
    world.assert_nothing_missed(8..16);
    let seat = Seat::from(key(0));
    assert!((8..16).all(|slot| world.checks.publishers(signing(slot), seat) == 4));
    assert!((8..16).all(|slot| !world.checks.is_published(of_kind(slot, DutyKind::Attester), seat)));
}

#[test]
fn a_leader_that_lies_about_contributions_costs_a_round_never_a_duty() {
    let duty = contributing(9);
    let lies = [
        (Lie::OtherBlock, Reason::OtherBlock),
        (Lie::OmitsValidators, Reason::OmitsValidators),
        (Lie::ForeignValidator, Reason::ForeignValidator),
        (Lie::WrongCommittee, Reason::WrongCommittee),
        (Lie::Thin, Reason::ThinAggregate),
        (Lie::WrongSlot, Reason::WrongSlot),
        (Lie::Nothing, Reason::WrongKindOfValue),
    ];
    for (lie, reason) in lies {
        let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
        let liar = leader(duty, 1, 4);
        world.checks.liars.insert(liar);
        world.run_until(world.at(9, 7_000));
        world.nodes[liar].lie = Some(lie);
        world.run_until_slot(11);
        world.assert_nothing_missed(9..10);
        for honest in (0..4).filter(|node| *node != liar) {
            assert_eq!(world.refused(honest, duty), [reason], "{lie:?}");
            assert!(world.decided_in(honest, duty) > Some(1), "{lie:?} is not decided");
        }
    }
}

#[test]
fn a_beacon_node_that_saw_few_members_costs_its_leader_a_round() {
    let duty = contributing(9);
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    world.nodes[leader(duty, 1, 4)].beacon.participants = 2;
    world.run_until_slot(11);
    world.assert_nothing_missed(9..10);
    assert_eq!(world.refused(leader(duty, 2, 4), duty), [Reason::ThinAggregate], "less than half of six");
}

#[test]
fn a_share_that_signed_one_head_signs_no_other() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(9, 5_000));
    let block = sim::world::chain::block_root(Slot(9), 1);
    let messages = world.sync_messages(0, Slot(9), block);
    world.hand_in(0, Asked::SyncMessages(Slot(9)), duty::Submission::SyncMessages(messages));
    let (_, items) = world.nodes[0].received.last().expect("it is answered at once");
    assert_eq!(items[..], [Err(Reason::SignedOtherwise); 3]);
}

#[test]
fn messages_of_who_is_no_member_are_refused() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(9, 5_000));
    let mut messages = world.sync_messages(0, Slot(9), sim::world::chain::block_root(Slot(9), 0));
    messages.truncate(2);
    messages[0].validator_index = sim::world::chain::validator_index(5);
    messages[1].validator_index = eth::ValidatorIndex(7);
    world.hand_in(0, Asked::SyncMessages(Slot(9)), duty::Submission::SyncMessages(messages));
    let (_, items) = world.nodes[0].received.last().expect("it is answered at once");
    assert_eq!(items[..], [Err(Reason::NotOurDuty); 2]);
}
