//! Hostile files are refused or read, but never panic.

use cluster::{Definition, Error, Lock};
use serde_json::{Value, json};

use crate::sample;

/// Reads, judges and writes whatever the bytes are.
fn handle(json: &[u8]) {
    if let Ok(lock) = Lock::parse(json) {
        let _verdict = lock.verify();
        assert_eq!(Lock::parse(&lock.to_json()).as_ref(), Ok(&lock));
    }
    if let Ok(definition) = Definition::parse(json) {
        let _verdict = (definition.check_hashes(), definition.check_signatures(), definition.nodes());
        assert_eq!(Definition::parse(&definition.to_json()), Ok(definition));
    }
}

/// Pointers to every value in the document, containers included.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), found))
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn every_value_may_be_replaced_by_anything() {
    let lock: Value = serde_json::from_slice(&sample::cluster(3, 1).lock.to_json()).expect("JSON");
    let mut places = Vec::new();
    pointers(&lock, "", &mut places);
    let hostile = [
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1.5),
        json!(""),
        json!("0x"),
        json!("0x0"),
        json!("zz"),
        json!("é".repeat(40)),
        json!("00".repeat(4096)),
        json!([]),
        json!([[]]),
        json!([null]),
        json!({}),
        json!({"version": "v1.0.0", "fork_version": "0x00000000", "num_validators": u64::MAX}),
    ];
    for place in &places {
        for value in &hostile {
            let mut document = lock.clone();
            *document.pointer_mut(place).expect("the place exists") = value.clone();
            handle(&serde_json::to_vec(&document).expect("JSON"));
        }
    }
}

#[test]
fn every_version_may_be_claimed() {
    let lock = String::from_utf8(sample::cluster(3, 1).lock.to_json()).expect("UTF-8");
    for version in cluster::FormatVersion::ALL {
        handle(lock.replace("v1.10.0", version.as_str()).as_bytes());
    }
}

#[test]
fn truncated_and_flipped_files_never_panic() {
    let lock = sample::cluster(3, 1).lock.to_json();
    for place in 0..lock.len() {
        assert!(Lock::parse(&lock[..place]).is_err(), "{place} bytes");
        let mut flipped = lock.clone();
        flipped[place] ^= 0x02;
        let _read = Lock::parse(&flipped);
    }
}

#[test]
fn deep_nesting_is_an_error() {
    for opening in ["[", "{\"a\":", "{\"cluster_definition\":"] {
        assert!(matches!(Lock::parse(opening.repeat(100_000).as_bytes()), Err(Error::Json { .. })));
    }
}

#[test]
fn a_huge_announced_count_allocates_nothing() {
    let definition =
        br#"{"version":"v1.4.0","fork_version":"0x00000000","num_validators":18446744073709551615,
        "threshold":18446744073709551615,"operators":[{}]}"#;
    let definition = Definition::parse(definition).expect("numbers are numbers");
    assert!(definition.check_hashes().is_err());
    assert!(definition.nodes().is_err());
    let lock =
        br#"{"cluster_definition":{"version":"v1.10.0","fork_version":"0x00000000","num_validators":9},
        "distributed_validators":[]}"#;
    assert_eq!(Lock::parse(lock), Err(Error::AddressCount { validators: 9, addresses: 0 }));
}
