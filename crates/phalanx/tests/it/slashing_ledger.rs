//! `phalanx slashing`: histories go in and out, and nothing is lost on the way.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::beacon_node::GENESIS_VALIDATORS_ROOT;
use crate::program::{foreign_directory, json as read_json, keys, node_directory, slashing};

fn history(keys: &[&str], root: &str) -> Value {
    let data: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "pubkey": key,
                "signed_blocks": [{ "slot": "640" }],
                "signed_attestations": [{ "source_epoch": "18", "target_epoch": "19" }],
            })
        })
        .collect();
    json!({ "metadata": { "interchange_format_version": "5", "genesis_validators_root": root }, "data": data })
}

fn write(directory: &Path, history: &Value) -> String {
    let path = directory.join("history.json");
    fs::write(&path, history.to_string()).expect("a file");
    path.display().to_string()
}

fn ledger(directory: &Path) -> PathBuf {
    directory.join("slashing-ledger.sqlite")
}

/// A directory without a declared history: of an operator who comes from another client.
fn undeclared_directory() -> tempfile::TempDir {
    let place = node_directory();
    fs::remove_file(place.path().join("signing-history.json")).expect("there was one");
    place
}

/// Both validators' histories by this node's share keys, as its validator client would export them.
fn by_share_keys(directory: &Path) -> Value {
    let shares = [0, 1].map(|validator| keys(directory, validator).1[0].clone());
    history(&shares.each_ref().map(String::as_str), &GENESIS_VALIDATORS_ROOT.to_string())
}

#[test]
fn a_validator_clients_history_comes_out_under_the_validators_own_keys() {
    let place = undeclared_directory();
    let path = write(place.path(), &by_share_keys(place.path()));
    let said = slashing(place.path(), &["import", &path]).well();
    assert!(said.stdout.starts_with("2 validators' histories are in"), "{}", said.stdout);
    assert!(said.stdout.trim_end().ends_with("newly made"), "{}", said.stdout);

    let output = place.path().join("export.json").display().to_string();
    slashing(place.path(), &["export", &output]).well();
    let exported = read_json(Path::new(&output));
    let mut groups = [0, 1].map(|validator| keys(place.path(), validator).0);
    groups.sort();
    assert_eq!(exported["metadata"]["genesis_validators_root"], GENESIS_VALIDATORS_ROOT.to_string());
    for (entry, group) in exported["data"].as_array().expect("a list").iter().zip(&groups) {
        assert_eq!(entry["pubkey"], **group);
        assert_eq!(entry["signed_attestations"], json!([{ "source_epoch": "18", "target_epoch": "19" }]));
        assert_eq!(entry["signed_blocks"], json!([{ "slot": "640" }]));
    }

    slashing(place.path(), &["export", &output]).refused(&["export.json exists", "not overwritten"]);
    assert_eq!(read_json(Path::new(&output)), exported);
    let printed = slashing(place.path(), &["export", "-"]).well();
    assert_eq!(serde_json::from_str::<Value>(&printed.stdout).expect("JSON"), exported);
}

#[test]
fn show_prints_what_scripts_may_rely_on() {
    let place = undeclared_directory();
    let path = write(place.path(), &by_share_keys(place.path()));
    slashing(place.path(), &["import", &path]).well();
    let shown = slashing(place.path(), &["show", "--json"]).well().stdout;
    let mut groups = [0, 1].map(|validator| keys(place.path(), validator).0);
    groups.sort();
    let entry = |key: &String| json!({ "pubkey": key, "source_epoch": "18", "target_epoch": "19", "block_slot": "640" });
    let expected = json!({
        "genesis_validators_root": GENESIS_VALIDATORS_ROOT.to_string(),
        "validators": groups.iter().map(entry).collect::<Vec<_>>(),
    });
    assert_eq!(serde_json::from_str::<Value>(&shown).expect("JSON"), expected);
    let table = slashing(place.path(), &["show"]).well().stdout;
    assert!(table.lines().nth(2).expect("a row").ends_with("      18        19         640"), "{table}");
}

#[test]
fn a_minimal_import_keeps_only_the_bounds() {
    let place = undeclared_directory();
    let first = write(place.path(), &by_share_keys(place.path()));
    slashing(place.path(), &["import", &first]).well();
    let mut later = by_share_keys(place.path());
    later["data"][0]["signed_attestations"][0] = json!({ "source_epoch": "30", "target_epoch": "31" });
    let path = write(place.path(), &later);
    slashing(place.path(), &["import", "--minimal", &path]).well();
    let shown = slashing(place.path(), &["show", "--json"]).well().stdout;
    assert!(shown.contains("\"31\""), "{shown}");
}

#[test]
fn a_new_ledger_needs_all_validators() {
    let place = undeclared_directory();
    let (group, _) = keys(place.path(), 0);
    let path = write(place.path(), &history(&[&group], &GENESIS_VALIDATORS_ROOT.to_string()));
    let missing = keys(place.path(), 1).0;
    slashing(place.path(), &["import", &path]).refused(&[
        &missing,
        "slashing import",
        "--no-signing-history",
    ]);
    let empty = write(place.path(), &history(&[], &GENESIS_VALIDATORS_ROOT.to_string()));
    slashing(place.path(), &["import", &empty]).refused(&["nothing is known of what validator"]);
    assert!(!ledger(place.path()).exists() && !place.path().join("signing-history.json").exists());
}

#[test]
fn histories_that_cannot_be_taken_in_leave_nothing_behind() {
    let place = undeclared_directory();
    let mut other_version = by_share_keys(place.path());
    other_version["metadata"]["interchange_format_version"] = json!("4");
    let mut unreachable = by_share_keys(place.path());
    unreachable["data"][0]["signed_blocks"][0]["slot"] = json!(u64::MAX.to_string());
    for (history, part) in [(other_version, "version \"4\" is not supported"), (unreachable, "history.json")]
    {
        let path = write(place.path(), &history);
        slashing(place.path(), &["import", &path]).refused(&[part]);
        assert!(!ledger(place.path()).exists() && !place.path().join("signing-history.json").exists());
    }
    slashing(place.path(), &["import", "/nowhere.json"])
        .refused(&["cannot read signing history /nowhere.json"]);
}

#[test]
fn a_history_of_another_network_is_refused_by_an_existing_ledger() {
    let place = undeclared_directory();
    let path = write(place.path(), &by_share_keys(place.path()));
    slashing(place.path(), &["import", &path]).well();
    let mut foreign = by_share_keys(place.path());
    foreign["metadata"]["genesis_validators_root"] = json!(format!("0x{}", "77".repeat(32)));
    let path = write(place.path(), &foreign);
    slashing(place.path(), &["import", &path]).refused(&["another network", &"77".repeat(32)]);
}

#[test]
fn keys_of_no_validator_are_left_out_and_named() {
    let place = undeclared_directory();
    let mut history = by_share_keys(place.path());
    let stranger = format!("0x{}", "ab".repeat(48));
    history["data"].as_array_mut().expect("a list").push(json!({
        "pubkey": stranger, "signed_blocks": [], "signed_attestations": [],
    }));
    let path = write(place.path(), &history);
    let said = slashing(place.path(), &["import", &path]).well();
    assert!(said.stderr.contains(&format!("{stranger} is not of this cluster")), "{}", said.stderr);
}

#[test]
fn a_history_that_contradicts_itself_is_taken_in_and_told() {
    let place = undeclared_directory();
    let mut history = by_share_keys(place.path());
    history["data"][0]["signed_attestations"] = json!([
        { "source_epoch": "18", "target_epoch": "19", "signing_root": format!("0x{}", "01".repeat(32)) },
        { "source_epoch": "18", "target_epoch": "19", "signing_root": format!("0x{}", "02".repeat(32)) },
    ]);
    let path = write(place.path(), &history);
    let said = slashing(place.path(), &["import", &path]).well();
    assert!(said.stderr.contains("Conflicting signatures may exist already"), "{}", said.stderr);
}

#[test]
fn that_nothing_was_signed_is_declared_once() {
    let place = undeclared_directory();
    assert_eq!(slashing(place.path(), &["init"]).code, Some(2), "it must be said in words");
    slashing(place.path(), &["init", "--no-signing-history"]).well();
    slashing(place.path(), &["init", "--no-signing-history"]).refused(&["signing-history.json exists"]);
    fs::remove_file(place.path().join("signing-history.json")).expect("it was there");
    let path = write(place.path(), &by_share_keys(place.path()));
    slashing(place.path(), &["import", &path]).well();
    slashing(place.path(), &["init", "--no-signing-history"])
        .refused(&["knows all validators", "never overwritten"]);
}

#[test]
fn a_missing_ledger_is_named_with_its_remedy() {
    let place = node_directory();
    let output = place.path().join("export.json").display().to_string();
    for arguments in [&["show"][..], &["export", &output][..]] {
        slashing(place.path(), arguments).refused(&["there is no slashing ledger at", "restore it"]);
    }
    assert!(!Path::new(&output).exists());
}

#[test]
fn the_ledger_of_another_cluster_is_refused() {
    let (place, foreign) = (undeclared_directory(), foreign_directory());
    let path = write(place.path(), &by_share_keys(place.path()));
    slashing(place.path(), &["import", &path]).well();
    fs::remove_file(foreign.path().join("signing-history.json")).expect("it was there");
    fs::rename(ledger(place.path()), ledger(foreign.path())).expect("moved");
    let before = fs::read(ledger(foreign.path())).expect("a ledger");
    let history = history(&[&keys(foreign.path(), 0).0], &GENESIS_VALIDATORS_ROOT.to_string());
    let path = write(foreign.path(), &history);
    slashing(foreign.path(), &["import", &path]).refused(&["belongs to another cluster"]);
    assert_eq!(before.len(), fs::read(ledger(foreign.path())).expect("a ledger").len());
}
