//! Selection proofs: partial ones in, complete ones out.

use duty::{DutyKind, PartialSet, Question, Reason, Signed};
use eth::{AggregatorQuery, CommitteeIndex, Epoch, Slot, SubcommitteeIndex, ValidatorIndex};

use sim::world::chain::validator_index;
use sim::world::client::{Asked, Client};
use sim::world::{Settings, World, of_kind};

/// A world in which clients ask for selections only when they are told to.
fn on_demand(settings: Settings) -> World {
    let mut world = World::new(Settings { sync_members: 0, ..settings });
    world.nodes.iter_mut().for_each(|node| node.client = Client::Absent);
    world.run_until(world.at(0, 1_000));
    world
}

/// The proof that the validator on duty in the slot has for it, as the client knows it.
fn known_proofs(world: &World, node: usize) -> usize {
    world.nodes[node].memory.selections.len()
}

const EPOCH: Asked = Asked::CommitteeSelections(Epoch(1));

fn ask(world: &mut World, node: usize, slots: std::ops::Range<u64>) {
    let on_duty = slots.flat_map(|slot| world.chain.attesters(Slot(slot)));
    let selections = on_duty.map(|duty| world.selection(node, &duty)).collect();
    world.put(node, EPOCH, Question::CommitteeSelections(selections));
}

fn refusals(world: &World, node: usize) -> Vec<(i64, Reason)> {
    let refusals = world.nodes[node].refusals.iter();
    refusals.map(|(at, _, reason)| ((at.0 - world.at(0, 0).0) / 1_000_000, *reason)).collect()
}

#[test]
fn a_question_is_held_until_all_its_proofs_are_complete() {
    let mut world = on_demand(Settings::default());
    ask(&mut world, 0, 8..16);
    ask(&mut world, 1, 8..16);
    world.run_until(world.at(0, 2_000));
    assert_eq!(known_proofs(&world, 0), 0, "two shares are not enough");
    ask(&mut world, 2, 8..12);
    world.run_until(world.at(0, 3_000));
    assert_eq!((known_proofs(&world, 0), known_proofs(&world, 2)), (0, 4), "half of the proofs is not all");
    ask(&mut world, 2, 12..16);
    world.run_until(world.at(0, 4_000));
    assert_eq!((known_proofs(&world, 0), known_proofs(&world, 1)), (8, 8));
    assert!((0..4).all(|node| world.nodes[node].refusals.is_empty()));
}

#[test]
fn the_same_question_is_answered_from_memory() {
    let mut world = on_demand(Settings::default());
    (0..3).for_each(|node| ask(&mut world, node, 8..16));
    world.run_until(world.at(0, 2_000));
    world.partition(&[]);
    world.run_until(world.at(6, 0));
    world.nodes[0].memory.selections.clear();
    ask(&mut world, 0, 8..16);
    assert_eq!(known_proofs(&world, 0), 8, "at once, and though nobody else is there");
    // Nobody asked on node 3, but the peers' partial signatures are there, and complete.
    ask(&mut world, 3, 8..16);
    assert_eq!(known_proofs(&world, 3), 8);
}

#[test]
fn in_time_a_question_is_answered_with_what_is_there() {
    let mut world = on_demand(Settings::default());
    ask(&mut world, 0, 8..16);
    ask(&mut world, 1, 8..16);
    ask(&mut world, 2, 8..9);
    world.run_until(world.at(0, 9_900));
    assert_eq!(known_proofs(&world, 0), 0);
    world.run_until(world.at(0, 10_100));
    assert_eq!(known_proofs(&world, 0), 1, "three quarters of a slot after the question");
    assert!(world.nodes[0].refusals.is_empty());
}

#[test]
fn a_question_without_any_complete_proof_is_refused_in_time() {
    let mut world = on_demand(Settings::default());
    ask(&mut world, 0, 8..16);
    ask(&mut world, 1, 8..16);
    world.run_until_slot(1);
    for node in [0, 1] {
        let [(at_ms, Reason::SelectionsMissing)] = refusals(&world, node)[..] else {
            panic!("{:?}", refusals(&world, node))
        };
        assert!((10_000..10_100).contains(&at_ms), "{at_ms}");
    }
}

#[test]
fn clients_may_ask_for_one_proof_at_a_time() {
    let settings = Settings { one_selection_per_request: true, validators: 16, ..Settings::default() };
    let mut world = World::new(settings);
    world.run_until_slot(12);
    world.assert_nothing_missed(0..10);
    world.assert_nobody_waits();
    assert!(world.nodes.iter().all(|node| node.refusals.is_empty()));
}

#[test]
fn who_aggregates_is_told_from_the_complete_proof() {
    let settings = Settings { validators: 64, ..Settings::default() };
    let mut world = on_demand(settings);
    let slots = || (8..16).map(Slot);
    let on_duty: Vec<_> = slots().flat_map(|slot| world.chain.attesters(slot)).collect();
    let aggregators: Vec<_> = slots().flat_map(|slot| world.chain.aggregators(slot)).collect();
    let expected: Vec<bool> = on_duty.iter().map(|duty| aggregators.contains(duty)).collect();
    assert!(expected.contains(&true) && expected.contains(&false));
    let asked = |world: &World, node| {
        let query = |duty: &eth::AttesterDuty| AggregatorQuery {
            validator_index: duty.validator_index,
            committee_index: duty.committee_index,
            committees_at_slot: duty.committees_at_slot,
            slot: duty.slot,
            slot_signature: world.selection(node, duty).selection_proof,
        };
        on_duty.iter().map(query).collect::<Vec<_>>()
    };
    // The next epoch's committees are told two slots before it begins.
    world.run_until_slot(7);
    for node in 0..4 {
        let queries = asked(&world, node);
        world.put(node, EPOCH, Question::Aggregators(queries));
    }
    world.run_until_slot(8);
    for node in &world.nodes {
        assert_eq!(node.verdicts, [(EPOCH, expected.clone())]);
    }
    let mut elsewhere = asked(&world, 0);
    for query in &mut elsewhere {
        query.committee_index = CommitteeIndex((query.committee_index.0 + 1) % 4);
    }
    world.put(0, EPOCH, Question::Aggregators(elsewhere));
    let (_, verdicts) = world.nodes[0].verdicts.last().expect("it is answered from memory");
    assert!(!verdicts.contains(&true), "nobody aggregates in a committee that is not its own");
}

#[test]
fn a_bad_item_costs_the_others_nothing() {
    let mut world = on_demand(Settings::default());
    for node in 0..3 {
        let on_duty: Vec<_> = (8..12).flat_map(|slot| world.chain.attesters(Slot(slot))).collect();
        let mut items: Vec<_> = on_duty.iter().map(|duty| world.selection(node, duty)).collect();
        let mut nobodys = items[0];
        nobodys.validator_index = ValidatorIndex(7);
        let mut early = items[0];
        early.slot = Slot(24);
        let mut wrong = items[3];
        wrong.selection_proof.0[0] ^= 1;
        items[3] = wrong;
        items.extend([nobodys, early]);
        world.put(node, EPOCH, Question::CommitteeSelections(items));
    }
    world.run_until(world.at(0, 2_000));
    assert!((0..3).all(|node| known_proofs(&world, node) == 3), "the good ones are there at once");
    assert!((0..4).all(|node| world.faults(node).is_empty()), "what is wrong never left");
}

#[test]
fn a_client_with_anothers_share_is_told_and_the_others_go_on() {
    let mut world = on_demand(Settings::default());
    world.nodes[1].client = Client::WrongShare;
    (0..4).for_each(|node| ask(&mut world, node, 8..16));
    world.run_until(world.at(0, 2_000));
    let [(_, Reason::WrongSignature)] = refusals(&world, 1)[..] else { panic!("{:?}", refusals(&world, 1)) };
    assert!(world.nodes[1].sent_partials.is_empty());
    assert!([0, 2, 3].into_iter().all(|node| known_proofs(&world, node) == 8));
}

#[test]
fn questions_about_nobody_about_slots_far_away_or_about_subcommittees_that_are_none_are_refused() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(40, 1_000));
    let duty = world.chain.attester(0, Slot(41));
    let ask = |world: &mut World, slot, validator_index| {
        let mut item = world.selection(0, &duty);
        (item.slot, item.validator_index) = (Slot(slot), validator_index);
        world.nodes[0].refusals.clear();
        world.put(0, EPOCH, Question::CommitteeSelections(vec![item]));
        world.nodes[0].refusals.last().map(|(_, _, reason)| *reason)
    };
    let ours = validator_index(0);
    assert_eq!(ask(&mut world, 64, ours), Some(Reason::TooEarly), "three epochs ahead");
    assert_eq!(ask(&mut world, u64::MAX, ours), Some(Reason::TooEarly));
    assert_eq!(ask(&mut world, 20, ours), Some(Reason::Expired), "more than two epochs ago");
    assert_eq!(ask(&mut world, 41, ValidatorIndex(7)), Some(Reason::NotOurDuty));
    let mut item = world.sync_selections(0, Slot(40))[0];
    item.subcommittee_index = SubcommitteeIndex(4);
    world.nodes[0].refusals.clear();
    world.put(0, EPOCH, Question::SyncSelections(vec![item]));
    assert_eq!(world.nodes[0].refusals.last().map(|(_, _, reason)| *reason), Some(Reason::WrongCommittee));
    world.put(0, EPOCH, Question::CommitteeSelections(vec![]));
    assert_eq!(world.nodes[0].refusals.len(), 1, "nothing is asked, nothing is refused");
}

#[test]
fn what_a_validator_signs_for_two_subcommittees_travels_apart() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(10);
    let [.., member] = &world.chain.signing_members(Slot(9))[..] else { panic!("three are members") };
    assert_eq!(member.subcommittees.len(), 2);
    for kind in [DutyKind::PrepareSyncContribution, DutyKind::SyncContribution] {
        for node in &world.nodes {
            let sent = node.sent_partials.iter().map(|(_, set)| set);
            let of_member: Vec<&PartialSet> = sent
                .filter(|set| set.duty == of_kind(9, kind) && set.partials.contains_key(&member.key))
                .collect();
            let subcommittee = |set: &&PartialSet| match &set.partials[&member.key].signed {
                Signed::SyncSelection { data, .. } => data.subcommittee_index,
                Signed::Contribution(contribution) => contribution.subcommittee_index(),
                other => panic!("{other:?}"),
            };
            let mut subcommittees: Vec<_> = of_member.iter().map(subcommittee).collect();
            subcommittees.sort();
            assert!(subcommittees.into_iter().eq(member.subcommittees.iter().copied()), "{kind}");
        }
    }
}
