//! Peers that send what they should not.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use duty::{
    AttesterDatum, ConsensusMessage, Content, Duty, DutyKind, Input, Partial, PartialSet, Signed, Why,
};
use eth::containers::minimal::fulu::{BlockContents, CellProofs};
use eth::{Container, Fork, KzgProof, Proposal, Slot};
use qbft::{Draft, Hash, Kind, Round};

use sim::world::beacon::value;
use sim::world::client::{Client, share};
use sim::world::fake::{key, sign};
use sim::world::{Settings, World, attesting, index, proposing};

/// A world just after the decision of slot 9, in which node 3 is a puppet and the clients of these nodes are absent.
fn puppet(validators: u8, absent: &[usize]) -> World {
    let mut world = World::new(Settings { validators, propose_every: 0, ..Settings::default() });
    absent.iter().for_each(|node| world.nodes[*node].client = Client::Absent);
    world.run_until_slot(9);
    world.crash(3);
    world.checks.liars.insert(3);
    world.run_until(world.at(9, 8_000));
    world
}

/// What a node would sign for the validators on duty in slot 9.
fn partials(world: &World, node: usize) -> BTreeMap<GroupKey, Partial> {
    let data = world.chain.attestation_data(Slot(9), &world.nodes[0].beacon);
    let signed_by = |attestation: eth::SingleAttestation| {
        let validator = Some(attestation.attester_index);
        let signed = Signed::Attestation { data, validator, committee: attestation.committee_index };
        let duty =
            world.chain.attesters(Slot(9)).into_iter().find(|duty| Some(duty.validator_index) == validator);
        let key = GroupKey(duty.expect("it is on duty").pubkey);
        (key, Partial { share: share(node), signed, signature: attestation.signature })
    };
    world.attestations(node, data).into_iter().map(signed_by).collect()
}

fn whys(world: &World, node: usize) -> Vec<Why> {
    world.faults(node).into_iter().map(|(_, why)| why).collect()
}

fn is_published(world: &World, seat: impl Into<duty::Seat>) -> bool {
    world.checks.is_published(attesting(9), seat)
}

#[test]
fn one_bad_partial_never_drops_the_set() {
    let mut world = puppet(24, &[2]);
    let mut set = partials(&world, 3);
    let [bad, good, missing] = set.keys().copied().collect::<Vec<_>>()[..] else { panic!("three attest") };
    assert!(!is_published(&world, good), "two shares are not enough");
    set.get_mut(&bad).expect("it is there").signature.0[0] ^= 1;
    let mut stranger = set.remove(&missing).expect("it is there");
    set.insert(key(200), stranger.clone());
    stranger.signed = Signed::Randao { epoch: eth::Epoch(1) };
    set.insert(missing, stranger);
    world
        .inject(0, Input::Partials { from: index(3), set: PartialSet { duty: attesting(9), partials: set } });
    world.run_until_slot(10);
    assert!(is_published(&world, good));
    assert!(!is_published(&world, bad) && !is_published(&world, missing));
    assert_eq!(whys(&world, 0), [Why::OtherDuty, Why::ForeignValidator, Why::WrongPartial]);
}

#[test]
fn without_the_culprit_there_is_another_threshold() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.nodes[2].client = Client::Late(6_000);
    world.run_until_slot(9);
    world.crash(3);
    world.checks.liars.insert(3);
    world.run_until(world.at(9, 6_000));
    let mut set = partials(&world, 3);
    set.values_mut().for_each(|partial| partial.signature.0[0] ^= 1);
    world
        .inject(0, Input::Partials { from: index(3), set: PartialSet { duty: attesting(9), partials: set } });
    world.run_until(world.at(9, 7_000));
    assert_eq!(whys(&world, 0), [Why::WrongPartial]);
    let (duty, key) = world.expected(9..10)[0];
    assert!(!world.checks.is_published(duty, key), "three partials, one wrong");
    world.run_until_slot(11);
    assert_eq!(world.checks.publishers(duty, key), 3, "the late client's takes its place");
}

#[test]
fn anothers_share_is_refused() {
    let mut world = puppet(8, &[2]);
    // Node 3 delivers a valid partial signature of node 2's share: nobody speaks for another (Charon #4705).
    let set = PartialSet { duty: attesting(9), partials: partials(&world, 2) };
    world.inject(0, Input::Partials { from: index(3), set: set.clone() });
    assert_eq!(world.faults(0), [(index(3), Why::ForeignShare)]);
    // Nor can a connection speak as ourselves, or as nobody.
    let ours = PartialSet { duty: attesting(9), partials: partials(&world, 0) };
    world.inject(0, Input::Partials { from: index(0), set: ours });
    world.inject(0, Input::Partials { from: index(77), set: set.clone() });
    assert_eq!(whys(&world, 0), [Why::ForeignShare, Why::ForeignShare]);
    world.run_until_slot(10);
    let validator = world.expected(9..10)[0].1;
    assert!(!is_published(&world, validator));
    // The share's owner is not in the way of itself.
    world.inject(0, Input::Partials { from: index(2), set });
    world.checks.liars.insert(2);
    world.run_until_slot(11);
    assert!(is_published(&world, validator));
}

#[test]
fn conflicting_partials_of_one_share_count_once() {
    let mut world = puppet(8, &[2]);
    let right = partials(&world, 3);
    let mut other = right.clone();
    for (key, partial) in &mut other {
        let Signed::Attestation { data, .. } = &mut partial.signed else { panic!("it is an attestation") };
        data.beacon_block_root.0[0] ^= 1;
        partial.signature = sign(key, share(3), partial.signed.signing_root(&world.spec));
    }
    for partials in [other.clone(), right, other] {
        world.inject(0, Input::Partials { from: index(3), set: PartialSet { duty: attesting(9), partials } });
    }
    world.run_until_slot(11);
    assert_eq!(whys(&world, 0), [Why::ConflictingPartial]);
    assert!(
        !is_published(&world, world.expected(9..10)[0].1),
        "the first word of a share stands, right or wrong"
    );
}

#[test]
fn a_relayed_message_cannot_use_up_an_honest_peers_values() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until(world.at(9, 500));
    let duty = attesting(9);
    let values: Vec<_> = (0..100).map(|head| attesting_to(&world, head)).collect();
    let message = prepare(1, values[0].hash);
    let before = world.nodes[0].engine.as_ref().expect("it runs").holdings();
    // Anyone may bring a message of node 1, with values it never spoke of.
    world.inject(0, Input::Consensus(ConsensusMessage { duty, message, values }));
    let after = world.nodes[0].engine.as_ref().expect("it runs").holdings();
    assert_eq!(after.values - before.values, 1, "only what is named is kept");
    world.run_until_slot(10);
    assert_eq!(world.decided_in(0, duty), Some(1));
    assert!(world.faults(0).is_empty());
}

#[test]
fn a_peer_that_names_values_without_end_is_held_to_its_share() {
    let mut world = World::new(Settings { propose_every: 0, ..Settings::default() });
    world.run_until(world.at(9, 500));
    let duty = attesting(9);
    let before = world.nodes[0].engine.as_ref().expect("it runs").holdings();
    for head in 0..100u8 {
        let value = attesting_to(&world, head);
        let message = prepare(1, value.hash);
        world.inject(0, Input::Consensus(ConsensusMessage { duty, message, values: vec![value] }));
    }
    let after = world.nodes[0].engine.as_ref().expect("it runs").holdings();
    assert_eq!(after.values - before.values, 8, "twice the peers, and no more");
    assert!(whys(&world, 0).contains(&Why::TooManyValues));
    // What it says without showing it says nothing.
    let message = prepare(2, Hash([5; 32]));
    world.inject(0, Input::Consensus(ConsensusMessage { duty, message, values: vec![] }));
    world.run_until_slot(10);
    assert_eq!(world.decided_in(0, duty), Some(1), "the others go on");
}

#[test]
fn a_share_signs_for_one_proposer_only() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(8, 50));
    let block = world.chain.block(Slot(8), Default::default(), Default::default(), Default::default());
    let signed = Signed::Block(Arc::new(block));
    let partial = Partial { share: share(3), signed, signature: Default::default() };
    let partials = (0..8).map(|validator| (key(validator), partial.clone())).collect();
    let set = PartialSet { duty: proposing(8), partials };
    let before = world.nodes[0].engine.as_ref().expect("it runs").holdings().partials;
    world.inject(0, Input::Partials { from: index(3), set });
    let after = world.nodes[0].engine.as_ref().expect("it runs").holdings().partials;
    assert_eq!(
        after - before,
        1,
        "a peer cannot fill the memory with blocks of validators that do not propose"
    );
    assert_eq!(whys(&world, 0), [Why::OtherDuty; 7]);
}

#[test]
fn the_block_that_was_decided_is_published_not_a_peers_copy() {
    let mut world = World::new(Settings::default());
    world.nodes[2].client = Client::Absent;
    world.nodes[0].client = Client::SignsSomethingElse;
    world.checks.liars.insert(0);
    world.run_until(world.at(8, 3_500));
    let duty = proposing(8);
    assert!(world.decided_in(3, duty).is_some());
    assert!(world.nodes[3].blocks.is_empty(), "two shares are not enough");
    let (_, own) = world.nodes[3].sent_partials.iter().find(|(_, set)| set.duty == duty).expect("it signed");
    let (key, partial) = own.partials.first_key_value().expect("one proposes");
    let Signed::Block(decided) = partial.signed.clone() else { panic!("it is a block") };
    // The same block root, but a proof that is not covered by it. The lowest share comes first.
    let mut contents = BlockContents::from_ssz(decided.to_ssz()).expect("it was made here");
    contents.kzg_proofs = CellProofs::try_from(vec![KzgProof([9; 48])]).expect("there is room for one");
    let copy = Proposal::new(Fork::Fulu, &contents).expect("Fulu has these containers");
    assert_eq!(copy.block_root(), decided.block_root());
    let signed = Signed::Block(Arc::new(copy));
    let signature = sign(key, share(0), signed.signing_root(&world.spec));
    let set = PartialSet::single(duty, *key, Partial { share: share(0), signed, signature });
    world.inject(3, Input::Partials { from: index(0), set });
    world.run_until_slot(9);
    let [published] = &world.nodes[3].blocks[..] else { panic!("one block is published") };
    assert!(*published.proposal() == *decided, "with the contents that were decided");
}

#[test]
fn what_belongs_to_slots_far_away_leaves_no_trace() {
    let mut world = World::new(Settings::default());
    world.run_until(world.at(20, 8_500));
    let before = world.nodes[0].engine.as_ref().expect("it runs").holdings();
    for slot in [22, 40, u64::MAX, 10, 0] {
        for kind in DutyKind::ALL {
            let duty = Duty::new(Slot(slot), kind);
            world.inject(
                0,
                Input::Consensus(ConsensusMessage {
                    duty,
                    message: prepare(1, Hash([1; 32])),
                    values: vec![],
                }),
            );
            let signed = Signed::Randao { epoch: eth::Epoch(slot / 8) };
            let partial = Partial { share: share(1), signed, signature: Default::default() };
            let set = PartialSet::single(duty, key(0), partial);
            world.inject(0, Input::Partials { from: index(1), set });
        }
    }
    assert_eq!(world.nodes[0].engine.as_ref().expect("it runs").holdings(), before);
}

/// A value for slot 9: the right one, or one with another head.
fn attesting_to(world: &World, head: u8) -> duty::Value {
    let mut data = world.chain.attestation_data(Slot(9), &world.nodes[0].beacon);
    data.beacon_block_root.0[0] ^= head;
    let datum = |duty: eth::AttesterDuty| (GroupKey(duty.pubkey), AttesterDatum { data, duty });
    value(Content::Attester(world.chain.attesters(Slot(9)).into_iter().map(datum).collect()))
}

fn prepare(node: usize, value: Hash) -> qbft::Message {
    let (kind, round) = (Kind::Prepare, Round::FIRST);
    let draft = Draft {
        kind,
        round,
        value: Some(value),
        prepared_round: 0,
        prepared_value: None,
        justification: vec![],
    };
    draft.signed(index(node), Arc::from([]))
}
