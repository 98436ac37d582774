//! Partial signatures: nobody speaks for another, a bad one costs no good one, and none is lost with a connection.

use cluster::GroupKey;
use duty::{ConsensusMessage, Duty, DutyKind, Input};
use eth::Slot;
use qbft::{Hash, Kind};
use sim::world::client::Client;
use sim::world::{Settings, World};

use crate::instance::message;
use crate::liars::{Says, one_bad_partial, others_partials, wrong_partials};
use crate::{SLOT, duty, quiet};

#[test]
pub(crate) fn nobody_signs_in_anothers_name() {
    let mut world = quiet(4, 8);
    world.corrupt(3, Box::new(Says(others_partials)));
    world.run_until_slot(SLOT + 2);
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}

#[test]
pub(crate) fn one_bad_partial_never_drops_the_others() {
    let mut world = quiet(4, 24);
    world.corrupt(3, Box::new(Says(one_bad_partial)));
    world.run_until_slot(SLOT);
    world.nodes[2].client = Client::Absent;
    world.run_until_slot(SLOT + 2);
    let keys: Vec<GroupKey> =
        world.chain.attesters(Slot(SLOT)).iter().map(|duty| GroupKey(duty.pubkey)).collect();
    assert_eq!(keys.len(), 3);
    assert!(!world.checks.is_published(duty(), keys[0]), "two shares are not enough");
    for key in &keys[1..] {
        assert!(world.checks.is_published(duty(), *key), "of three partials two were good");
    }
}

#[test]
pub(crate) fn a_wrong_partial_is_left_out_of_the_next_try() {
    let mut world = quiet(4, 8);
    world.corrupt(0, Box::new(Says(wrong_partials)));
    world.run_until_slot(SLOT);
    world.nodes[3].client = Client::Late(6_000);
    world.run_until_slot(SLOT + 2);
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}

#[test]
pub(crate) fn reveals_lost_to_a_split_are_sent_again_when_it_ends() {
    let mut world = World::new(Settings { sync_members: 0, ..Settings::default() });
    world.run_until(world.at(7, 11_900));
    world.partition(&[&[0, 1], &[2, 3]]);
    world.run_until(world.at(8, 1_000));
    world.heal();
    world.run_until_slot(10);
    world.assert_no_vote_missed(8..9);
}

#[test]
pub(crate) fn duties_far_away_leave_no_trace() {
    let mut world = quiet(4, 8);
    world.run_until(world.at(SLOT, 500));
    for slot in 20..220 {
        let duty = Duty::new(Slot(slot), DutyKind::Attester);
        let message = message(Kind::Prepare, 1, 1, Hash([1; 32]));
        world.inject(0, Input::Consensus(ConsensusMessage { duty, message, values: vec![] }));
    }
    world.run_until_slot(SLOT + 2);
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}
