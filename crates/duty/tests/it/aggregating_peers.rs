//! Peers that send bad partial signatures as aggregators and sync committee members: blamed, or harmless.

use std::sync::Arc;

use cluster::GroupKey;
use duty::{Duty, DutyKind, Input, Partial, PartialSet, Seat, Signed, Why};
use eth::{
    AggregateAndProof, AttestationData, CommitteeIndex, ContributionAndProof, Preset, Root, SignatureBytes,
    Slot, SubcommitteeIndex, SyncAggregatorSelectionData, ValidatorIndex,
};

use sim::world::beacon::{aggregate, contribution};
use sim::world::chain::{block_root, validator_index};
use sim::world::client::{Client, share};
use sim::world::fake::{key, sign};
use sim::world::{Settings, World, index, of_kind};

fn whys(world: &World, node: usize) -> Vec<Why> {
    world.faults(node).into_iter().map(|(_, why)| why).collect()
}

/// The signature of a node's share, whatever it is over.
fn signed_by(world: &World, node: usize, key: &GroupKey, signed: Signed) -> Partial {
    let signature = sign(key, share(node), signed.signing_root(&world.spec));
    Partial { share: share(node), signed, signature }
}

fn inject(world: &mut World, to: usize, from: usize, duty: Duty, key: GroupKey, partial: Partial) {
    let set = PartialSet::single(duty, key, partial);
    world.inject(to, Input::Partials { from: index(from), set });
}

fn selection(slot: u64) -> Signed {
    Signed::CommitteeSelection { slot: Slot(slot), validator: validator_index(0) }
}

fn sync_selection(slot: u64, subcommittee: u64) -> Signed {
    let data =
        SyncAggregatorSelectionData { slot: Slot(slot), subcommittee_index: SubcommitteeIndex(subcommittee) };
    Signed::SyncSelection { data, validator: validator_index(0) }
}

fn message(slot: u64, branch: u8, validator: ValidatorIndex) -> Signed {
    Signed::SyncMessage { slot: Slot(slot), block: block_root(Slot(slot), branch), validator }
}

fn aggregate_of(slot: u64, proof: u8) -> Signed {
    let data = AttestationData { slot: Slot(slot), ..AttestationData::default() };
    let aggregate = aggregate(Preset::Minimal, data, CommitteeIndex(0), vec![true; 4]);
    Signed::Aggregate(Arc::new(AggregateAndProof::new(
        validator_index(0),
        aggregate,
        SignatureBytes([proof; 96]),
    )))
}

fn contribution_of(slot: u64, subcommittee: u64, proof: u8) -> Signed {
    let contribution = contribution(Slot(slot), Root([1; 32]), SubcommitteeIndex(subcommittee), 3);
    let proof = SignatureBytes([proof; 96]);
    Signed::Contribution(Arc::new(ContributionAndProof::new(validator_index(0), contribution, proof)))
}

/// A world in slot 9, just after aggregates were due.
fn world() -> World {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until(world.at(9, 10_000));
    world.inject(0, Input::Tick);
    world
}

#[test]
fn what_is_not_the_duty_is_the_senders_fault_and_leaves_no_trace() {
    let mut world = world();
    let before = world.nodes[0].engine.as_ref().expect("it runs").holdings();
    let every = [
        (DutyKind::PrepareAggregator, selection(10)),
        (DutyKind::PrepareAggregator, sync_selection(9, 0)),
        (DutyKind::Aggregator, aggregate_of(10, 1)),
        (DutyKind::Aggregator, contribution_of(9, 0, 1)),
        (DutyKind::SyncMessage, message(10, 0, validator_index(0))),
        (DutyKind::SyncMessage, selection(9)),
        (DutyKind::PrepareSyncContribution, sync_selection(10, 0)),
        (DutyKind::PrepareSyncContribution, sync_selection(9, 4)),
        (DutyKind::PrepareSyncContribution, sync_selection(9, u64::MAX)),
        (DutyKind::SyncContribution, contribution_of(10, 0, 1)),
        (DutyKind::SyncContribution, contribution_of(9, 4, 1)),
        (DutyKind::SyncContribution, aggregate_of(9, 1)),
    ];
    let count = every.len();
    for (kind, signed) in every {
        let partial = signed_by(&world, 3, &key(7), signed);
        inject(&mut world, 0, 3, of_kind(9, kind), key(7), partial);
    }
    assert_eq!(world.faults(0), vec![(index(3), Why::OtherDuty); count]);
    assert_eq!(world.nodes[0].engine.as_ref().expect("it runs").holdings(), before);
}

#[test]
fn of_these_kinds_too_nobody_speaks_for_another() {
    let mut world = world();
    let before = world.nodes[0].engine.as_ref().expect("it runs").holdings();
    let every = [
        (DutyKind::PrepareAggregator, selection(9)),
        (DutyKind::Aggregator, aggregate_of(9, 1)),
        (DutyKind::SyncMessage, message(9, 0, validator_index(7))),
        (DutyKind::PrepareSyncContribution, sync_selection(9, 1)),
        (DutyKind::SyncContribution, contribution_of(9, 1, 1)),
    ];
    for (kind, signed) in every {
        let of_another = signed_by(&world, 2, &key(7), signed.clone());
        inject(&mut world, 0, 3, of_kind(9, kind), key(7), of_another);
        let of_a_stranger = signed_by(&world, 3, &key(200), signed);
        inject(&mut world, 0, 3, of_kind(9, kind), key(200), of_a_stranger);
    }
    let expected = [Why::ForeignShare, Why::ForeignValidator].repeat(5);
    assert_eq!(whys(&world, 0), expected);
    assert_eq!(world.nodes[0].engine.as_ref().expect("it runs").holdings(), before);
}

#[test]
fn the_first_word_of_a_share_stands_seat_by_seat() {
    let mut world = world();
    let mut send = |kind, signed| {
        let partial = signed_by(&world, 3, &key(7), signed);
        inject(&mut world, 0, 3, of_kind(9, kind), key(7), partial);
        whys(&world, 0).len()
    };
    assert_eq!(send(DutyKind::SyncContribution, contribution_of(9, 0, 1)), 0);
    assert_eq!(send(DutyKind::SyncContribution, contribution_of(9, 1, 1)), 0, "another seat");
    assert_eq!(send(DutyKind::SyncContribution, contribution_of(9, 1, 1)), 0, "the same again");
    assert_eq!(send(DutyKind::SyncContribution, contribution_of(9, 1, 2)), 1, "with another proof");
    assert_eq!(send(DutyKind::Aggregator, aggregate_of(9, 1)), 1);
    assert_eq!(send(DutyKind::Aggregator, aggregate_of(9, 2)), 2);
    assert_eq!(send(DutyKind::SyncMessage, message(9, 0, validator_index(7))), 2);
    assert_eq!(send(DutyKind::SyncMessage, message(9, 1, validator_index(7))), 3);
    assert_eq!(whys(&world, 0), [Why::ConflictingPartial; 3]);
}

#[test]
fn a_changed_unsigned_index_is_harmless_though_its_share_comes_first() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until_slot(9);
    world.crash(0);
    world.checks.liars.insert(0);
    world.nodes[2].client = Client::Absent;
    world.run_until(world.at(9, 6_000));
    let duty = of_kind(9, DutyKind::SyncMessage);
    assert!(world.checks.published_seats(duty).is_empty(), "two shares are not enough");
    for member in world.chain.signing_members(Slot(9)) {
        // The index of another validator; the signature is right, for it does not cover it.
        let lie = signed_by(&world, 0, &member.key, message(9, 0, validator_index(5)));
        inject(&mut world, 1, 0, duty, member.key, lie);
    }
    world.run_until(world.at(9, 7_000));
    // The checks insist that each publication names its own validator.
    assert_eq!(world.checks.published_seats(duty).len(), 3);
    assert!(world.faults(1).is_empty());
}

#[test]
fn a_wrong_proof_costs_its_sender_its_say_and_nobody_else_anything() {
    let settings = Settings { propose_every: 0, committee_length: 31, ..Settings::default() };
    let mut world = World::new(settings);
    world.run_until_slot(15);
    world.crash(3);
    world.checks.liars.insert(3);
    world.run_until_slot(16);
    // Before anybody else speaks of the epoch after the next.
    let on_duty = (24..32).flat_map(|slot| world.chain.attesters(Slot(slot))).collect::<Vec<_>>();
    for duty in &on_duty {
        let signed = Signed::CommitteeSelection { slot: duty.slot, validator: duty.validator_index };
        let key = GroupKey(duty.pubkey);
        let mut wrong = signed_by(&world, 3, &key, signed);
        wrong.signature.0[0] ^= 1;
        let proving = Duty::new(duty.slot, DutyKind::PrepareAggregator);
        (0..3).for_each(|node| inject(&mut world, node, 3, proving, key, wrong.clone()));
    }
    world.run_until_slot(33);
    world.assert_nothing_missed(16..32);
    assert!((0..3).all(|node| world.faults(node).contains(&(index(3), Why::WrongPartial))));
    let proofs = on_duty.iter().filter(|duty| {
        let seat = Seat::from(GroupKey(duty.pubkey));
        world.checks.publishers(Duty::new(duty.slot, DutyKind::Aggregator), seat) == 3
    });
    assert_eq!(proofs.count(), on_duty.len());
}

#[test]
fn proofs_for_slots_without_end_fill_no_memory() {
    let mut world = world();
    let holdings = |world: &World| world.nodes[0].engine.as_ref().expect("it runs").holdings();
    let before = holdings(&world);
    for slot in 0..2_000 {
        for validator in 0..8 {
            let partial = signed_by(&world, 3, &key(validator), selection(slot));
            inject(&mut world, 0, 3, of_kind(slot, DutyKind::PrepareAggregator), key(validator), partial);
        }
    }
    let after = holdings(&world);
    // Slots 0 to 31: from two epochs ago, of which none is over yet, to two epochs ahead.
    assert!(after.collections <= before.collections + 32);
    assert!(after.partials <= before.partials + 32 * 8, "{after:?}");
    assert!(world.faults(0).is_empty(), "who is ahead of us is not to blame");
}
