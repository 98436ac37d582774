//! `phalanx create cluster --split-existing-keys`: never without the keys' history.

use std::fs;
use std::path::{Path, PathBuf};

use bls::SecretKey;
use serde_json::json;
use signer::Protection;
use tempfile::TempDir;

use crate::beacon_node::GENESIS_VALIDATORS_ROOT;
use crate::program::{Said, create_arguments, json as read_json, run, slashing};

fn secret(number: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = number;
    SecretKey::from_bytes(&bytes).expect("a small number is a key")
}

fn pubkey(number: u8) -> String {
    let bytes = secret(number).public_key().to_bytes();
    bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A place with keystores of two keys.
fn keystores() -> TempDir {
    let place = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(place.path().join("keys")).expect("a directory");
    signer::write_directory(&place.path().join("keys"), &[secret(7), secret(8)], Protection::Insecure)
        .expect("keystores");
    place
}

fn history(place: &Path, numbers: &[u8]) -> PathBuf {
    let data: Vec<_> = numbers
        .iter()
        .map(|number| {
            json!({
                "pubkey": pubkey(*number),
                "signed_blocks": [{ "slot": "640" }],
                "signed_attestations": [{ "source_epoch": "18", "target_epoch": "19" }],
            })
        })
        .collect();
    let root = GENESIS_VALIDATORS_ROOT.to_string();
    let metadata = json!({ "interchange_format_version": "5", "genesis_validators_root": root });
    let path = place.join("history.json");
    fs::write(&path, json!({ "metadata": metadata, "data": data }).to_string()).expect("a file");
    path
}

fn split(place: &Path, more: &[&str]) -> Said {
    let mut arguments = create_arguments(&place.join("cluster"));
    arguments.push("--split-existing-keys".to_owned());
    arguments.push(format!("--split-keys-dir={}", place.join("keys").display()));
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    run(arguments)
}

#[test]
fn without_a_history_nothing_is_split() {
    let place = keystores();
    split(place.path(), &[]).refused(&[
        "stop every validator client",
        "--signing-history",
        "--no-signing-history",
    ]);
    assert!(!place.path().join("cluster").exists());
}

#[test]
fn a_history_that_lacks_a_key_is_refused() {
    let place = keystores();
    let path = history(place.path(), &[7]);
    let flag = format!("--signing-history={}", path.display());
    split(place.path(), &[&flag]).refused(&[&pubkey(8), "has nothing of validator"]);
    assert!(!place.path().join("cluster").exists());
}

#[test]
fn a_history_that_is_none_is_refused() {
    let place = keystores();
    let path = place.path().join("history.json");
    let flag = format!("--signing-history={}", path.display());
    split(place.path(), &[&flag]).refused(&["cannot read signing history", "history.json"]);
    fs::write(&path, "{}").expect("a file");
    split(place.path(), &[&flag]).refused(&["signing history", "EIP-3076"]);
    fs::write(
        &path,
        r#"{"metadata":{"interchange_format_version":"4","genesis_validators_root":"0x"},"data":[]}"#,
    )
    .expect("a file");
    split(place.path(), &[&flag]).refused(&["signing history"]);
    assert!(!place.path().join("cluster").exists());
}

#[test]
fn history_and_no_history_exclude_each_other() {
    let place = keystores();
    let said = split(place.path(), &["--signing-history=x", "--no-signing-history"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

#[test]
fn the_history_travels_to_every_node_and_the_keys_stay_whole() {
    let place = keystores();
    let path = history(place.path(), &[7, 8]);
    let said = split(place.path(), &[&format!("--signing-history={}", path.display())]).well();
    assert!(said.stdout.contains("Never run the split keys anywhere else again"), "{}", said.stdout);
    let lock = read_json(&place.path().join("cluster/node0/cluster-lock.json"));
    let group = |index: usize| lock["distributed_validators"][index]["distributed_public_key"].clone();
    assert_eq!([group(0), group(1)], [json!(pubkey(7)), json!(pubkey(8))]);
    for node in 0..4 {
        let directory = place.path().join(format!("cluster/node{node}"));
        let declared = read_json(&directory.join("signing-history.json"));
        assert_eq!(declared["data"][1]["signed_attestations"][0]["target_epoch"], "19");
        assert!(!directory.join("deposit-data.json").exists(), "the validators have their deposits");
        let shares = signer::load_directory(&directory.join("validator_keys")).expect("they decrypt");
        assert!(shares.iter().all(|share| share.secret.public_key() != secret(7).public_key()));
    }
}

#[test]
fn a_declared_history_is_in_the_ledger_after_any_import() {
    let place = keystores();
    let path = history(place.path(), &[7, 8]);
    split(place.path(), &[&format!("--signing-history={}", path.display())]).well();
    let node = place.path().join("cluster/node0");
    slashing(&node, &["import", &path.display().to_string()]).well();
    let shown: serde_json::Value =
        serde_json::from_str(&slashing(&node, &["show", "--json"]).well().stdout).expect("JSON");
    assert_eq!(shown["validators"][0]["target_epoch"], "19");
    assert!(!node.join("signing-history.json").exists(), "taken in once");
    assert!(node.join("signing-history.json.imported").exists());
}

#[test]
fn keys_that_never_signed_are_declared_so() {
    let place = keystores();
    split(place.path(), &["--no-signing-history"]).well();
    let declared = read_json(&place.path().join("cluster/node2/signing-history.json"));
    assert_eq!(declared["data"], json!([]));
}

#[test]
fn flags_that_contradict_splitting_are_refused() {
    let place = keystores();
    for (flag, part) in
        [("--num-validators=2", "--num-validators"), ("--deposit-amounts=32", "--deposit-amounts")]
    {
        split(place.path(), &["--no-signing-history", flag]).refused(&[part]);
    }
    fs::remove_dir_all(place.path().join("keys")).expect("removed");
    split(place.path(), &["--no-signing-history"]).refused(&["keys"]);
    fs::create_dir(place.path().join("keys")).expect("a directory");
    split(place.path(), &["--no-signing-history"]).refused(&["keys"]);
}
