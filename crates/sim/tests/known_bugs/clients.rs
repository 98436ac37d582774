//! Validator clients: each is told what it needs, and what it does not do costs nobody anything.

use duty::{Question, Reason};
use eth::{CommitteeIndex, Slot};
use sim::world::client::{Asked, Client};
use sim::world::{Settings, World, leader, proposing};

#[test]
pub(crate) fn each_committee_of_a_slot_gets_its_own_aggregate() {
    let settings = Settings { validators: 24, committee_length: 16, sync_members: 0, ..Settings::default() };
    let mut world = World::new(settings);
    world.run_until_slot(12);
    world.assert_nothing_missed(8..10);
}

#[test]
pub(crate) fn each_seat_of_a_validator_in_the_sync_committee_contributes() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until_slot(12);
    world.assert_nothing_missed(8..10);
}

#[test]
pub(crate) fn an_exited_member_of_the_sync_committee_costs_nobody_its_message() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.chain.exited.insert(0);
    (0..4).for_each(|node| world.crash(node));
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(12);
    world.assert_nothing_missed(8..10);
}

#[test]
pub(crate) fn a_request_for_what_nobody_has_to_do_is_refused_at_once() {
    let mut world = World::new(Settings { validators: 1, sync_members: 0, ..Settings::default() });
    let slot = Slot(12);
    world.run_until(world.at(slot.0, 4_000));
    assert!(world.chain.attesters(slot).is_empty());
    let committee = CommitteeIndex(0);
    world.put(0, Asked::Attestation(slot), Question::AttestationData { slot, committee });
    let told = (world.now, Asked::Attestation(slot), Reason::NotOurDuty);
    assert_eq!(world.nodes[0].refusals.last(), Some(&told), "no client waits for nothing");
}

#[test]
pub(crate) fn a_validator_attests_from_the_epoch_in_which_it_is_activated() {
    let mut world = World::new(Settings { propose_every: 0, sync_members: 0, ..Settings::default() });
    world.chain.exited.insert(5);
    // The duties of epoch 2 are asked for ahead of it, when the validator has none.
    world.run_until_slot(16);
    world.chain.exited.remove(&5);
    world.run_until_slot(26);
    world.assert_no_vote_missed(16..24);
}

#[test]
pub(crate) fn a_node_whose_client_is_absent_proposes_all_the_same() {
    let mut world = World::new(Settings { sync_members: 0, ..Settings::default() });
    let block = proposing(8);
    world.nodes[leader(block, 1, 4)].client = Client::Absent;
    world.run_until_slot(10);
    for node in 0..4 {
        assert_eq!(world.decided_in(node, block), Some(1), "the peers' RANDAO reveals are enough");
    }
}
