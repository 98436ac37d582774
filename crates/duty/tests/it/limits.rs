//! What an engine holds, over days and under attack.

use duty::{Holdings, Input, Question, Reason};
use eth::{CommitteeIndex, Slot};

use sim::world::client::{Asked, Client};
use sim::world::lies::Lie;
use sim::world::{Settings, World, attesting, leader};

fn holdings(world: &World) -> Holdings {
    world.nodes[0].engine.as_ref().expect("it runs").holdings()
}

fn most(a: Holdings, b: Holdings) -> Holdings {
    Holdings {
        epochs: a.epochs.max(b.epochs),
        agreements: a.agreements.max(b.agreements),
        values: a.values.max(b.values),
        collections: a.collections.max(b.collections),
        partials: a.partials.max(b.partials),
        requests: a.requests.max(b.requests),
        jobs: a.jobs.max(b.jobs),
        sightings: a.sightings.max(b.sightings),
    }
}

#[test]
fn memory_is_bounded_by_duties_alive() {
    // Everybody aggregates, so that every epoch is like the other.
    let mut world = World::new(Settings { committee_length: 31, ..Settings::default() });
    let mut by_epoch = Vec::new();
    for epoch in 0..7 {
        let mut peak = Holdings::default();
        for half_slot in 0..16 {
            world.run_until(world.at(epoch * 8 + half_slot / 2, half_slot as i64 % 2 * 6_000 + 5));
            peak = most(peak, holdings(&world));
        }
        by_epoch.push(peak);
    }
    for peak in by_epoch {
        assert!(peak.epochs <= 4 && peak.agreements <= 24, "{peak:?}");
        assert_eq!(peak.values, peak.agreements, "of a decided duty only the decision is kept");
        // Four shares of: an attestation and an aggregate of each slot of an epoch; a proof for each of them of four
        // epochs, and four proofs as sync committee members of two; and what two slots have beside.
        assert!(peak.partials <= 4 * (2 * 10 + 4 * 8 + 4 * 18 + 2 * 9), "{peak:?}");
    }
}

#[test]
fn a_cluster_without_a_quorum_holds_no_more_than_an_epoch() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(2);
    world.crash(1);
    world.crash(2);
    let mut by_epoch = Vec::new();
    for epoch in 1..7 {
        world.run_until(world.at(epoch * 8 + 7, 11_000));
        by_epoch.push(holdings(&world));
    }
    assert_eq!(by_epoch[3], by_epoch[4]);
    assert_eq!(by_epoch[4], by_epoch[5]);
}

#[test]
fn requests_beyond_the_limit_are_refused_and_none_is_lost() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until_slot(9);
    for _ in 0..5_000 {
        let question = Question::AttestationData { slot: Slot(9), committee: CommitteeIndex(0) };
        world.put(0, Asked::Attestation(Slot(9)), question);
    }
    assert_eq!(holdings(&world).requests, 4_096);
    assert_eq!(world.nodes[0].refusals.len(), 5_000 - 4_096);
    world.run_until_slot(12);
    world.assert_nobody_waits();
}

#[test]
fn questions_for_selections_beyond_the_limit_are_refused_and_none_is_lost() {
    let mut world = World::new(Settings { sync_members: 0, ..Settings::default() });
    world.nodes.iter_mut().for_each(|node| node.client = Client::Absent);
    world.run_until(world.at(1, 500));
    let duty = world.chain.attesters(Slot(9))[0];
    let selection = world.selection(0, &duty);
    for _ in 0..5_000 {
        let what = Asked::CommitteeSelections(eth::Epoch(1));
        world.put(0, what, Question::CommitteeSelections(vec![selection]));
    }
    assert_eq!(holdings(&world).jobs, 4_096);
    assert_eq!(world.nodes[0].refusals.len(), 5_000 - 4_096);
    world.run_until_slot(2);
    assert_eq!(holdings(&world).requests, 0, "they were held, and ended without a proof");
    assert_eq!(world.nodes[0].refusals.len(), 5_000);
    assert_eq!(world.nodes[0].sent_partials.len(), 1, "the same proof leaves once");
}

#[test]
fn a_connection_that_flaps_draws_out_one_answer_each_time_it_comes_up() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(9, 8_000));
    let sent = world.nodes[0].sent_partials.len();
    for _ in 0..10 {
        world.inject(0, Input::Connected(sim::world::index(1)));
    }
    assert_eq!(world.nodes[0].sent_partials.len(), sent, "a connection that stands already is no news");
}

#[test]
fn of_a_decided_duty_only_the_decision_is_kept() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    let duty = attesting(9);
    world.run_until_slot(9);
    world.nodes[leader(duty, 1, 4)].lie = Some(Lie::WrongTarget);
    world.run_until(world.at(9, 11_000));
    assert!((0..4).all(|node| world.decided_in(node, duty) > Some(1)));
    for node in &world.nodes {
        let held = node.engine.as_ref().expect("it runs").holdings();
        assert_eq!(held.values, held.agreements, "the lie is forgotten");
    }
}

#[test]
fn a_client_does_not_wait_for_workers_that_lose_their_jobs() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(8);
    world.nodes[0].workers_are_lost = true;
    world.run_until_slot(28);
    world.assert_nobody_waits();
    let told = |asked| {
        world.nodes[0].refusals.iter().any(|(_, what, why)| (*what, *why) == (asked, Reason::Expired))
    };
    assert!(told(Asked::Block(Slot(8))));
    let expired = world.nodes[0].received.iter().filter(|(_, items)| items.contains(&Err(Reason::Expired)));
    assert!(expired.count() > 5, "submissions end too, item by item");
    // What was to be combined is forgotten with its duty: five and seven proofs a slot live two epochs.
    assert!(holdings(&world).jobs < 18 * (5 + 7), "{:?}", holdings(&world));
    world.assert_nothing_missed(8..18);
}
