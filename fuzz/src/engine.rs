//! A cluster of engines, one of whose operators lies: it sends messages of which some fields are anything, well signed,
//! to peers of its choice, through the codec. The checks of the engine's own tests run after every step.

use std::collections::BTreeMap;

use duty::{AttesterDatum, Content, Duty, DutyKind, Input, Time, Value};
use eth::Slot;
use net::fuzzing::{Words, envelope};
use net::wire;
use qbft::PeerIndex;

use crate::chain::{Choices, codec, node_key, spec};
use crate::samples::{contents, partials, signed};
use sim::world::{Settings, World};

/// The operator that lies; its node also runs as it should.
const LIAR: u8 = 3;
/// The slot in which it begins to lie.
const SLOT: u64 = 2;

/// What the liar does, one thing after the other.
pub(crate) fn liar(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let settings = Settings { validators: 4, propose_every: 2, ..Settings::default() };
    let mut world = World::new(settings);
    world.checks.liars.insert(usize::from(LIAR));
    world.run_until(world.at(SLOT, 0));
    for _ in 0..32 {
        if choices.is_over() {
            break;
        }
        match choices.byte() {
            0..=63 => pass(&mut world, i64::from(choices.byte()) * 16),
            64..=191 => say(&mut world, &mut choices),
            _ => share(&mut world, &mut choices),
        }
    }
    pass(&mut world, 12_000);
    for node in world.nodes.iter().filter_map(|node| node.engine.as_ref()) {
        let held = node.holdings();
        assert!(held.agreements < 200 && held.values < 2_000 && held.partials < 2_000, "{held:?}");
    }
}

fn pass(world: &mut World, milliseconds: i64) {
    let end = Time(world.now.0).plus_ms(milliseconds);
    world.run_until(end);
}

/// A consensus message.
fn say(world: &mut World, choices: &mut Choices<'_>) {
    let to = usize::from(choices.byte() % LIAR);
    let slot = choices.about(world.slot().0);
    let (kind, value) = choose_value(world, choices, slot);
    let number = choices.about(u64::from(kind.number()));
    let hash = |choice: u8| match choice {
        0..=127 => value.hash.0.to_vec(),
        128..=247 => vec![0; 32],
        _ => vec![1; 32],
    };
    let said = 1 + u64::from(choices.byte() % 5);
    let mut words = |kind: u64| Words {
        kind: choices.about(kind) as i64,
        duty: (slot, number as i32),
        peer: choices.about(u64::from(LIAR)) as i64,
        round: small(choices, 4),
        prepared_round: small(choices, 2),
        value_hash: hash(choices.byte()),
        prepared_value_hash: hash(choices.byte().wrapping_add(128)),
    };
    let message = words(said).signed(&node_key(LIAR));
    let justification: Vec<Vec<u8>> = (0..said % 3).map(|_| words(4).signed(&node_key(LIAR))).collect();
    let sent = envelope(&message, &justification, &[value.bytes.to_vec()]);
    if let Ok(message) = codec().consensus_message(&sent) {
        world.inject(to, Input::Consensus(message));
    }
}

/// A number below `limit`, or once in a while any.
fn small(choices: &mut Choices<'_>, limit: u8) -> i64 {
    let likely = choices.byte() % limit;
    choices.about(u64::from(likely)) as i64
}

/// What an honest node would propose, a variation of it, or something of another kind.
fn choose_value(world: &World, choices: &mut Choices<'_>, slot: u64) -> (DutyKind, Value) {
    let choice = choices.byte();
    if choice >= 192 {
        let mut others = contents(slot);
        let (kind, content) = others.swap_remove(usize::from(choice) % others.len());
        return (kind, wire::value(&spec(), content));
    }
    let chain = world.chain_of(0);
    let slot = Slot(slot.min(1 << 20));
    let mut data = chain.attestation_data(slot, &world.nodes[0].beacon);
    match choice {
        0..=95 => {}
        96..=127 => data.target.epoch.0 = choices.about(data.target.epoch.0.wrapping_add(1)),
        128..=159 => data.source.epoch.0 = choices.about(data.source.epoch.0.wrapping_add(1)),
        _ => data.beacon_block_root = eth::Root([choice; 32]),
    }
    let datum = |duty: eth::AttesterDuty| (cluster::GroupKey(duty.pubkey), AttesterDatum { data, duty });
    let set: BTreeMap<_, _> = chain.attesters(slot).into_iter().map(datum).collect();
    if set.is_empty() {
        let (kind, content) = contents(slot.0).swap_remove(0);
        return (kind, wire::value(&spec(), content));
    }
    (DutyKind::Attester, wire::value(&spec(), Content::Attester(set.into())))
}

/// Partial signatures.
fn share(world: &mut World, choices: &mut Choices<'_>) {
    let to = usize::from(choices.byte() % LIAR);
    let slot = choices.about(world.slot().0);
    let mut kinds = signed(slot.min(1 << 20));
    let (kind, signed) = kinds.swap_remove(usize::from(choices.byte()) % kinds.len());
    let kind = DutyKind::from_number(choices.about(u64::from(kind.number())) as i64).unwrap_or(kind);
    let set = partials(LIAR, slot, kind, signed, choices.byte() % 6);
    if let Ok(decoded) = codec().partial_set(&codec().encode_partials(&set), PeerIndex(LIAR)) {
        assert_eq!(decoded.set.duty, Duty::new(Slot(slot), kind));
        world.inject(to, Input::Partials { from: PeerIndex(LIAR), set: decoded.set });
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let pass = [0, 250];
    let say = |kind: u8, value: u8| vec![64, 0, 0, value, 0, kind, 0, 0, 1, 0, 0, 0, 0, 0];
    let share = |kind: u8| vec![200, 1, 0, kind, 0, 1];
    let all = (0..10).map(|number| [pass.to_vec(), say(number % 5, number * 24), share(number)].concat());
    all.collect()
}
