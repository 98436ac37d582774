//! How files are written, and files of others.

use cluster::{Check, Definition, Error, FormatVersion, Lock};
use serde_json::Value;

use crate::sample;
use crate::vectors::report;

/// What a file says, with `null` lists as the empty lists they mean.
pub(crate) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Null => Value::Array(Vec::new()),
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[test]
fn keys_come_in_the_order_of_the_format() {
    let json = sample::cluster(4, 1).lock.to_json();
    let text = String::from_utf8(json).expect("JSON is UTF-8");
    assert!(text.starts_with("{\n \"cluster_definition\": {\n  \"name\": \"first light\","), "{text}");
    let keys = [
        "name",
        "creator",
        "operators",
        "uuid",
        "version",
        "timestamp",
        "num_validators",
        "threshold",
        "validators",
        "dkg_algorithm",
        "fork_version",
        "deposit_amounts",
        "consensus_protocol",
        "target_gas_limit",
        "compounding",
        "config_hash",
        "definition_hash",
        "distributed_validators",
        "distributed_public_key",
        "public_shares",
        "builder_registration",
        "partial_deposit_data",
        "signature_aggregate",
        "lock_hash",
        "node_signatures",
    ];
    let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":"))).collect();
    assert!(places.iter().all(Option::is_some), "{places:?}");
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn absent_and_null_mean_empty() {
    let null = br#"{"name":null,"creator":null,"operators":null,"uuid":null,"version":"v1.10.0","timestamp":null,
        "num_validators":null,"threshold":null,"validators":null,"dkg_algorithm":null,"fork_version":"0x00000000",
        "deposit_amounts":null,"consensus_protocol":null,"target_gas_limit":null,"compounding":null,
        "config_hash":null,"definition_hash":null}"#;
    let absent = br#"{"version":"v1.10.0","fork_version":"00000000"}"#;
    let definition = Definition::parse(null).expect("null is allowed everywhere");
    assert_eq!(Definition::parse(absent), Ok(definition));
}

#[test]
fn a_lock_without_validators_or_lists_is_read_and_refused() {
    let lock = br#"{"cluster_definition":{"version":"v1.10.0","fork_version":"0x00000000"},
        "distributed_validators":null,"node_signatures":null,"signature_aggregate":null,"lock_hash":null}"#;
    let lock = Lock::parse(lock).expect("null is allowed everywhere");
    let lock = Lock { definition: lock.definition.clone().with_hashes().expect("it hashes"), ..lock };
    let lock = lock.with_hash().expect("it hashes");
    assert_eq!(lock.verify(), Err(Error::NoOperators));
}

#[test]
fn unknown_versions_are_named() {
    let definition = br#"{"version":"v1.12.0","fork_version":"0x00000000"}"#;
    assert_eq!(Definition::parse(definition), Err(Error::UnknownVersion("v1.12.0".to_owned())));
}

/// Files made by others, for a check by hand: every definition and lock in `PHALANX_CLUSTER_FILES` must hash to what
/// it says and be written as it was read. What the other checks say is printed.
#[test]
fn files_of_others_hash_to_what_they_say() {
    let Some(directory) = std::env::var_os("PHALANX_CLUSTER_FILES") else {
        report("skipped: no cluster files of others, set PHALANX_CLUSTER_FILES");
        return;
    };
    for entry in std::fs::read_dir(directory).expect("the directory can be listed") {
        let path = entry.expect("the directory can be listed").path();
        let json = std::fs::read(&path).expect("the file can be read");
        let value: Value = serde_json::from_slice(&json).expect("the file is JSON");
        report(&format!("{}", path.display()));
        if value.get("cluster_definition").is_some() {
            judge_lock(&json);
        } else {
            judge_definition(&json);
        }
    }
}

fn judge_lock(json: &[u8]) {
    let lock = Lock::parse(json).expect("the lock is read");
    lock.check(Check::Hashes).expect("the lock hashes to what it says");
    for check in Check::ALL {
        report(&format!("  {check:?}: {:?}", lock.check(check)));
    }
    assert_eq!(Lock::parse(&lock.to_json()), Ok(lock));
}

fn judge_definition(json: &[u8]) {
    let definition = Definition::parse(json).expect("the definition is read");
    definition.check_hashes().expect("the definition hashes to what it says");
    report(&format!("  {:?}", definition.check_signatures()));
    assert_eq!(Definition::parse(&definition.to_json()), Ok(definition));
}

#[test]
fn versions_print_as_they_are_read() {
    for version in FormatVersion::ALL {
        assert_eq!(version.to_string().parse(), Ok(version));
    }
    assert!(FormatVersion::V1_9 < FormatVersion::V1_10);
}
