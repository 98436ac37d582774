//! Ledgers that cannot write, and histories that forbid.

use duty::Reason;
use eth::{Address, Root, Slot};
use slashing::{DutyId, Item, Kind, Request, Signable};

use sim::world::client::Asked;
use sim::world::{Disk, Settings, World, attesting, proposing};

#[test]
fn a_ledger_that_cannot_write_signs_nothing_and_resumes() {
    for disk in [Disk::Full, Disk::Gone] {
        let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
        world.run_until_slot(9);
        // Two of four: the cluster cannot complete anything without one of them.
        world.nodes[0].disk = disk;
        world.nodes[1].disk = disk;
        world.run_until_slot(10);
        let duty = attesting(9);
        assert!(
            !world.has_signed(0, duty) && !world.has_signed(1, duty),
            "nothing leaves before it is on disk"
        );
        world.nodes[0].disk = Disk::Good;
        world.nodes[1].disk = Disk::Good;
        world.run_until_slot(13);
        world.assert_no_vote_missed(9..10);
        world.assert_nothing_missed(10..12);
        assert!(world.has_signed(0, duty), "{disk:?}: the client was still waiting when the disk came back");
    }
}

#[test]
fn a_client_is_told_that_the_ledger_cannot_write() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until_slot(9);
    world.nodes[0].disk = Disk::Full;
    world.run_until_slot(12);
    let told = (world.at(11, 0), Asked::Attestation(Slot(9)), Reason::LedgerUnavailable);
    assert!(world.nodes[0].refusals.contains(&told), "{:?}", world.nodes[0].refusals);
    world.assert_nothing_missed(9..11);
}

#[test]
fn a_history_of_one_validator_costs_the_others_nothing() {
    let mut world = World::new(Settings { validators: 16, propose_every: 0, ..Settings::default() });
    world.run_until_slot(9);
    let [first, second, ..] = world.expected(9..10)[..] else { panic!("two attest in a slot") };
    for node in 0..4 {
        voted_before(&mut world, node, first.1.key, 1);
    }
    world.run_until_slot(11);
    assert!(!world.checks.is_published(first.0, first.1), "it would be slashed");
    assert!(world.checks.is_published(second.0, second.1));
    let missed = world.nodes[0].notices.iter().any(|(_, notice)| {
        matches!(notice, duty::Notice::SigningRefused { key: Some(key), .. } if *key == first.1.key)
    });
    assert!(missed, "the refusal names the validator");
}

#[test]
fn what_a_node_signed_before_it_does_not_sign_otherwise() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(8);
    let proposer = world.chain.proposer(Slot(8)).expect("one of ours proposes").key;
    let attester = world.expected(9..10)[0].1.key;
    for node in 0..3 {
        let slot = Slot(8);
        let item = Item { key: proposer, what: Signable::Block { slot }, signing_root: Root([1; 32]) };
        let request = Request { duty: DutyId { slot, kind: Kind::Block }, items: vec![item] };
        drop(world.ledger(node).permit(request).expect("the disk is good"));
        voted_before(&mut world, node, attester, 1);
    }
    world.run_until_slot(11);
    assert!(world.refused(0, proposing(8)).contains(&Reason::WouldBeSlashable));
    assert!(world.refused(0, attesting(9)).contains(&Reason::WouldBeSlashable));
    assert!(
        (0..3).all(|node| !world.has_signed(node, proposing(8)) && !world.has_signed(node, attesting(9)))
    );
    world.assert_nothing_missed(10..11);
}

#[test]
fn a_majority_cannot_make_a_node_pay_a_stranger() {
    let stranger = Address([5; 20]);
    let mut world = World::new(Settings::default());
    for node in 1..4 {
        world.crash(node);
        world.nodes[node].fee_recipient = stranger;
        world.nodes[node].beacon.fee_recipient = stranger;
        world.start(node);
    }
    world.run_until_slot(9);
    assert!(world.decided_in(0, proposing(8)).is_some(), "three of four decide");
    assert!(!world.has_signed(0, proposing(8)), "and still this node does not sign");
    let told = world.nodes[0]
        .refusals
        .iter()
        .any(|(_, what, why)| (*what, *why) == (Asked::Block(Slot(8)), Reason::WrongFeeRecipient));
    assert!(told, "{:?}", world.nodes[0].refusals);
}

/// The node's ledger remembers another vote of the validator for that target.
fn voted_before(world: &mut World, node: usize, key: cluster::GroupKey, target: u64) {
    let what = Signable::Attestation { source: eth::Epoch(target - 1), target: eth::Epoch(target) };
    let item = Item { key, what, signing_root: Root([1; 32]) };
    let duty = DutyId { slot: Slot(8), kind: Kind::Attestation };
    let permit = world.ledger(node).permit(Request { duty, items: vec![item] });
    assert_eq!(permit.expect("the disk is good").granted().len(), 1);
}
