//! The ledger: what was signed is remembered, whatever happens, and nothing is signed against it.

use cluster::GroupKey;
use duty::Reason;
use eth::{Epoch, Root, Slot};
use sim::world::client::{Asked, Client};
use sim::world::fake::key;
use slashing::{DutyId, Item, Kind, Ledger, MemoryStore, Request, Signable};

use crate::{SLOT, duty, quiet};

fn ledger() -> Ledger<MemoryStore> {
    let mut ledger = Ledger::open(MemoryStore::new(Root([7; 32]))).expect("an empty store can be read");
    ledger.register([key(1)]).expect("an empty store can be written");
    ledger
}

/// Whether the ledger permits that vote.
fn permits(ledger: &mut Ledger<MemoryStore>, source: u64, target: u64, root: u8) -> bool {
    let what = Signable::Attestation { source: Epoch(source), target: Epoch(target) };
    let item = Item { key: key(1), what, signing_root: Root([root; 32]) };
    let duty = DutyId { slot: Slot(target * 32), kind: Kind::Attestation };
    let permit = ledger.permit(Request { duty, items: vec![item] }).expect("the store works");
    !permit.granted().is_empty()
}

#[test]
pub(crate) fn what_was_signed_is_on_the_disk_when_the_power_goes() {
    let mut world = quiet(4, 8);
    world.run_until(world.at(SLOT, 6_000));
    (0..4).for_each(|node| world.crash(node));
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(SLOT + 2);
    assert!((0..4).all(|node| world.checks.releases(node) > 8), "every node has signed in every slot");
}

#[test]
pub(crate) fn a_vote_after_a_fork_must_not_surround_what_was_signed_on_it() {
    let mut ledger = ledger();
    assert!(permits(&mut ledger, 0, 1, 1));
    assert!(permits(&mut ledger, 1, 2, 2));
    assert!(!permits(&mut ledger, 0, 3, 3), "the vote from 0 to 3 surrounds the one from 1 to 2");
    assert!(permits(&mut ledger, 1, 3, 4));
}

#[test]
pub(crate) fn a_node_that_comes_back_signs_the_same_again() {
    let mut world = quiet(4, 8);
    world.run_until(world.at(SLOT, 6_000));
    assert!(world.has_signed(2, duty()));
    let before = world.nodes[2].sent_partials.len();
    world.crash(2);
    world.run_until(world.at(SLOT, 6_500));
    world.start(2);
    world.run_until_slot(SLOT + 2);
    let again = &world.nodes[2].sent_partials[before..];
    assert!(again.iter().any(|(_, set)| set.duty == duty()), "what was permitted once is permitted again");
}

#[test]
pub(crate) fn a_validator_that_is_registered_again_keeps_its_history() {
    let mut ledger = ledger();
    assert!(permits(&mut ledger, 1, 2, 1));
    let again: [GroupKey; 2] = [key(1), key(2)];
    ledger.register(again).expect("the store works");
    assert!(!permits(&mut ledger, 1, 2, 2), "it has voted for that target before");
}

#[test]
pub(crate) fn a_client_that_signs_something_else_is_refused() {
    let mut world = quiet(4, 8);
    world.run_until_slot(SLOT);
    world.nodes[1].client = Client::SignsSomethingElse;
    world.run_until_slot(SLOT + 2);
    let is_refused = |(what, items): &(Asked, Vec<Result<(), Reason>>)| {
        *what == Asked::Attestation(Slot(SLOT)) && *items == [Err(Reason::NotTheDecidedValue)]
    };
    assert!(world.nodes[1].received.iter().any(is_refused));
    world.assert_no_vote_missed(SLOT..SLOT + 1);
}
