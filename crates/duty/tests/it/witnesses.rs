//! A node whose ledger is not the one it wrote last: its peers know better, and it signs nothing they have seen.

use duty::{Ground, Marks, Notice, PartialSet, Reason, VoteMark, Watermark};
use eth::{Epoch, Slot};
use sim::byzantine::{Program, Scene, Sent};
use sim::world::network::Parcel;
use sim::world::{Settings, World, attesting};
use slashing::MemoryStore;

const NODE: usize = 2;

/// Somebody blocks in every slot, so that blocks are seen, too.
fn world(seed: u64) -> World {
    World::new(Settings { seed, propose_every: 1, ..Settings::default() })
}

/// The node goes down and comes back with that disk half a second later.
fn comes_back_with(world: &mut World, disk: MemoryStore) {
    world.crash(NODE);
    world.restore(NODE, disk);
    world.run_until(world.now.plus_ms(500));
    world.start(NODE);
}

fn behind(world: &World, node: usize) -> Option<(usize, Watermark, Vec<u8>)> {
    world.nodes[node].notices.iter().find_map(|(_, notice)| match notice {
        Notice::LedgerBehind { validators, seen, peers, .. } => {
            Some((*validators, *seen, peers.iter().map(|peer| peer.0).collect()))
        }
        _ => None,
    })
}

fn ground(world: &World, node: usize) -> Option<Ground> {
    world.nodes[node].notices.iter().rev().find_map(|(_, notice)| match notice {
        Notice::LedgerTrusted(ground) => Some(ground.clone()),
        _ => None,
    })
}

/// Whether a mark of the set is new to what was sent before.
fn is_above(set: &PartialSet, before: &Marks) -> bool {
    let marks = sim::world::marks(set);
    marks.iter().all(|(key, mark)| {
        let known = before.get(key).copied().unwrap_or_default();
        known.vote < mark.vote && mark.vote.is_some() || known.block < mark.block
    })
}

/// From that parcel on the node signed nothing that its peers could have seen before.
fn assert_signs_only_new(world: &World, parcels: usize, before: &Marks) {
    let sets = world.nodes[NODE].sent_partials[parcels..].iter().map(|(_, set)| set);
    for set in sets.filter(|set| set.duty.kind.is_slashable()) {
        assert!(is_above(set, before), "seed {}: {} was signed again", world.settings.seed, set.duty);
    }
}

#[test]
fn a_node_with_an_older_copy_of_its_ledger_signs_nothing_its_peers_have_seen_and_says_so() {
    for seed in 1..=6 {
        let mut world = world(seed);
        world.run_until_slot(12);
        let copy = world.backup(NODE);
        world.run_until(world.at(21, 6_000));
        let (sent, before) = (world.nodes[NODE].sent_partials.len(), world.sent_marks(NODE));
        comes_back_with(&mut world, copy);
        world.run_until_slot(40);
        let (validators, seen, peers) = behind(&world, NODE).expect("it says so");
        assert!(validators > 0 && !peers.is_empty(), "seed {seed}");
        assert_eq!(seen.vote.map(|vote| vote.target), Some(Epoch(2)), "seed {seed}");
        assert_signs_only_new(&world, sent, &before);
        assert!(world.has_signed(NODE, attesting(33)), "seed {seed}: it goes on above that");
        world.assert_nothing_missed(25..38);
    }
}

#[test]
fn a_node_with_an_empty_disk_signs_nothing_its_peers_have_seen_and_says_so() {
    let mut world = world(3);
    world.run_until(world.at(20, 6_000));
    let (sent, before, empty) =
        (world.nodes[NODE].sent_partials.len(), world.sent_marks(NODE), world.empty_disk());
    comes_back_with(&mut world, empty);
    world.run_until_slot(40);
    assert_eq!(behind(&world, NODE).map(|(validators, ..)| validators), Some(8));
    assert_signs_only_new(&world, sent, &before);
    assert!(world.has_signed(NODE, attesting(33)));
}

#[test]
fn a_clean_restart_is_trusted_within_a_second_and_never_an_alarm() {
    for seed in 1..=16 {
        let lossy =
            Settings { duplicated: 20, lost: if seed % 2 == 0 { 5 } else { 0 }, ..Settings::default() };
        let mut world = World::new(Settings { seed, propose_every: 2, ..lossy });
        let seed = i64::try_from(seed).expect("small");
        for (slot, node) in [(9, 0), (13, 1), (17, 2), (19, 2)] {
            world.run_until(world.at(slot, (seed * 977) % 11_900));
            world.crash(node);
            world.run_until(world.now.plus_ms(400 + seed * 10));
            world.start(node);
            let started = world.now;
            world.run_until(world.now.plus_ms(1_900));
            let trusted = world.nodes[node].notices.iter().rev().find_map(|(at, notice)| {
                matches!(notice, Notice::LedgerTrusted(Ground::Peers(_))).then_some(*at)
            });
            if seed % 2 == 1 {
                let waited_ms = trusted.map(|at| (at.0 - started.0) / 1_000_000);
                assert!(waited_ms.is_some_and(|ms| ms < 1_000), "seed {seed}, node {node}: {waited_ms:?}");
            }
        }
        world.run_until_slot(30);
        for node in 0..4 {
            assert_eq!(world.nodes[node].engine.as_ref().and_then(|engine| engine.withholds()), None);
            let alarm = |notice: &Notice| {
                matches!(
                    notice,
                    Notice::LedgerBehind { .. }
                        | Notice::RunsTwice { .. }
                        | Notice::PeerRunsTwice { .. }
                        | Notice::FalseTestimony(_)
                )
            };
            assert_eq!(world.when(node, alarm), None, "seed {seed}: a false alarm of node {node}");
        }
        if seed % 2 == 1 {
            world.assert_nothing_missed(21..28);
        }
    }
}

#[test]
fn a_node_that_can_ask_nobody_refuses_and_says_why() {
    let mut world = world(1);
    world.run_until(world.at(9, 6_000));
    let (sent, copy) = (world.nodes[NODE].sent_partials.len(), world.backup(NODE));
    world.partition(&[&[0, 1, 3]]);
    comes_back_with(&mut world, copy);
    world.run_until_slot(14);
    assert_eq!(
        world.nodes[NODE].engine.as_ref().and_then(|engine| engine.withholds()),
        Some(Reason::LedgerUnwitnessed)
    );
    assert_eq!(world.signed_since(NODE, sent), []);
    world.heal();
    world.run_until_slot(16);
    assert_eq!(world.nodes[NODE].engine.as_ref().and_then(|engine| engine.withholds()), None, "it can now");
    world.run_until_slot(20);
    world.assert_nothing_missed(15..19);
}

#[test]
fn what_a_withheld_decision_waited_for_is_the_reason_of_a_refusal() {
    let mut world = world(1);
    (0..4).filter(|node| *node != NODE).for_each(|node| world.nodes[node].witness.speaks = false);
    world.run_until(world.at(9, 6_000));
    let copy = world.backup(NODE);
    comes_back_with(&mut world, copy);
    world.run_until_slot(16);
    let refusals = &world.nodes[NODE].refusals;
    assert!(refusals.iter().any(|(_, _, reason)| *reason == Reason::LedgerUnwitnessed), "{refusals:?}");
}

#[test]
fn among_nodes_of_charon_signing_resumes_after_two_epochs_above_all_that_can_have_been_signed() {
    let mut world = world(5);
    for node in (0..4).filter(|node| *node != NODE) {
        world.nodes[node].witness.speaks = false;
        world.nodes[node].witness.trusts_ledger = true;
    }
    world.run_until_slot(12);
    let copy = world.backup(NODE);
    world.run_until(world.at(17, 6_000));
    let (sent, before) = (world.nodes[NODE].sent_partials.len(), world.sent_marks(NODE));
    comes_back_with(&mut world, copy);
    world.run_until(world.at(33, 6_400));
    assert_eq!(world.signed_since(NODE, sent), [], "two epochs have not passed");
    world.run_until_slot(37);
    assert_eq!(ground(&world, NODE), Some(Ground::Waited));
    assert_signs_only_new(&world, sent, &before);
    let signed = world.signed_since(NODE, sent);
    assert!(signed.contains(&Slot(34)) && signed.contains(&Slot(35)), "{signed:?}");
    assert_eq!(behind(&world, NODE), None, "nobody has seen anything");
}

#[test]
fn an_operator_who_vouches_for_the_ledger_need_not_wait() {
    let mut world = world(5);
    (0..4).for_each(|node| {
        world.nodes[node].witness.speaks = false;
        world.nodes[node].witness.trusts_ledger = true;
    });
    world.run_until(world.at(9, 6_000));
    let copy = world.backup(NODE);
    comes_back_with(&mut world, copy);
    world.run_until_slot(14);
    world.assert_nothing_missed(10..13);
    assert!(world.has_signed(NODE, attesting(10)));
}

/// Testimonies of the liar are what it likes.
#[derive(Debug)]
struct FalseWitness(Option<Watermark>);

impl Program for FalseWitness {
    fn sends(&mut self, _: &mut Scene<'_>, to: usize, mut parcel: Parcel, out: &mut Vec<Sent>) {
        if let Parcel::Testimony(testimony) = &mut parcel
            && testimony.seen.is_some()
        {
            let claim = |mark| sim::world::fake::keys(8).map(|key| (key, mark)).collect();
            testimony.seen = Some(self.0.map(claim).unwrap_or_default());
        }
        out.push(Sent { to, after_ms: 0, parcel });
    }
}

#[test]
fn a_liar_among_the_witnesses_cannot_hide_a_rollback() {
    for seed in 1..=4 {
        let mut world = world(seed);
        world.corrupt(0, Box::new(FalseWitness(None)));
        world.run_until_slot(12);
        let copy = world.backup(NODE);
        world.run_until(world.at(21, 6_000));
        let (sent, before) = (world.nodes[NODE].sent_partials.len(), world.sent_marks(NODE));
        // One of the honest peers is away, too.
        world.partition(&[&[0, 1, 2], &[0, 1, 3]]);
        comes_back_with(&mut world, copy);
        world.run_until_slot(30);
        assert_eq!(behind(&world, NODE).map(|(.., peers)| peers), Some(vec![1]), "seed {seed}");
        assert_signs_only_new(&world, sent, &before);
    }
}

#[test]
fn a_liar_among_the_witnesses_cannot_silence_a_node_beyond_the_running_epoch() {
    let far = VoteMark { source: Epoch(1 << 40), target: Epoch(1 << 40) };
    let far = Watermark { vote: Some(far), block: Some(Slot(1 << 40)) };
    let mut world = world(7);
    world.corrupt(0, Box::new(FalseWitness(Some(far))));
    world.run_until(world.at(17, 6_000));
    let copy = world.backup(NODE);
    comes_back_with(&mut world, copy);
    world.run_until_slot(34);
    assert_eq!(behind(&world, NODE).map(|(.., peers)| peers), Some(vec![0]), "it is told who claims that");
    let is_false = |notice: &Notice| matches!(notice, Notice::FalseTestimony(peer) if peer.0 == 0);
    assert!(world.when(NODE, is_false).is_some());
    for slot in 24..32 {
        assert!(world.has_signed(NODE, attesting(slot)), "slot {slot}");
    }
}

#[test]
fn what_witnesses_have_seen_survives_a_restart_of_the_whole_cluster() {
    let mut world = world(2);
    world.run_until_slot(12);
    let copy = world.backup(NODE);
    // What was seen is kept once a slot.
    world.run_until(world.at(22, 100));
    let (sent, before) = (world.nodes[NODE].sent_partials.len(), world.sent_marks(NODE));
    (0..4).for_each(|node| world.crash(node));
    world.restore(NODE, copy);
    world.run_until(world.at(22, 3_000));
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(34);
    assert!(behind(&world, NODE).is_some());
    assert_signs_only_new(&world, sent, &before);
    world.assert_nothing_missed(25..32);
}

#[test]
fn a_cluster_begun_after_genesis_starts_at_once() {
    let mut world = world(1);
    (0..4).for_each(|node| world.crash(node));
    world.run_until(world.at(100, 500));
    (0..4).for_each(|node| world.start(node));
    world.run_until_slot(105);
    for node in 0..4 {
        assert!(matches!(ground(&world, node), Some(Ground::Peers(_))));
        assert_eq!(behind(&world, node), None);
    }
    world.assert_no_vote_missed(101..104);
}
