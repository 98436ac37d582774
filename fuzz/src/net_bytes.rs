//! What peers send.

use duty::{Duty, DutyKind};
use eth::Slot;
use net::fuzzing::{self, Words};
use net::wire::{self, Reject};
use qbft::PeerIndex;

use crate::chain::{Choices, NODES, codec, node_key, spec};
use crate::samples::{partials as partial_set, round_change, signed as signed_kinds, values};

/// A slot that seeds speak of.
const SLOT: u64 = 9;

/// The length of a message, and the message.
pub(crate) fn frame(bytes: &[u8]) {
    fuzzing::frame(bytes, 4 << 10);
    fuzzing::frame(bytes, 32 << 20);
}

pub(crate) fn frame_seeds() -> Vec<Vec<u8>> {
    let long = [vec![0x80, 0x20], vec![7; 4096]].concat();
    vec![vec![0], b"\x05hello".to_vec(), long, vec![0xff; 10], vec![0xff, 0xff, 0xff, 0x0f, 1]]
}

/// What a peer tells about itself.
pub(crate) fn peer_info(bytes: &[u8]) {
    fuzzing::peer_info(bytes);
}

pub(crate) fn peer_info_seeds() -> Vec<Vec<u8>> {
    vec![fuzzing::peer_info_sample()]
}

/// A consensus message as it arrives.
pub(crate) fn consensus(bytes: &[u8]) {
    let Ok(message) = codec().consensus_message(bytes) else { return };
    let again = wire::encode_consensus(&message);
    let again = codec().consensus_message(&again).expect("what was read is written and read again");
    assert_eq!(again.message, message.message);
    assert_eq!(again.duty, message.duty);
}

pub(crate) fn consensus_seeds() -> Vec<Vec<u8>> {
    let encoded = |(kind, value)| wire::encode_consensus(&round_change(Duty::new(Slot(SLOT), kind), &value));
    values(SLOT).into_iter().map(encoded).collect()
}

/// A consensus message whose fields are anything, signed by the peer that it names or by another.
pub(crate) fn signed(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let (kind, good) = values(SLOT).swap_remove(usize::from(choices.byte()) % 5);
    let signer = choices.byte() % NODES;
    let duty = (choices.about(SLOT), choices.about(u64::from(kind.number())) as i32);
    let hash = |choice: u8, bytes: &[u8]| match choice {
        0..=127 => good.hash.0.to_vec(),
        128..=223 => vec![0; 32],
        _ => bytes.to_vec(),
    };
    let mut words = |likely_kind: u64| Words {
        kind: choices.about(likely_kind) as i64,
        duty,
        peer: choices.about(u64::from(signer)) as i64,
        round: choices.about(2) as i64,
        prepared_round: choices.about(u64::from(likely_kind == 4)) as i64,
        value_hash: hash(choices.byte(), &[1; 31]),
        prepared_value_hash: hash(choices.byte(), &[]),
    };
    let message = words(4).signed(&node_key(signer));
    let justification: Vec<Vec<u8>> = (0..3).map(|_| words(2).signed(&node_key(signer))).collect();
    let sent = match choices.byte() {
        0..=127 => good.bytes.to_vec(),
        _ => choices.0.to_vec(),
    };
    let envelope = fuzzing::envelope(&message, &justification, &[sent]);
    if let Err(reject) = codec().consensus_message(&envelope) {
        let is_shown = reject.to_string();
        assert!(!is_shown.is_empty() && !matches!(reject, Reject::NotCanonical("a signed message")));
    }
    consensus(&envelope);
}

pub(crate) fn signed_seeds() -> Vec<Vec<u8>> {
    (0..5).flat_map(|kind| [vec![kind], vec![kind, 3, 0, 0, 0, 0, 0, 0, 200, 0]]).collect()
}

/// The kind of a duty, and a value to agree on as it is encoded.
pub(crate) fn value(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let kind = choices.of(&DutyKind::ALL);
    let Ok(value) = codec().value(kind, choices.0) else { return };
    let ours = wire::value(&spec(), value.content);
    let again = codec().value(kind, &ours.bytes).expect("what was read is written and read again");
    assert_eq!(again.hash, ours.hash);
    assert_eq!(wire::hash_encoding(&ours.bytes), ours.hash.0);
}

pub(crate) fn value_seeds() -> Vec<Vec<u8>> {
    let seed =
        |(kind, value): (DutyKind, duty::Value)| [vec![number_of(kind)], value.bytes.to_vec()].concat();
    values(SLOT).into_iter().map(seed).collect()
}

/// The peer that sends, and its partial signatures.
pub(crate) fn partials(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let from = PeerIndex(choices.byte() % NODES);
    let Ok(decoded) = codec().partial_set(choices.0, from) else { return };
    for partial in decoded.set.partials.values() {
        let _ = partial.signed.signing_root(&spec());
    }
    if decoded.set.partials.is_empty() {
        return;
    }
    let ours = codec().encode_partials(&decoded.set);
    let again = codec().partial_set(&ours, from).expect("what was read is written and read again");
    assert!(again.refused.is_empty(), "{:?}", again.refused);
    assert_eq!(codec().encode_partials(&again.set), ours);
}

pub(crate) fn partials_seeds() -> Vec<Vec<u8>> {
    let encoded = |(kind, signed)| {
        let set = partial_set(3, SLOT, kind, signed, 1);
        [vec![3], codec().encode_partials(&set)].concat()
    };
    signed_kinds(SLOT).into_iter().map(encoded).collect()
}

fn number_of(kind: DutyKind) -> u8 {
    let position = DutyKind::ALL.iter().position(|other| *other == kind);
    position.expect("every kind is among all").try_into().expect("there are few")
}
