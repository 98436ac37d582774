//! What `phalanx run` refuses to start with, and what it says.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::json;

use crate::beacon_node::{self, GENESIS_VALIDATORS_ROOT, HOODI};
use crate::program::{
    Said, finish, foreign_directory, json as read_json, keys, node_directory, run_in, slashing,
};

fn run_here(directory: &Path, more: &[&str]) -> Said {
    finish(run_in(directory, &beacon_node::nowhere()).args(more))
}

fn import(directory: &Path, root: &str) {
    let entry = |validator| json!({ "pubkey": keys(directory, validator).0, "signed_blocks": [], "signed_attestations": [] });
    let metadata = json!({ "interchange_format_version": "5", "genesis_validators_root": root });
    let count = read_json(&directory.join("cluster-lock.json"))["distributed_validators"]
        .as_array()
        .map_or(0, Vec::len);
    let history = json!({ "metadata": metadata, "data": (0..count).map(entry).collect::<Vec<_>>() });
    let path = directory.join("history.json");
    fs::write(&path, history.to_string()).expect("a file");
    slashing(directory, &["import", &path.display().to_string()]).well();
}

#[test]
fn a_lock_that_is_missing_or_garbage() {
    let place = node_directory();
    let lock = place.path().join("cluster-lock.json");
    fs::write(&lock, b"\xff\xfe not a lock").expect("a file");
    run_here(place.path(), &[]).refused(&["cluster lock", "cluster-lock.json is not valid", "intact copy"]);
    fs::write(&lock, "[".repeat(100_000)).expect("a file");
    run_here(place.path(), &[]).refused(&["cluster-lock.json is not valid"]);
    fs::remove_file(&lock).expect("it was there");
    run_here(place.path(), &[]).refused(&["cannot read cluster lock", "--lock-file"]);
}

#[test]
fn a_lock_that_was_tampered_with() {
    let place = node_directory();
    let path = place.path().join("cluster-lock.json");
    let mut lock = read_json(&path);
    lock["cluster_definition"]["name"] = json!("mine");
    fs::write(&path, lock.to_string()).expect("a file");
    run_here(place.path(), &[]).refused(&["edited or damaged", "another operator"]);
}

#[test]
fn a_threshold_below_the_quorum_even_unverified() {
    let place = node_directory();
    let path = place.path().join("cluster-lock.json");
    let mut lock = read_json(&path);
    for (threshold, part) in [(2, "below the quorum 3 of 4"), (260, "260 of 4 operators")] {
        lock["cluster_definition"]["threshold"] = json!(threshold);
        fs::write(&path, lock.to_string()).expect("a file");
        run_here(place.path(), &["--no-verify"]).refused(&[part]);
    }
}

#[test]
fn a_key_of_no_operator() {
    let (place, foreign) = (node_directory(), foreign_directory());
    let key = place.path().join("charon-enr-private-key");
    fs::copy(foreign.path().join("charon-enr-private-key"), &key).expect("a copy");
    run_here(place.path(), &[]).refused(&["belongs to no operator", "the key and the lock that were made"]);
    fs::write(&key, "not hex").expect("a file");
    run_here(place.path(), &[]).refused(&["private key", "64 hex digits"]);
    fs::remove_file(&key).expect("it was there");
    run_here(place.path(), &[]).refused(&["cannot read private key", "--private-key-file"]);
}

#[test]
fn a_port_that_is_in_use() {
    let place = node_directory();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    for flag in ["--validator-api-address", "--monitoring-address", "--p2p-tcp-address"] {
        let mut command = run_in(place.path(), &beacon_node::nowhere());
        command.arg(format!("{flag}={address}"));
        finish(&mut command).refused(&["cannot listen on", &address.to_string(), flag]);
    }
}

#[test]
fn no_ledger_and_nothing_that_says_none_is_needed() {
    let place = node_directory();
    fs::remove_file(place.path().join("signing-history.json")).expect("it was there");
    run_here(place.path(), &[]).refused(&[
        "no slashing ledger",
        "slashing import",
        "slashing init",
        "restore it",
    ]);
    assert!(!place.path().join("slashing-ledger.sqlite").exists());
}

#[test]
fn a_declaration_that_is_damaged() {
    let place = node_directory();
    fs::write(place.path().join("signing-history.json"), "{").expect("a file");
    run_here(place.path(), &[]).refused(&["signing-history.json is not valid", "EIP-3076"]);
    assert!(!place.path().join("slashing-ledger.sqlite").exists());
}

#[test]
fn a_ledger_that_is_damaged_is_kept_as_it_is() {
    let place = node_directory();
    let ledger = place.path().join("slashing-ledger.sqlite");
    fs::write(&ledger, "x".repeat(8192)).expect("a file");
    let said = finish(&mut run_in(place.path(), &beacon_node::start(HOODI)));
    said.refused(&["slashing-ledger.sqlite"]);
    assert_eq!(fs::read(&ledger).expect("a file"), "x".repeat(8192).as_bytes());
    assert!(place.path().join("signing-history.json").exists(), "the declaration was not used up");

    fs::remove_file(&ledger).expect("it was there");
    import(place.path(), &GENESIS_VALIDATORS_ROOT.to_string());
    let mut bytes = fs::read(&ledger).expect("a ledger");
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x55);
    fs::write(&ledger, &bytes).expect("a file");
    finish(&mut run_in(place.path(), &beacon_node::start(HOODI))).refused(&["is damaged", "two epochs"]);
}

#[test]
fn the_ledger_of_another_cluster_or_network() {
    let (place, foreign) = (node_directory(), foreign_directory());
    let ledger = |directory: &Path| directory.join("slashing-ledger.sqlite");
    import(foreign.path(), &GENESIS_VALIDATORS_ROOT.to_string());
    fs::copy(ledger(foreign.path()), ledger(place.path())).expect("a copy");
    let url = beacon_node::start(HOODI);
    finish(&mut run_in(place.path(), &url)).refused(&["belongs to another cluster", "its own ledger"]);

    fs::remove_file(ledger(place.path())).expect("it was there");
    fs::remove_file(place.path().join("signing-history.json")).expect("it was there");
    import(place.path(), &format!("0x{}", "77".repeat(32)));
    finish(&mut run_in(place.path(), &url)).refused(&[
        "of another network",
        &"77".repeat(32),
        "its own ledger",
    ]);
}

#[test]
fn a_ledger_another_process_holds() {
    let place = node_directory();
    import(place.path(), &GENESIS_VALIDATORS_ROOT.to_string());
    let held =
        signer::SqliteStore::open_unowned(&place.path().join("slashing-ledger.sqlite")).expect("ours now");
    finish(&mut run_in(place.path(), &beacon_node::start(HOODI)))
        .refused(&["in use by another process", "stop the other"]);
    slashing(place.path(), &["show"]).refused(&["in use by another process"]);
    drop(held);
    slashing(place.path(), &["show"]).well();
}

#[test]
fn a_validator_the_ledger_does_not_know() {
    let (place, foreign) = (node_directory(), foreign_directory());
    import(foreign.path(), &GENESIS_VALIDATORS_ROOT.to_string());
    // The ledger of a cluster that this lock extends: it knows the first validator, not the second.
    let path = place.path().join("slashing-ledger.sqlite");
    let (known, unknown) = (keys(place.path(), 0).0, keys(place.path(), 1).0);
    let key = cluster::GroupKey(known.parse().expect("a key"));
    let owner = signer::Owner {
        genesis_validators_root: GENESIS_VALIDATORS_ROOT,
        lock_hash: eth::Root([9; 32]),
        validators: vec![key],
    };
    drop(signer::SqliteStore::create(&path, &owner).expect("a ledger"));
    let declaration = place.path().join("signing-history.json");
    fs::remove_file(&declaration).expect("it was there");
    let url = beacon_node::start(HOODI);
    for _ in 0..2 {
        finish(&mut run_in(place.path(), &url)).refused(&[&unknown, "slashing import", "slashing init"]);
    }
    let said = slashing(place.path(), &["init", "--no-signing-history"]).well();
    assert!(said.stdout.starts_with("declared: 1 validators"), "{}", said.stdout);
}

#[test]
fn a_beacon_node_of_another_network() {
    let place = node_directory();
    let url = beacon_node::start(eth::Version([0, 0, 0, 0]));
    finish(&mut run_in(place.path(), &url)).refused(&[
        "another network",
        "0x10000910",
        "0x00000000",
        "point to",
    ]);
    assert!(!place.path().join("slashing-ledger.sqlite").exists());
}

#[test]
fn endpoints_and_texts_that_cannot_be() {
    let place = node_directory();
    let refused = |endpoint: &str, parts: &[&str]| {
        finish(&mut run_in(place.path(), endpoint)).refused(parts);
    };
    refused("localhost:5052", &["cannot be used", "http://"]);
    refused("http://127.0.0.1:1?key=secret", &["query"]);
    run_here(place.path(), &[&format!("--nickname={}", "n".repeat(33))]).refused(&["--nickname", "32"]);
    run_here(place.path(), &[&format!("--graffiti={}", "g".repeat(33))]).refused(&["--graffiti", "33 bytes"]);
    run_here(place.path(), &["--p2p-peers=9=127.0.0.1:1"])
        .refused(&["--p2p-peers", "no operator 9, only 0 to 3"]);
    run_here(place.path(), &["--p2p-external-hostname=a b"]).refused(&["--p2p-external-hostname"]);
    run_here(place.path(), &["--log-level=node=loud"]).refused(&["--log-level"]);
    run_here(place.path(), &["--log-output-path=/nowhere/log"])
        .refused(&["--log-output-path", "/nowhere/log"]);
}
