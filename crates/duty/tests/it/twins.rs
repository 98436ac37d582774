//! Two live nodes with one identity: everybody notices, and the newer one keeps still.

use duty::{Notice, Reason, Standing, Time};
use sim::world::{Settings, World};

const OLDER: usize = 2;

/// A world in whose tenth slot a second body of the third operator starts, with a copy of its disk; its number.
fn with_twin(seed: u64) -> (World, usize) {
    let mut world = World::new(Settings { seed, propose_every: 2, ..Settings::default() });
    world.run_until(world.at(10, i64::try_from(seed).expect("small") * 563 % 12_000));
    let copy = world.backup(OLDER);
    let newer = world.add_body(OLDER, copy);
    world.start(newer);
    (world, newer)
}

fn standing(world: &World, node: usize) -> Option<Standing> {
    world.nodes[node].notices.iter().rev().find_map(|(_, notice)| match notice {
        Notice::RunsTwice { standing, .. } => Some(*standing),
        _ => None,
    })
}

fn withholds(world: &World, node: usize) -> Option<Reason> {
    world.nodes[node].engine.as_ref().and_then(|engine| engine.withholds())
}

fn is_double(notice: &Notice) -> bool {
    matches!(notice, Notice::PeerRunsTwice { peer, .. } if usize::from(peer.0) == OLDER)
}

#[test]
fn everybody_notices_within_two_slots_and_the_newer_keeps_still() {
    for seed in 1..=6 {
        let (mut world, newer) = with_twin(seed);
        let began = world.now;
        world.run_until(began.plus_ms(24_000));
        for witness in [0, 1, 3] {
            assert!(world.when(witness, is_double).is_some(), "seed {seed}: node {witness} has not noticed");
        }
        assert_eq!(standing(&world, OLDER), Some(Standing::Older), "seed {seed}");
        assert_eq!(standing(&world, newer), Some(Standing::Newer), "seed {seed}");
        assert_eq!((withholds(&world, OLDER), withholds(&world, newer)), (None, Some(Reason::RunTwice)));
        let sent = world.nodes[newer].sent_partials.len();
        world.run_until_slot(20);
        assert_eq!(world.signed_since(newer, sent), [], "seed {seed}");
        world.assert_no_vote_missed(13..19);
    }
}

#[test]
fn the_warning_ends_two_slots_after_the_other_is_gone_and_the_newer_takes_over() {
    let (mut world, newer) = with_twin(4);
    world.run_until_slot(14);
    assert_eq!(withholds(&world, newer), Some(Reason::RunTwice));
    world.crash(OLDER);
    // The peers still have a connection, to the other body.
    let peer = world.peer(OLDER);
    world.run_until(world.now.plus_ms(100));
    for witness in [0, 1, 3] {
        world.inject(witness, duty::Input::Connected(peer));
    }
    world.run_until_slot(18);
    assert_eq!((standing(&world, newer), withholds(&world, newer)), (Some(Standing::Single), None));
    for witness in [0, 1, 3] {
        let is_over =
            |notice: &Notice| matches!(notice, Notice::PeerRunsOnce(peer) if usize::from(peer.0) == OLDER);
        assert!(world.when(witness, is_over).is_some(), "node {witness}");
    }
    let sent = world.nodes[newer].sent_partials.len();
    world.run_until_slot(24);
    assert!(!world.signed_since(newer, sent).is_empty(), "it signs again");
}

#[test]
fn one_peer_alone_cannot_stop_a_node() {
    let mut world = World::new(Settings::default());
    world.run_until_slot(9);
    world.crash(2);
    world.run_until(world.now.plus_ms(500));
    world.start(2);
    world.run_until(world.at(10, 500));
    let twin = Some(duty::Life { began: Time(0), nonce: [9; 16] });
    let testimony = duty::Testimony { at: world.now, seen: None, twin };
    world.inject(2, duty::Input::Witnessed { from: world.peer(0), testimony });
    assert_eq!((standing(&world, 2), withholds(&world, 2)), (Some(Standing::Rumoured), None));
}
