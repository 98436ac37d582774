//! Validator clients that are late, wrong, or ask for the impossible.

use duty::{Duty, DutyKind, Question, Reason, Submission};
use eth::{CommitteeIndex, SignatureBytes, SingleAttestation, Slot, ValidatorIndex};

use sim::world::client::{Asked, Client};
use sim::world::{Settings, World, attesting, proposing};

/// What became of what the client handed in; of the head it may think what it likes.
fn results(world: &World, node: usize) -> Vec<Result<(), Reason>> {
    let received = world.nodes[node].received.iter();
    let agreed = received.filter(|(what, _)| !matches!(what, Asked::SyncMessages(_)));
    agreed.flat_map(|(_, items)| items.clone()).collect()
}

#[test]
fn a_client_that_signs_something_else_is_refused_and_nothing_leaves() {
    let mut world = World::new(Settings::default());
    world.nodes[1].client = Client::SignsSomethingElse;
    world.run_until_slot(10);
    assert!(!results(&world, 1).is_empty());
    assert!(results(&world, 1).iter().all(|result| *result == Err(Reason::NotTheDecidedValue)));
    assert_eq!(world.checks.releases(1), 0);
    world.assert_nothing_missed(0..9);
}

#[test]
fn a_client_with_anothers_share_is_refused_and_nothing_leaves() {
    let mut world = World::new(Settings::default());
    world.nodes[1].client = Client::WrongShare;
    world.run_until_slot(10);
    assert!(results(&world, 1).iter().all(|result| *result == Err(Reason::WrongSignature)));
    let refused = |what| {
        world.nodes[1].refusals.iter().any(|(_, of, why)| (*of, *why) == (what, Reason::WrongSignature))
    };
    assert!(refused(Asked::Block(Slot(4))), "a wrong RANDAO reveal is no good either");
    assert!(world.nodes[1].sent_partials.is_empty());
    world.assert_nothing_missed(0..9);
}

#[test]
fn a_late_client_is_still_heard() {
    let settings = Settings { propose_every: 0, sync_members: 0, ..Settings::default() };
    let mut world = World::new(settings);
    world.nodes[1].client = Client::Absent;
    world.nodes[2].client = Client::Late(15_000);
    world.run_until_slot(7);
    world.assert_nothing_missed(0..4);
}

#[test]
fn one_bad_item_never_drops_the_batch() {
    let mut world = World::new(Settings { validators: 24, propose_every: 0, ..Settings::default() });
    world.nodes[0].client = Client::Absent;
    world.run_until(world.at(9, 6_000));
    let data = world.chain.attestation_data(Slot(9), &world.nodes[0].beacon);
    let good = world.attestations(0, data);
    assert_eq!(good.len(), 3);
    let mut other_slot = good[0];
    other_slot.data.slot = Slot(8);
    let nobody = SingleAttestation { attester_index: ValidatorIndex(9), ..good[0] };
    let wrong = SingleAttestation { signature: SignatureBytes([1; 96]), ..good[1] };
    let mut other_head = good[1];
    other_head.data.beacon_block_root.0[0] ^= 1;
    let batch = vec![other_slot, nobody, good[0], wrong, other_head, good[2], good[1]];
    world.hand_in(0, Asked::Attestation(Slot(9)), Submission::Attestations(batch));
    world.run_until_slot(10);
    assert_eq!(
        results(&world, 0),
        [
            Err(Reason::NotOurDuty),
            Err(Reason::NotOurDuty),
            Ok(()),
            Err(Reason::WrongSignature),
            Err(Reason::NotTheDecidedValue),
            Ok(()),
            Ok(()),
        ]
    );
    let sent = world.nodes[0].sent_partials.iter().filter(|(_, set)| set.duty == attesting(9));
    let sent: usize = sent.map(|(_, set)| set.partials.len()).sum();
    assert_eq!(sent, 3, "what is good leaves, though the first item is bad");
}

#[test]
fn a_request_ends_with_a_reason_at_its_deadline() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(8);
    world.partition(&[]);
    world.run_until_slot(12);
    for node in &world.nodes {
        let ended = |asked, at, why| node.refusals.contains(&(at, asked, why));
        // A proposal is over 5/12 into its slot; attestation data is worth waiting for until two slots later.
        assert!(
            ended(Asked::Block(Slot(8)), world.at(8, 5_000), Reason::RandaoIncomplete),
            "{:?}",
            node.refusals
        );
        assert!(
            ended(Asked::Attestation(Slot(8)), world.at(10, 0), Reason::Undecided),
            "{:?}",
            node.refusals
        );
        assert!(
            ended(Asked::Attestation(Slot(9)), world.at(11, 0), Reason::Undecided),
            "{:?}",
            node.refusals
        );
    }
    world.assert_nobody_waits();
}

#[test]
fn duties_of_other_slots_are_refused() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(20, 6_000));
    let ask = |world: &mut World, slot: u64| {
        world.nodes[0].refusals.clear();
        let question = Question::AttestationData { slot: Slot(slot), committee: CommitteeIndex(0) };
        world.put(0, Asked::Attestation(Slot(slot)), question);
        world.nodes[0].refusals.last().map(|(_, _, reason)| *reason)
    };
    assert_eq!(ask(&mut world, 22), Some(Reason::TooEarly));
    assert_eq!(ask(&mut world, u64::MAX), Some(Reason::TooEarly));
    assert_eq!(ask(&mut world, 21), None, "the next slot is not too early: the request waits");
    assert_eq!(ask(&mut world, 20), None, "this slot is decided");
    assert_eq!(ask(&mut world, 11), Some(Reason::Expired));
    assert_eq!(ask(&mut world, 0), Some(Reason::Expired));
}

#[test]
fn duties_of_nobody_are_refused_at_once() {
    let mut world = World::new(Settings { validators: 4, ..Settings::default() });
    world.run_until(world.at(4, 1_000));
    assert!(world.chain.attesters(Slot(4)).is_empty());
    for slot in [4, 5] {
        let question = Question::AttestationData { slot: Slot(slot), committee: CommitteeIndex(0) };
        world.put(0, Asked::Attestation(Slot(slot)), question);
    }
    let question = Question::Block { slot: Slot(5), randao_reveal: SignatureBytes([0; 96]) };
    world.put(0, Asked::Block(Slot(5)), question);
    let reasons: Vec<Reason> = world.nodes[0].refusals.iter().map(|(_, _, reason)| *reason).collect();
    assert_eq!(reasons, [Reason::NotOurDuty; 3]);
}

#[test]
fn signatures_for_slots_that_are_over_or_to_come_are_refused() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(20, 6_000));
    let data = world.chain.attestation_data(Slot(9), &world.nodes[0].beacon);
    let old = world.attestations(0, data);
    world.hand_in(0, Asked::Attestation(Slot(9)), Submission::Attestations(old));
    let data = world.chain.attestation_data(Slot(22), &world.nodes[0].beacon);
    let early = world.attestations(0, data);
    world.hand_in(0, Asked::Attestation(Slot(22)), Submission::Attestations(early));
    let last: Vec<_> = world.nodes[0].received.iter().rev().take(2).map(|(_, items)| items[0]).collect();
    assert_eq!(last, [Err(Reason::TooEarly), Err(Reason::Expired)]);
}

#[test]
fn clients_that_knew_nothing_of_a_duty_are_told_when_it_turns_out_to_be_nobodys() {
    let mut world = World::new(Settings { validators: 4, propose_every: 0, ..Settings::default() });
    world.run_until_slot(5);
    world.nodes[0].beacon.is_up = false;
    world.run_until(world.at(8, 1_000));
    let asked = Asked::Attestation(Slot(8));
    let question = Question::AttestationData { slot: Slot(8), committee: CommitteeIndex(0) };
    world.put(0, asked, question);
    let refused = |world: &World| world.nodes[0].refusals.iter().find(|(_, what, _)| *what == asked).copied();
    assert_eq!(refused(&world), None, "who knows");
    world.nodes[0].beacon.is_up = true;
    world.run_until(world.at(9, 500));
    assert!(
        matches!(refused(&world), Some((_, _, Reason::NotOurDuty))),
        "it need not wait until its deadline"
    );
}

#[test]
fn every_kind_of_duty_knows_whether_it_was_missed() {
    let mut world = World::new(Settings::default());
    world.nodes.iter_mut().for_each(|node| node.client = Client::Absent);
    world.run_until_slot(20);
    let why = |duty: Duty| {
        world.nodes[0].notices.iter().find_map(|(_, notice)| match notice {
            duty::Notice::Over(report) if report.duty == duty => Some(report.missed),
            _ => None,
        })
    };
    assert_eq!(why(attesting(8)), Some(Some(Reason::ValidatorClientSilent)));
    assert_eq!(why(proposing(8)), Some(Some(Reason::RandaoIncomplete)));
    assert_eq!(why(Duty::new(Slot(8), DutyKind::Randao)), None, "a reveal is no duty of its own");
}
