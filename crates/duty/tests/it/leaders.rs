//! Leaders that are dead, or lie. Each costs a round, none a duty.

use duty::{Duty, Reason};

use sim::world::lies::Lie;
use sim::world::{Settings, World, attesting, leader, proposing};

/// Sixteen validators: two attest in each slot.
const MANY: u8 = 16;

/// A world in which the leader of the duty's first round lies, just after the duty.
fn lied_to(duty: Duty, lie: Lie) -> World {
    let mut world = World::new(Settings { validators: MANY, ..Settings::default() });
    let liar = leader(duty, 1, 4);
    world.checks.liars.insert(liar);
    world.run_until_slot(duty.slot.0);
    world.nodes[liar].lie = Some(lie);
    world.run_until_slot(duty.slot.0 + 1);
    world.nodes[liar].lie = None;
    world.run_until_slot(duty.slot.0 + 3);
    world
}

#[test]
fn a_dead_leader_costs_one_round() {
    for duty in [attesting(14), proposing(12)] {
        let mut world = World::new(Settings { validators: MANY, ..Settings::default() });
        let dead = leader(duty, 1, 4);
        world.run_until_slot(duty.slot.0);
        world.crash(dead);
        world.run_until_slot(duty.slot.0 + 2);
        world.assert_nothing_missed(duty.slot.0..duty.slot.0 + 1);
        for node in (0..4).filter(|node| *node != dead) {
            assert_eq!(world.decided_in(node, duty), Some(2), "{duty}");
        }
    }
}

#[test]
fn a_lying_leader_costs_a_round_never_a_duty() {
    let lies = [
        (attesting(14), Lie::OmitsValidators, Reason::OmitsValidators),
        (attesting(14), Lie::ForeignValidator, Reason::ForeignValidator),
        (attesting(14), Lie::WrongCommittee, Reason::WrongCommittee),
        (attesting(14), Lie::WrongTarget, Reason::CheckpointsDiffer),
        (attesting(14), Lie::Surrounding, Reason::WrongEpoch),
        (attesting(14), Lie::WrongSlot, Reason::WrongSlot),
        (attesting(14), Lie::Nothing, Reason::WrongKindOfValue),
        (proposing(12), Lie::WrongFeeRecipient, Reason::WrongFeeRecipient),
        (proposing(12), Lie::WrongRandao, Reason::WrongRandao),
        (proposing(12), Lie::UnknownParent, Reason::ParentUnknown),
        (proposing(12), Lie::WrongSlot, Reason::WrongSlot),
        (proposing(12), Lie::WrongProposer, Reason::ForeignValidator),
    ];
    for (duty, lie, reason) in lies {
        let world = lied_to(duty, lie);
        world.assert_nothing_missed(duty.slot.0..duty.slot.0 + 1);
        for honest in (0..4).filter(|node| *node != leader(duty, 1, 4)) {
            assert!(
                world.refused(honest, duty).contains(&reason),
                "{lie:?}: {:?}",
                world.refused(honest, duty)
            );
            assert!(world.decided_in(honest, duty) > Some(1), "{lie:?} is not decided");
        }
    }
}

#[test]
fn a_silent_or_equivocating_leader_costs_a_round_never_a_duty() {
    for duty in [attesting(14), proposing(12)] {
        for lie in [Lie::Silence, Lie::TwoHeads] {
            let world = lied_to(duty, lie);
            world.assert_nothing_missed(duty.slot.0..duty.slot.0 + 1);
            let honest = leader(duty, 2, 4);
            assert!(world.decided_in(honest, duty) > Some(1), "{lie:?} is not decided");
        }
    }
}

#[test]
fn validators_that_only_some_beacon_nodes_know_are_left_out_after_every_leader_had_its_round() {
    // The leaders of rounds 1 and 2 leave out a validator, as if their beacon nodes did not know it yet; f + 1 rounds
    // are given to those that do. Here everybody leaves it out, so waiting longer would cost the others their duty.
    let duty = attesting(14);
    let mut world = World::new(Settings { validators: MANY, ..Settings::default() });
    world.run_until_slot(duty.slot.0);
    world.nodes.iter_mut().for_each(|node| node.lie = Some(Lie::OmitsValidators));
    world.run_until_slot(duty.slot.0 + 2);
    let (kept, left_out): (Vec<_>, Vec<_>) = world
        .expected(14..15)
        .into_iter()
        .filter(|(of, _)| *of == duty)
        .partition(|(duty, key)| world.checks.is_published(*duty, *key));
    assert_eq!((kept.len(), left_out.len()), (1, 1));
    assert!((0..4).all(|node| world.decided_in(node, duty) > Some(2)), "f + 1 leaders had their round");
}

#[test]
fn whatever_one_leader_says_and_however_often_nothing_is_missed() {
    for liar in 0..4 {
        let settings = Settings { validators: MANY, committee_length: 31, ..Settings::default() };
        let mut world = World::new(settings);
        world.checks.liars.insert(liar);
        for (slot, lie) in (1..).zip(Lie::ALL) {
            world.run_until_slot(slot);
            world.nodes[liar].lie = Some(lie);
        }
        let end = 1 + Lie::ALL.len() as u64;
        world.run_until_slot(end + 1);
        world.assert_nothing_missed(1..end);
        world.assert_nobody_waits();
    }
}
