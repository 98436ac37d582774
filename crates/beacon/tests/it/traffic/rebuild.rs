//! Bodies that were cut, made whole again: what can be read stays, the rest is of the same shape and length.

use eth::{PublicKeyBytes, Root, SignatureBytes};
use serde_json::{Map, Value, json};

use super::recording::{Kept, Recorded};
use crate::script::signature;

/// Items differ by a few digits in length.
const DIGITS: usize = 24;

/// The body, whole; blocks excepted, which depend on what was produced.
pub(super) fn body(request: &Recorded) -> Vec<u8> {
    match &request.body {
        None => Vec::new(),
        Some(Kept::Text { len, text }) if text.len() == *len => text.clone().into_bytes(),
        Some(Kept::Text { len, text }) => list(&item(request.kind()), text, *len).to_string().into_bytes(),
        Some(Kept::Ssz { ssz_bytes, hex_prefix }) => {
            let mut bytes = bytes_of(hex_prefix);
            bytes.resize(*ssz_bytes, 0);
            bytes
        }
    }
}

/// The signature of a block as far as it was kept: it follows three offsets of the contents and one of the block.
pub(super) fn block_signature(request: &Recorded) -> SignatureBytes {
    let Some(Kept::Ssz { hex_prefix, .. }) = &request.body else { return signature(0) };
    let mut bytes = bytes_of(hex_prefix)[16..].to_vec();
    bytes.resize(96, 0);
    SignatureBytes(bytes.try_into().expect("96 bytes"))
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// An item of a list of this kind.
fn item(kind: &str) -> Value {
    let (root, signature, key) = (Root::default(), signature(0), PublicKeyBytes([0; 48]));
    let checkpoint = json!({ "epoch": "0", "root": root });
    let data = json!({ "slot": "0", "index": "0", "beacon_block_root": root, "source": checkpoint, "target": checkpoint });
    match kind {
        "validators" => json!(key),
        "preparations" => json!({ "validator_index": "0", "fee_recipient": eth::Address::default() }),
        "registrations" => json!({ "signature": signature, "message": {
            "fee_recipient": eth::Address::default(), "gas_limit": "60000000", "timestamp": "1795175860", "pubkey": key } }),
        "subscriptions" => json!({ "validator_index": "0", "committee_index": "0", "committees_at_slot": "1",
            "slot": "0", "is_aggregator": false }),
        "sync subscriptions" => {
            json!({ "validator_index": "0", "sync_committee_indices": ["0", "1"], "until_epoch": "8" })
        }
        "selections" => json!({ "validator_index": "0", "slot": "0", "selection_proof": signature }),
        "sync selections" => json!({ "validator_index": "0", "slot": "0", "subcommittee_index": "0",
            "selection_proof": signature }),
        "attestations" => {
            json!({ "committee_index": "0", "attester_index": "0", "data": data, "signature": signature })
        }
        "aggregates" => json!({ "signature": signature, "message": { "aggregator_index": "0",
            "selection_proof": signature, "aggregate": { "aggregation_bits": "0x07", "data": data,
                "signature": signature, "committee_bits": "0x01" } } }),
        "sync committee messages" => json!({ "slot": "0", "beacon_block_root": root, "validator_index": "0",
            "signature": signature }),
        "contributions" => json!({ "signature": signature, "message": { "aggregator_index": "0",
            "selection_proof": signature, "contribution": { "slot": "0", "beacon_block_root": root,
                "subcommittee_index": "0", "aggregation_bits": "0xff", "signature": signature } } }),
        _ => panic!("{kind}: how its items look is not known"),
    }
}

/// The list whose beginning is `text` and that is `len` bytes long.
fn list(item: &Value, text: &str, len: usize) -> Value {
    let template = if text.starts_with('[') { json!([item]) } else { json!({ "ids": [item] }) };
    let mut whole = filled(closed(text), &template);
    let mut made_up = 0;
    while whole.to_string().len() + DIGITS < len {
        made_up += 1;
        let list = if whole.is_array() { &mut whole } else { &mut whole["ids"] };
        list.as_array_mut().expect("a list").push(another(item, made_up));
    }
    let difference = whole.to_string().len().abs_diff(len);
    let items = if whole.is_array() { &whole } else { &whole["ids"] }.as_array().expect("a list").len();
    assert!(difference <= DIGITS * items.max(1), "{len} bytes were {}: {text}", whole.to_string().len());
    whole
}

/// A key must be one of its own, everything else may be there twice.
fn another(item: &Value, number: u8) -> Value {
    if item.is_string() { json!(PublicKeyBytes([number; 48])) } else { item.clone() }
}

/// As much of the beginning of a JSON text as can be read, its brackets closed.
fn closed(text: &str) -> Value {
    let (mut open, mut in_string, mut readable) = (Vec::new(), false, String::new());
    for (at, letter) in text.char_indices() {
        let until = match letter {
            '"' => {
                in_string = !in_string;
                continue;
            }
            _ if in_string => continue,
            '[' | '{' => {
                open.push(if letter == '[' { ']' } else { '}' });
                at + 1
            }
            ']' | '}' => {
                open.pop();
                at + 1
            }
            ',' => at,
            _ => continue,
        };
        readable = text[..until].chars().chain(open.iter().rev().copied()).collect();
    }
    serde_json::from_str(&readable).expect("closed brackets make it JSON")
}

/// What is missing is as in the template.
fn filled(partial: Value, template: &Value) -> Value {
    match (partial, template) {
        (Value::Object(mut partial), Value::Object(template)) => {
            let mut whole = Map::new();
            for (name, value) in template {
                let value = partial.remove(name).map_or_else(|| value.clone(), |part| filled(part, value));
                whole.insert(name.clone(), value);
            }
            whole.append(&mut partial);
            Value::Object(whole)
        }
        (Value::Array(items), Value::Array(template)) => {
            Value::Array(items.into_iter().map(|item| filled(item, &template[0])).collect())
        }
        (value, _) => value,
    }
}

#[test]
fn a_cut_list_becomes_one_of_the_same_length() {
    let item = json!({ "slot": "0", "proof": "0x0000" });
    let whole =
        r#"[{"slot":"1","proof":"0x1111"},{"slot":"2","proof":"0x2222"},{"slot":"3","proof":"0x3333"}]"#;
    for cut in 1..whole.len() {
        let rebuilt = list(&item, &whole[..cut], whole.len());
        let items = rebuilt.as_array().expect("a list");
        assert_eq!(items.len(), 3, "{cut}: {rebuilt}");
        assert!(cut < 30 || items[0] == json!({ "slot": "1", "proof": "0x1111" }), "{cut}: {rebuilt}");
    }
}
