//! Aggregates: agreed on by those whose complete selection proofs say so, one value for all committees of a slot.

use std::sync::Arc;

use cluster::GroupKey;
use duty::{ConsensusMessage, Content, Duty, DutyKind, Input, Notice, Question, Reason};
use eth::{CommitteeIndex, Container, Preset, Slot};
use qbft::{Draft, Kind, Round};

use sim::world::beacon::{aggregate, value};
use sim::world::client::{Asked, Client};
use sim::world::lies::Lie;
use sim::world::{Settings, World, index, leader, of_kind};

/// Eight validators in each slot, two in each of four committees, and all aggregate.
fn crowded() -> Settings {
    Settings {
        validators: 64,
        committee_length: 31,
        propose_every: 0,
        sync_members: 0,
        ..Settings::default()
    }
}

fn aggregating(slot: u64) -> Duty {
    of_kind(slot, DutyKind::Aggregator)
}

fn why(world: &World, node: usize, duty: Duty) -> Vec<Option<Reason>> {
    let report = |(_, notice): &(_, Notice)| match notice {
        Notice::Over(report) if report.duty == duty => Some(report.missed),
        _ => None,
    };
    world.nodes[node].notices.iter().filter_map(report).collect()
}

#[test]
fn all_committees_of_a_slot_are_aggregated_at_once() {
    let mut world = World::new(crowded());
    world.run_until_slot(11);
    world.assert_nothing_missed(8..10);
    let seats = world.checks.published_seats(aggregating(9));
    assert_eq!(seats.len(), 8);
    for seat in seats {
        assert_eq!(world.checks.publishers(aggregating(9), seat), 4);
    }
    assert!((0..4).all(|node| world.decided_in(node, aggregating(9)) == Some(1)));
    assert!((0..4).all(|node| world.nodes[node].refusals.is_empty()));
}

#[test]
fn only_those_aggregate_whose_complete_proof_says_so() {
    let mut world = World::new(Settings { validators: 64, propose_every: 0, ..Settings::default() });
    world.run_until_slot(18);
    world.assert_nothing_missed(8..16);
    let mut aggregators = 0;
    for slot in 8..16 {
        let expected = world.chain.aggregators(Slot(slot));
        assert_eq!(world.checks.published_seats(aggregating(slot)).len(), expected.len());
        aggregators += expected.len();
    }
    assert!((8..32).contains(&aggregators), "about one in four: {aggregators}");
}

/// A world in which the leader of the first round of the slot's aggregates lies.
fn lied_to(settings: Settings, duty: Duty, lie: Lie) -> World {
    let mut world = World::new(settings);
    let liar = leader(duty, 1, 4);
    world.checks.liars.insert(liar);
    world.run_until(world.at(duty.slot.0, 7_000));
    world.nodes[liar].lie = Some(lie);
    world.run_until_slot(duty.slot.0 + 1);
    world.nodes[liar].lie = None;
    world.run_until_slot(duty.slot.0 + 2);
    world
}

#[test]
fn a_leader_that_lies_about_aggregates_costs_a_round_never_a_duty() {
    let duty = aggregating(9);
    let lies = [
        (Lie::OmitsValidators, Reason::OmitsValidators),
        (Lie::ForeignValidator, Reason::ForeignValidator),
        (Lie::Thin, Reason::ThinAggregate),
        (Lie::OtherData, Reason::NotTheDecidedValue),
        (Lie::Different, Reason::AggregatesDiffer),
        (Lie::WrongSlot, Reason::WrongSlot),
        (Lie::Nothing, Reason::WrongKindOfValue),
    ];
    for (lie, reason) in lies {
        let world = lied_to(crowded(), duty, lie);
        world.assert_nothing_missed(9..10);
        for honest in (0..4).filter(|node| *node != leader(duty, 1, 4)) {
            assert_eq!(world.refused(honest, duty), [reason], "{lie:?}");
            assert!(world.decided_in(honest, duty) > Some(1), "{lie:?} is not decided");
        }
    }
}

#[test]
fn a_leader_that_names_who_is_not_selected_costs_a_round_never_a_duty() {
    let settings = Settings { validators: 64, propose_every: 0, sync_members: 0, ..Settings::default() };
    let chain = World::new(settings.clone()).chain;
    let some = |slot: &u64| (1..8).contains(&chain.aggregators(Slot(*slot)).len());
    let duty = aggregating((8..16).find(some).expect("some are selected, some are not"));
    let world = lied_to(settings, duty, Lie::NamesUnselected);
    world.assert_nothing_missed(duty.slot.0..duty.slot.0 + 1);
    for honest in (0..4).filter(|node| *node != leader(duty, 1, 4)) {
        assert_eq!(world.refused(honest, duty), [Reason::NotAnAggregator]);
        assert!(world.decided_in(honest, duty) > Some(1));
    }
}

#[test]
fn a_silent_leader_costs_a_round_never_an_aggregate() {
    let world = lied_to(crowded(), aggregating(9), Lie::Silence);
    world.assert_nothing_missed(9..10);
    assert_eq!(world.decided_in(leader(aggregating(9), 2, 4), aggregating(9)), Some(2));
}

#[test]
fn a_leader_whose_beacon_node_saw_few_votes_costs_a_round() {
    let mut world = World::new(crowded());
    let duty = aggregating(9);
    world.run_until_slot(9);
    world.nodes[leader(duty, 1, 4)].beacon.votes = 14;
    world.run_until_slot(11);
    world.assert_nothing_missed(9..10);
    assert_eq!(world.refused(leader(duty, 2, 4), duty), [Reason::ThinAggregate], "less than half of thirty");
    assert!(world.decided_in(0, duty) > Some(1));
}

#[test]
fn a_beacon_node_without_aggregates_costs_a_round_where_its_node_leads() {
    let mut world = World::new(crowded());
    world.run_until_slot(9);
    world.nodes[leader(aggregating(9), 1, 4)].beacon.aggregates = false;
    world.run_until_slot(12);
    world.assert_nothing_missed(9..11);
    assert!(world.decided_in(0, aggregating(9)) > Some(1));
}

#[test]
fn where_no_beacon_node_has_aggregates_the_report_says_so() {
    let mut world = World::new(crowded());
    world.run_until_slot(9);
    world.nodes.iter_mut().for_each(|node| node.beacon.aggregates = false);
    world.run_until_slot(20);
    let whys = why(&world, 0, aggregating(9));
    assert_eq!(whys, [Some(Reason::BeaconNodeSilent); 8]);
    let asked = Asked::Aggregate(Slot(9), CommitteeIndex(0));
    assert!(world.nodes[0].refusals.contains(&(world.at(11, 0), asked, Reason::BeaconNodeSilent)));
    world.assert_nobody_waits();
}

#[test]
fn clients_that_never_prove_a_selection_are_reported() {
    let mut world = World::new(Settings { propose_every: 0, sync_members: 0, ..Settings::default() });
    world.nodes[1].client = Client::Absent;
    world.nodes[2].client = Client::Absent;
    world.run_until_slot(12);
    let proving = of_kind(9, DutyKind::PrepareAggregator);
    assert_eq!(why(&world, 0, proving), [Some(Reason::PartialsMissing)]);
    assert_eq!(why(&world, 1, proving), [Some(Reason::ValidatorClientSilent)]);
    assert_eq!(why(&world, 0, aggregating(9)), [], "nobody knows who aggregates");
    // A client that asks all the same is told the reason in time.
    world.run_until(world.at(12, 8_000));
    ask(&mut world, 0, 12);
    world.run_until_slot(15);
    assert!(world.nodes[0].refusals.contains(&(
        world.at(14, 0),
        Asked::Aggregate(Slot(12), CommitteeIndex(0)),
        Reason::SelectionsMissing
    )));
    world.assert_nobody_waits();
}

/// Asks for the aggregate of the first validator on duty.
fn ask(world: &mut World, node: usize, slot: u64) {
    let slot = Slot(slot);
    let committee = world.chain.attesters(slot)[0].committee_index;
    let data_root = world.chain.attestation_data(slot, &world.nodes[node].beacon).root();
    let question = Question::Aggregate { slot, data_root, committee };
    world.put(node, Asked::Aggregate(slot, CommitteeIndex(0)), question);
}

#[test]
fn questions_for_what_nobody_aggregates_end_with_the_reason() {
    let mut world = World::new(Settings { propose_every: 0, sync_members: 0, ..Settings::default() });
    let nobody = (8..16).find(|slot| world.chain.aggregators(Slot(*slot)).is_empty());
    let nobody = nobody.expect("not everybody is selected");
    world.run_until(world.at(nobody, 8_000));
    ask(&mut world, 0, nobody);
    world.run_until_slot(nobody + 3);
    let [(at, _, Reason::NotAnAggregator)] = world.nodes[0].refusals[..] else {
        panic!("{:?}", world.nodes[0].refusals)
    };
    assert_eq!(at, world.at(nobody + 2, 0));
}

#[test]
fn a_decided_aggregate_is_given_for_its_own_committee_and_data_only() {
    let mut world = World::new(crowded());
    world.run_until(world.at(9, 9_000));
    let slot = Slot(9);
    let data_root = world.chain.attestation_data(slot, &world.nodes[0].beacon).root();
    let mut refused = |data_root, committee| {
        world.nodes[0].refusals.clear();
        let what = Asked::Aggregate(slot, CommitteeIndex(committee));
        world.put(0, what, Question::Aggregate { slot, data_root, committee: CommitteeIndex(committee) });
        world.nodes[0].refusals.last().map(|(_, _, reason)| *reason)
    };
    assert_eq!(refused(data_root, 3), None);
    assert_eq!(refused(data_root, 4), Some(Reason::NotTheDecidedValue));
    assert_eq!(refused(eth::Root([1; 32]), 3), Some(Reason::NotTheDecidedValue));
}

#[test]
fn a_proof_that_is_not_the_validators_is_refused() {
    let mut world = World::new(crowded());
    world.nodes[0].client = Client::Absent;
    world.run_until(world.at(9, 9_000));
    // The client skipped the selections, and hands in an aggregate with a proof of its own making.
    let duty = world.chain.aggregators(Slot(9))[0];
    let (_, set) = world.nodes[1]
        .sent_partials
        .iter()
        .find(|(_, set)| set.duty == aggregating(9) && set.partials.contains_key(&GroupKey(duty.pubkey)))
        .expect("node 1 signed");
    let duty::Signed::Aggregate(right) = set.partials[&GroupKey(duty.pubkey)].signed.clone() else {
        panic!("it is an aggregate")
    };
    let key = GroupKey(duty.pubkey);
    let hand_in = |world: &mut World, proof| {
        let message = eth::AggregateAndProof::new(duty.validator_index, right.aggregate(), proof);
        let root = duty::Signed::Aggregate(message.clone().into()).signing_root(&world.spec);
        let signed = message.sign(world.client_signs(0, &key, root));
        let what = Asked::Aggregate(Slot(9), duty.committee_index);
        world.hand_in(0, what, duty::Submission::Aggregates(vec![signed]));
        world.run_until(world.now.plus_ms(100));
        world.nodes[0].received.last().expect("it is answered").1.clone()
    };
    assert_eq!(hand_in(&mut world, eth::SignatureBytes([5; 96])), [Err(Reason::WrongSignature)]);
    assert_eq!(hand_in(&mut world, right.selection_proof()), [Ok(())]);
}

#[test]
fn a_majority_cannot_make_a_node_sign_two_aggregates_of_one_committee() {
    let mut world = World::new(crowded());
    let duty = aggregating(9);
    world.checks.liars.extend([1, 2, 3]);
    world.run_until(world.at(9, 7_900));
    let data = world.chain.attestation_data(Slot(9), &world.nodes[0].beacon);
    let different = |(place, duty): (usize, &eth::AttesterDuty)| {
        let bits = (0..31).map(|vote| vote <= place).collect();
        (GroupKey(duty.pubkey), aggregate(Preset::Minimal, data, duty.committee_index, bits))
    };
    let set = world.chain.aggregators(Slot(9)).iter().enumerate().map(different).collect();
    let value = value(Content::Aggregator(Arc::new(set)));
    let vote = |kind, peer, justification| {
        let (round, value) = (Round::FIRST, Some(value.hash));
        let draft = Draft { kind, round, value, prepared_round: 0, prepared_value: None, justification };
        draft.signed(index(peer), Arc::from([]))
    };
    let commits = (1..4).map(|peer| vote(Kind::Commit, peer, vec![])).collect();
    let message = vote(Kind::Decided, 1, commits);
    world.inject(0, Input::Consensus(ConsensusMessage { duty, message, values: vec![value] }));
    world.run_until_slot(20);
    assert!(world.decided_in(0, duty).is_some() && !world.has_signed(0, duty));
    let told: Vec<Reason> = world.nodes[0].refusals.iter().map(|(_, _, reason)| *reason).collect();
    assert_eq!(told, [Reason::AggregatesDiffer; 4], "one question for each committee");
    let published = |why: &Option<Reason>| why.is_none();
    assert!(why(&world, 0, duty).iter().all(published), "it has the others' shares, and passes them on");
}
