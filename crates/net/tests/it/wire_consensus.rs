//! Consensus messages on the wire: what is taken, and what is refused for which reason.

use std::sync::Arc;

use ::cluster::NodeKey;
use duty::{ConsensusMessage, Duty, DutyKind};
use eth::Slot;
use net::wire::{self, Codec, Reject};
use qbft::{Draft, Hash, Kind, PeerIndex, Round};

use crate::cluster::{key, keys};
use crate::samples::{attester, attester_value, draft, prepare, proposer_value, spec};

fn codec() -> Codec {
    Codec::new(keys(4), Arc::new(spec()))
}

fn sign(from: u8, duty: Duty, draft: Draft) -> qbft::Message {
    wire::sign(&key(from), PeerIndex(from), duty, draft)
}

fn decode(message: &ConsensusMessage) -> Result<ConsensusMessage, Reject> {
    codec().consensus_message(&wire::encode_consensus(message))
}

/// A ROUND_CHANGE of peer 0 that proves what it prepared, for `duty`.
fn round_change(duty: Duty) -> ConsensusMessage {
    let value = attester_value(duty.slot.0);
    let justification = (0..3).map(|from| sign(from, duty, draft(Kind::Prepare, Some(&value)))).collect();
    let draft = Draft {
        kind: Kind::RoundChange,
        round: Round::new(2).expect("not zero"),
        value: None,
        prepared_round: 1,
        prepared_value: Some(value.hash),
        justification,
    };
    ConsensusMessage { duty, message: sign(0, duty, draft), values: vec![value] }
}

#[test]
fn a_message_with_its_justification_comes_back_as_it_went() {
    let sent = round_change(attester(9));
    let received = decode(&sent).expect("a sound message");
    assert_eq!(received.duty, sent.duty);
    assert_eq!(received.message, sent.message);
    assert_eq!(received.message.justification.len(), 3);
    assert_eq!(received.values.len(), 1);
    assert_eq!(
        (received.values[0].hash, &received.values[0].bytes),
        (sent.values[0].hash, &sent.values[0].bytes)
    );
}

#[test]
fn a_message_received_can_be_passed_on_unchanged() {
    let bytes = wire::encode_consensus(&round_change(attester(9)));
    let received = codec().consensus_message(&bytes).expect("a sound message");
    assert_eq!(wire::encode_consensus(&received), bytes);
}

#[test]
fn a_block_can_be_agreed_on() {
    let value = proposer_value(12);
    let duty = Duty::new(Slot(12), DutyKind::Proposer);
    let message = sign(1, duty, draft(Kind::PrePrepare, Some(&value)));
    let received =
        decode(&ConsensusMessage { duty, message, values: vec![value.clone()] }).expect("a sound message");
    assert_eq!(received.values[0].hash, value.hash);
    assert!(
        matches!(&received.values[0].content, duty::Content::Proposer { proposal, .. } if proposal.slot() == Slot(12))
    );
}

#[test]
fn another_peers_signature_is_refused() {
    let value = attester_value(9);
    let message = wire::sign(&key(2), PeerIndex(1), attester(9), draft(Kind::Prepare, Some(&value)));
    let forged = ConsensusMessage { duty: attester(9), message, values: vec![value] };
    assert_eq!(decode(&forged).err(), Some(Reject::Signature(PeerIndex(1))));
}

#[test]
fn every_flipped_bit_of_a_signed_message_is_refused() {
    let sent = prepare(1, 9);
    let codec = codec();
    for byte in 0..sent.message.wire.len() {
        for bit in 0..8 {
            let mut wire = sent.message.wire.to_vec();
            wire[byte] ^= 1 << bit;
            let mut changed = sent.clone();
            changed.message.wire = wire.into();
            let outcome = codec.consensus_message(&wire::encode_consensus(&changed));
            assert!(outcome.is_err(), "bit {bit} of byte {byte}");
        }
    }
}

#[test]
fn a_forged_justification_is_refused() {
    let mut sent = round_change(attester(9));
    let other = sign(3, attester(9), draft(Kind::Commit, Some(&sent.values[0])));
    let mut wire = other.wire.to_vec();
    *wire.iter_mut().rev().nth(1).expect("long enough") ^= 1;
    sent.message.justification[1].wire = wire.into();
    assert_eq!(decode(&sent).err(), Some(Reject::Signature(PeerIndex(3))));
}

#[test]
fn a_justification_of_another_duty_is_refused() {
    let mut sent = round_change(attester(9));
    sent.message.justification[2] = sign(2, attester(10), draft(Kind::Prepare, Some(&sent.values[0])));
    assert_eq!(decode(&sent).err(), Some(Reject::ForeignJustification));
}

#[test]
fn a_signed_message_that_is_not_canonical_is_refused() {
    let sent = prepare(1, 9);
    let unknown_field = [&sent.message.wire[..], &[0x78, 1]].concat();
    let default_written = [&sent.message.wire[..], &[0x30, 0]].concat();
    for wire in [unknown_field, default_written] {
        let mut changed = sent.clone();
        changed.message.wire = wire.into();
        assert_eq!(decode(&changed).err(), Some(Reject::NotCanonical("a signed message")));
    }
}

#[test]
fn a_hash_without_its_value_is_refused() {
    let mut sent = round_change(attester(9));
    let hash = sent.values[0].hash;
    sent.values.clear();
    assert_eq!(decode(&sent).err(), Some(Reject::MissingValue(hash)));
}

#[test]
fn a_value_nobody_names_is_dropped() {
    let mut sent = prepare(1, 9);
    sent.values.push(attester_value(10));
    assert_eq!(decode(&sent).expect("a sound message").values.len(), 1);
}

#[test]
fn a_value_that_does_not_decode_is_refused() {
    let mut sent = prepare(1, 9);
    for bytes in [&b""[..], &[0x0a, 3, 0x0a, 1, b'k'], &[0x12, 0], &[0x0a, 9]] {
        sent.values[0].bytes = bytes.into();
        assert!(decode(&sent).is_err(), "{bytes:02x?}");
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    // Type, slot and duty type, peer, round; then the two hashes.
    let message = |fields: &[u8]| {
        let hashes = [&[0x5a, 32][..], &[0; 32], &[0x62, 32], &[0; 32]].concat();
        let signed = resigned(&key(1), &[fields, &hashes].concat());
        let mut sent = prepare(1, 9);
        sent.message.wire = signed.into();
        sent.values.clear();
        decode(&sent).err()
    };
    const MINUS_ONE: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    assert_eq!(
        message(&[8, 2, 0x12, 4, 8, 9, 16, 2, 24, 1, 32, 1]),
        None,
        "the rest of the test stands on this"
    );
    assert_eq!(message(&[8, 6, 0x12, 4, 8, 9, 16, 2, 24, 1, 32, 1]), Some(Reject::MessageType(6)));
    assert_eq!(message(&[0x12, 4, 8, 9, 16, 2, 24, 1, 32, 1]), Some(Reject::MessageType(0)));
    assert_eq!(message(&[8, 2, 24, 1, 32, 1]), Some(Reject::Missing("duty")));
    assert_eq!(message(&[8, 2, 0x12, 4, 8, 9, 16, 5, 24, 1, 32, 1]), Some(Reject::DutyType(5)));
    assert_eq!(message(&[8, 2, 0x12, 4, 8, 9, 16, 14, 24, 1, 32, 1]), Some(Reject::DutyType(14)));
    assert_eq!(
        message(&[8, 2, 0x12, 4, 8, 9, 16, 7, 24, 1, 32, 1]),
        Some(Reject::UnsupportedDuty(DutyKind::Randao))
    );
    assert_eq!(message(&[8, 2, 0x12, 4, 8, 9, 16, 2, 24, 4, 32, 1]), Some(Reject::Signer(4)));
    assert_eq!(
        message(&[8, 2, 0x12, 4, 8, 9, 16, 2, 24, 1]),
        Some(Reject::Round { round: 0, prepared_round: 0 })
    );
    assert_eq!(
        message(&[&[8, 2, 0x12, 4, 8, 9, 16, 2, 24, 1, 32][..], &MINUS_ONE].concat()),
        Some(Reject::Round { round: -1, prepared_round: 0 })
    );
    assert_eq!(
        message(&[&[8, 2, 0x12, 4, 8, 9, 16, 2, 24, 1, 32, 1, 48][..], &MINUS_ONE].concat()),
        Some(Reject::Round { round: 1, prepared_round: -1 })
    );
    assert_eq!(
        message(&[&[8, 2, 0x12, 4, 8, 9, 16, 2, 24][..], &MINUS_ONE, &[32, 1]].concat()),
        Some(Reject::Signer(-1))
    );
}

/// Puts a signature over an encoded message without one at its place, between the rounds and the hashes.
fn resigned(key: &NodeKey, unsigned: &[u8]) -> Vec<u8> {
    let signature = key.sign(&wire::hash_encoding(unsigned));
    let (numbers, hashes) = unsigned.split_at(unsigned.len() - 2 * 34);
    [numbers, &[0x42, 65], &signature, hashes].concat()
}

#[test]
fn too_many_parts_are_refused_before_they_are_looked_at() {
    let garbage = |justifications: usize, values: usize| {
        let parts = [[0x12, 1, 0xff].repeat(justifications), [0x1a, 1, 0xff].repeat(values)].concat();
        codec().consensus_message(&[&[0x0a, 1, 0xff][..], &parts].concat()).expect_err("garbage").to_string()
    };
    assert!(garbage(9, 100).contains("9 justifications, more than 8"));
    assert!(garbage(8, 19).contains("19 values, more than 18"));
    assert!(garbage(8, 18).contains("protobuf"));
    assert!(garbage(1_000_000, 1_000_000).contains("justifications"));
}

#[test]
fn zeros_and_other_lengths_mean_no_value() {
    let unsigned = [&[8, 2, 0x12, 4, 8, 9, 16, 2, 24, 1, 32, 1][..]].concat();
    let signature = key(1).sign(&wire::hash_encoding(&[&unsigned[..], &[0x5a, 2, 1, 1]].concat()));
    let mut sent = prepare(1, 9);
    sent.values.clear();
    sent.message.wire = [&unsigned[..], &[0x42, 65], &signature, &[0x5a, 2, 1, 1]].concat().into();
    assert_eq!(decode(&sent).expect("a sound message").message.value, None);
}

#[test]
fn a_value_in_another_order_of_entries_has_the_same_hash() {
    // Go sends maps in any order; the hash is over the ascending one.
    let mut sent = prepare(1, 9);
    let entry = sent.values[0].bytes.len() / 3;
    let entries: Vec<&[u8]> = sent.values[0].bytes.chunks(entry).collect();
    let reversed = [entries[2], entries[1], entries[0]].concat();
    assert_ne!(reversed[..], sent.values[0].bytes[..]);
    let in_order = sent.values[0].clone();
    sent.values[0].bytes = reversed.into();
    let received = decode(&sent).expect("a sound message");
    assert_eq!((received.values[0].hash, &received.values[0].bytes), (in_order.hash, &in_order.bytes));
}

#[test]
fn what_was_verified_before_does_not_vouch_for_a_forgery() {
    let codec = codec();
    let sound = wire::encode_consensus(&round_change(attester(9)));
    for _ in 0..3 {
        codec.consensus_message(&sound).expect("a sound message");
    }
    let mut forged = round_change(attester(9));
    let mut wire = forged.message.wire.to_vec();
    // The last byte of the signature, which stands before two hashes of 34 bytes.
    let recovery = wire.len() - 69;
    wire[recovery] ^= 1;
    forged.message.wire = wire.into();
    for _ in 0..3 {
        let refused = codec.consensus_message(&wire::encode_consensus(&forged));
        assert_eq!(refused.err(), Some(Reject::Signature(PeerIndex(0))));
    }
}

#[test]
fn a_hash_of_zeros_is_none() {
    let mut zero = draft(Kind::Prepare, None);
    zero.value = Some(Hash([0; 32]));
    let message = sign(1, attester(9), zero);
    let received =
        decode(&ConsensusMessage { duty: attester(9), message, values: vec![] }).expect("a sound message");
    assert_eq!(received.message.value, None);
}
