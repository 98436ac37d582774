//! Voluntary exits: no consensus, no deadline; whoever has a share signs when its operator wants it.

use duty::{Duty, DutyKind, Input, Partial, PartialSet, Reason, Signed, To, Why};
use eth::{Epoch, VoluntaryExit};

use sim::world::chain::validator_index;
use sim::world::client::share;
use sim::world::fake::{key, sign};
use sim::world::{Settings, World, index, of_kind};

/// A quiet world: one validator, and nothing but attestations.
fn quiet() -> World {
    let settings = Settings { validators: 1, propose_every: 0, sync_members: 0, ..Settings::default() };
    World::new(settings)
}

fn exiting(epoch: u64) -> Duty {
    of_kind(epoch * 8, DutyKind::Exit)
}

fn last_answer(world: &World, node: usize) -> Result<(), Reason> {
    world.nodes[node].received.last().expect("it is answered").1[0]
}

/// What a peer would send.
fn exit_of(world: &World, node: usize, epoch: u64, validator: u8) -> PartialSet {
    let message = VoluntaryExit { epoch: Epoch(epoch), validator_index: validator_index(validator) };
    let signed = Signed::Exit(message);
    let signature = sign(&key(0), share(node), signed.signing_root(&world.spec));
    PartialSet::single(exiting(epoch), key(0), Partial { share: share(node), signed, signature })
}

#[test]
fn an_exit_signed_on_a_threshold_of_nodes_is_published_by_all() {
    let mut world = quiet();
    world.run_until_slot(9);
    for (node, slot) in [(2, 9), (0, 11), (3, 20)] {
        world.run_until_slot(slot);
        assert!(!world.checks.is_published(exiting(1), key(0)));
        world.client_exits(node, 0, Epoch(1));
    }
    world.run_until_slot(21);
    assert_eq!(world.checks.publishers(exiting(1), key(0)), 4, "the one that did not sign among them");
    // The same again changes nothing and is no error.
    world.client_exits(2, 0, Epoch(1));
    world.run_until_slot(22);
    assert!((0..4).filter(|node| *node != 1).all(|node| last_answer(&world, node) == Ok(())));
}

#[test]
fn exits_are_sent_again_to_a_peer_that_connects_however_old_they_are() {
    let mut world = quiet();
    world.run_until_slot(9);
    world.crash(2);
    world.client_exits(0, 0, Epoch(1));
    world.client_exits(1, 0, Epoch(1));
    world.run_until_slot(40);
    world.start(2);
    world.run_until_slot(41);
    let again = world.nodes[0].sent_partials.iter().filter(|(_, set)| set.duty == exiting(1));
    assert_eq!(again.map(|(to, _)| *to).collect::<Vec<_>>(), [To::All, To::Peer(index(2))]);
    world.client_exits(2, 0, Epoch(1));
    world.run_until_slot(42);
    assert_eq!(world.checks.publishers(exiting(1), key(0)), 4);
}

#[test]
fn an_exit_of_a_future_epoch_or_of_a_stranger_is_refused() {
    let mut world = quiet();
    world.run_until_slot(9);
    world.client_exits(0, 0, Epoch(2));
    assert_eq!(last_answer(&world, 0), Err(Reason::TooEarly));
    world.client_exits(0, 0, Epoch(u64::MAX));
    assert_eq!(last_answer(&world, 0), Err(Reason::TooEarly));
    world.client_exits(0, 9, Epoch(1));
    assert_eq!(last_answer(&world, 0), Err(Reason::NotOurDuty));
    world.run_until_slot(10);
    assert!(world.nodes[0].sent_partials.iter().all(|(_, set)| set.duty.kind != DutyKind::Exit));
}

#[test]
fn a_share_signs_ten_exits_of_a_validator_and_no_more() {
    let mut world = quiet();
    world.run_until_slot(90);
    for epoch in 0..11 {
        world.client_exits(0, 0, Epoch(epoch));
        world.run_until(world.now.plus_ms(100));
        let expected = if epoch < 10 { Ok(()) } else { Err(Reason::TooManyExits) };
        assert_eq!(last_answer(&world, 0), expected, "{epoch}");
    }
    world.client_exits(0, 0, Epoch(3));
    assert_eq!(last_answer(&world, 0), Ok(()), "one that is there already is no news");
    // A peer is held to the same.
    for epoch in 0..12 {
        let set = exit_of(&world, 1, epoch, 0);
        world.inject(2, Input::Partials { from: index(1), set });
    }
    assert_eq!(world.faults(2), [(index(1), Why::TooManyExits); 2]);
}

#[test]
fn exits_that_are_refused_leave_no_trace_though_exits_never_expire() {
    let mut world = quiet();
    world.run_until_slot(9);
    let holdings = |world: &World| world.nodes[0].engine.as_ref().expect("it runs").holdings();
    world.inject(0, Input::Tick);
    let before = holdings(&world);
    let inject = |world: &mut World, set| world.inject(0, Input::Partials { from: index(1), set });
    // Of an epoch too far ahead: peers may be two epochs ahead, and no more.
    let set = exit_of(&world, 1, 4, 0);
    inject(&mut world, set);
    assert_eq!(world.faults(0), [], "it is not even looked at");
    // For a slot that is not its epoch's, with another validator's index, and with another share.
    let mut astray = exit_of(&world, 1, 1, 0);
    astray.duty = of_kind(9, DutyKind::Exit);
    inject(&mut world, astray);
    let of_another = exit_of(&world, 2, 1, 0);
    inject(&mut world, of_another);
    let mut foreign = exit_of(&world, 1, 1, 0);
    let partial = foreign.partials.remove(&key(0)).expect("it is there");
    foreign.partials.insert(key(200), partial);
    inject(&mut world, foreign);
    let whys: Vec<Why> = world.faults(0).into_iter().map(|(_, why)| why).collect();
    assert_eq!(whys, [Why::OtherDuty, Why::ForeignShare, Why::ForeignValidator]);
    assert_eq!(holdings(&world), before);
}

#[test]
fn an_exit_of_another_validator_of_the_cluster_is_the_peers_fault() {
    let mut world =
        World::new(Settings { propose_every: 0, sync_members: 0, validators: 2, ..Settings::default() });
    world.run_until_slot(9);
    let set = exit_of(&world, 1, 1, 1);
    world.inject(0, Input::Partials { from: index(1), set });
    assert_eq!(world.faults(0), [(index(1), Why::OtherDuty)]);
}
