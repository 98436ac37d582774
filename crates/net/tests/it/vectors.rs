//! The conformance vectors that concern the wire.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eth::Slot;
use net::wire::{self, BindFault, Codec, Reject, ShareMap};
use qbft::{Draft, Hash, Kind, PeerIndex, Round};
use serde_json::Value;

use crate::cluster::{key, keys};
use crate::samples::spec;

/// A suite of the distributed validator specifications; none when the vectors are not at hand.
#[allow(clippy::print_stderr)] // A skipped test says so.
fn suite(name: &str) -> Option<Value> {
    let beside_the_repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let vectors = std::env::var_os("PHALANX_VECTORS").map_or(beside_the_repository, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(vectors.join("dvspec").join(name)) else {
        eprintln!("skipped: vectors not found, set PHALANX_VECTORS");
        return None;
    };
    Some(serde_json::from_str(&text).expect("the vectors are JSON"))
}

fn cases<'a>(suite: &'a Value, list: &str) -> &'a [Value] {
    suite[list].as_array().filter(|cases| !cases.is_empty()).expect("the suite has cases")
}

fn hex(value: &Value) -> Vec<u8> {
    const_hex::decode(value.as_str().expect("a hex string")).expect("a hex string")
}

fn expect(case: &Value, encoding: &[u8]) {
    assert_eq!(encoding, hex(&case["encoding_hex"]), "encoding of {}", case["name"]);
    assert_eq!(wire::hash_encoding(encoding)[..], hex(&case["hash_hex"])[..], "hash of {}", case["name"]);
}

#[test]
fn duties_hash_as_specified() {
    let Some(suite) = suite("qbft_hashing.json") else { return };
    for case in cases(&suite, "duty") {
        let slot = case["input"]["slot"].as_u64().expect("a slot");
        let kind = case["input"]["type"].as_i64().and_then(|kind| i32::try_from(kind).ok()).expect("a type");
        expect(case, &wire::duty_encoding(slot, kind));
    }
}

#[test]
fn sets_hash_as_specified() {
    let Some(suite) = suite("qbft_hashing.json") else { return };
    for case in cases(&suite, "unsigned_data_set") {
        let set = case["input"]["set"].as_object().expect("a set");
        let set: BTreeMap<&str, Vec<u8>> =
            set.iter().map(|(key, value)| (key.as_str(), hex(value))).collect();
        expect(case, &wire::encode_set(set.iter().map(|(key, value)| (key.as_bytes(), value.as_slice()))));
    }
}

#[test]
fn texts_hash_as_specified() {
    let Some(suite) = suite("qbft_hashing.json") else { return };
    for case in cases(&suite, "any_string") {
        expect(case, &wire::string_any(case["input"]["string_value"].as_str().expect("a text")));
    }
}

/// Ours are encoded by signing them; the signature then has to stand where it belongs and be good.
#[test]
fn messages_are_signed_as_specified() {
    let Some(suite) = suite("qbft_hashing.json") else { return };
    let mut signed = 0;
    for case in cases(&suite, "qbft_signing_root") {
        let input = &case["input"];
        let number = |field: &str| input[field].as_u64().expect("a number");
        let me = u8::try_from(number("peer_idx")).expect("few peers");
        // Duties of type 0, which some cases have, cannot be expressed; the encoding alone is checked then.
        let encoding = hex(&case["encoding_hex"]);
        assert_eq!(wire::hash_encoding(&encoding)[..], hex(&case["hash_hex"])[..], "{}", case["name"]);
        let kind = duty::DutyKind::from_number(input["duty_type"].as_i64().expect("a type"));
        let Some(kind) = kind else { continue };
        let draft = Draft {
            kind: message_kind(number("type")),
            round: Round::new(number("round")).expect("not zero"),
            value: hash(&input["value_hash"]),
            prepared_round: number("prepared_round"),
            prepared_value: hash(&input["prepared_value_hash"]),
            justification: Vec::new(),
        };
        let duty = duty::Duty::new(Slot(number("slot")), kind);
        let message = wire::sign(&key(me), PeerIndex(me), duty, draft);
        let signature = key(me).sign(&wire::hash_encoding(&encoding));
        assert_eq!(*message.wire, *with_signature(&encoding, &signature), "{}", case["name"]);
        signed += 1;
    }
    assert!(signed >= 4, "the suite has messages of known duties");
}

fn message_kind(number: u64) -> Kind {
    [Kind::PrePrepare, Kind::Prepare, Kind::Commit, Kind::RoundChange, Kind::Decided]
        .into_iter()
        .find(|kind| *kind as u64 == number)
        .expect("a type")
}

fn hash(value: &Value) -> Option<Hash> {
    let bytes: [u8; 32] = hex(value).try_into().expect("32 bytes");
    (bytes != [0; 32]).then_some(Hash(bytes))
}

/// The signature stands before the two hashes, 34 bytes each.
fn with_signature(encoding: &[u8], signature: &[u8; 65]) -> Vec<u8> {
    let (numbers, hashes) = encoding.split_at(encoding.len() - 2 * 34);
    [numbers, &[0x42, 65], signature, hashes].concat()
}

#[test]
fn sizes_are_limited_as_specified() {
    let Some(suite) = suite("qbft_msg_limits.json") else { return };
    let codec = Codec::new(keys(4), Arc::new(spec()));
    for case in cases(&suite, "wire_size") {
        let size = case["input"]["wire_size_bytes"].as_u64().and_then(|size| usize::try_from(size).ok());
        let refused =
            codec.consensus_message(&vec![0; size.expect("a size")]).expect_err("zeros are no message");
        let too_large = matches!(refused, Reject::Excess(qbft::limits::Excess::Bytes { .. }));
        assert_eq!(case["accepted"].as_bool(), Some(!too_large), "{}", case["name"]);
    }
}

#[test]
fn counts_are_limited_as_specified() {
    let Some(suite) = suite("qbft_msg_limits.json") else { return };
    for case in cases(&suite, "counts") {
        let count = |field: &str| case["input"][field].as_u64().and_then(|count| usize::try_from(count).ok());
        let nodes = u8::try_from(count("nodes").expect("a count")).expect("few nodes");
        let codec = Codec::new(keys(nodes), Arc::new(spec()));
        let justifications = [0x12, 0].repeat(count("justification_count").expect("a count"));
        let values = [0x1a, 0].repeat(count("value_count").expect("a count"));
        let message = [&[0x0a, 0][..], &justifications, &values].concat();
        let reason = match codec.consensus_message(&message).expect_err("an empty message is none") {
            Reject::Excess(qbft::limits::Excess::Justifications { .. }) => Some("too_many_justifications"),
            Reject::Excess(qbft::limits::Excess::Values { .. }) => Some("too_many_values"),
            _ => None,
        };
        assert_eq!(case["reason"].as_str(), reason, "{}", case["name"]);
    }
}

#[test]
fn shares_are_bound_to_senders_as_specified() {
    let Some(suite) = suite("parsigex_sender_binding.json") else { return };
    for case in cases(&suite, "cases") {
        let numbers = share_numbers(&case["input"]);
        let map = ShareMap::new(numbers.keys().copied(), &numbers).expect("all have shares");
        let sender = case["input"]["sender"].as_str().expect("a sender");
        let bound = map.bind_sender(sender, case["input"]["share_idx"].as_i64().expect("a share"));
        assert_eq!(case["accepted"].as_bool(), Some(bound.is_ok()), "{}", case["name"]);
        assert_eq!(case["reason"].as_str(), bound.err().map(reason), "{}", case["name"]);
    }
    for case in cases(&suite, "peer_map") {
        let numbers = share_numbers(&case["input"]);
        let peers = case["input"]["peers"]
            .as_array()
            .expect("peers")
            .iter()
            .map(|peer| peer.as_str().expect("a name"));
        let map = ShareMap::new(peers, &numbers);
        assert_eq!(case["accepted"].as_bool(), Some(map.is_ok()), "{}", case["name"]);
        assert_eq!(case["reason"].as_str(), map.err().map(reason), "{}", case["name"]);
    }
}

fn share_numbers(input: &Value) -> BTreeMap<&str, i64> {
    let numbers = input["share_idx_by_peer"].as_object().expect("a map");
    numbers.iter().map(|(peer, number)| (peer.as_str(), number.as_i64().expect("a number"))).collect()
}

fn reason(fault: BindFault) -> &'static str {
    match fault {
        BindFault::MissingShare => "missing_share_idx",
        BindFault::UnknownPeer => "unknown_peer",
        BindFault::ForeignShare { .. } => "share_idx_mismatch",
    }
}
