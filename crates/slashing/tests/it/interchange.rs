//! Histories that come and go as EIP-3076 files.

use slashing::{Error, Interchange, Ledger, MemoryStore, Strategy};

use crate::setting::*;

#[test]
fn a_file_of_another_network_is_refused_and_named() {
    let mut ledger = ledger_of([key(1)]);
    let file = Interchange::new(root(9), vec![]);
    let error = ledger.import(&file, Strategy::Complete).expect_err("another network");
    assert!(matches!(error, Error::WrongNetwork { .. }));
    assert!(error.to_string().contains(&root(9).to_string()), "{error}");
}

#[test]
fn other_versions_and_other_files_are_refused() {
    let version_4 = Interchange::new(NETWORK, vec![]).to_json().replace("\"5\"", "\"4\"");
    let error = Interchange::parse(version_4.as_bytes()).expect_err("version 4");
    assert!(matches!(error, Error::UnsupportedVersion { .. }), "{error}");
    for text in ["", "{}", "[]", "{\"metadata\":{}}", "\u{0}"] {
        let error = Interchange::parse(text.as_bytes()).expect_err("not an interchange");
        assert!(matches!(error, Error::Malformed(_)), "{text}: {error}");
    }
}

#[test]
fn a_history_round_trips_with_its_unknown_signing_roots() {
    let text = file_with("\"5\"");
    let file = Interchange::parse(text.as_bytes()).expect("valid");
    let mut ledger = ledger_of([key(0xaa)]);
    ledger.import(&file, Strategy::Complete).expect("imports");
    let exported = Interchange::parse(ledger.export().to_json().as_bytes()).expect("valid");
    assert_eq!(exported, file);
    assert_eq!(verdict(&mut ledger, vote(key(0xaa), 1, 2, root(1))), "double_vote", "root unknown");
    assert_eq!(verdict(&mut ledger, vote(key(0xaa), 2, 3, root(3))), "granted", "this very root");
}

#[test]
fn an_absurd_number_in_a_file_is_refused_and_imports_nothing() {
    let file =
        Interchange::parse(file_with("\"18446744073709551615\"").as_bytes()).expect("valid JSON of u64");
    let mut ledger = ledger_of([key(0xaa)]);
    let error = ledger.import(&file, Strategy::Minimal).expect_err("would end all duties");
    assert!(error.to_string().contains("18446744073709551615"), "{error}");
    assert!(!ledger.is_closed());
    assert_eq!(verdict(&mut ledger, vote(key(0xaa), 1, 2, root(1))), "granted");
}

#[test]
fn keys_of_others_are_reported_and_not_imported() {
    let file = Interchange::parse(file_with("\"5\"").as_bytes()).expect("valid");
    let mut ledger = ledger_of([key(1)]);
    let imported = ledger.import(&file, Strategy::Complete).expect("imports");
    assert_eq!(imported.unknown, vec![key(0xaa).0]);
    assert!(imported.validators.is_empty());
    assert_eq!(ledger.validators().count(), 1);
}

#[test]
fn importing_a_file_again_changes_nothing() {
    let file = Interchange::parse(file_with("\"5\"").as_bytes()).expect("valid");
    let mut ledger = ledger_of([key(0xaa)]);
    for strategy in [Strategy::Complete, Strategy::Complete] {
        let imported = ledger.import(&file, strategy).expect("imports");
        assert!(imported.conflicts.is_empty(), "{:?}", imported.conflicts);
    }
    assert_eq!(ledger.export(), file);
}

#[test]
fn slashable_records_are_reported_and_restrict_all_the_same() {
    let mut first = ledger_of([key(1)]);
    assert_eq!(verdict(&mut first, vote(key(1), 3, 4, root(1))), "granted");
    let mut second = ledger_of([key(1)]);
    assert_eq!(verdict(&mut second, vote(key(1), 2, 5, root(2))), "granted");
    let imported = first.import(&second.export(), Strategy::Complete).expect("imports");
    assert_eq!(imported.conflicts.len(), 1);
    assert_eq!(imported.conflicts[0].why.code(), "surrounding");
    assert_eq!(verdict(&mut first, vote(key(1), 3, 5, root(3))), "double_vote");
}

#[test]
fn a_long_history_is_kept_as_its_newest_part_and_a_floor() {
    let mut text = String::new();
    for target in 1..=10_000 {
        let comma = if target == 1 { "" } else { "," };
        let source = target - 1;
        text += &format!("{comma}{{\"source_epoch\":\"{source}\",\"target_epoch\":\"{target}\"}}");
    }
    let file = Interchange::parse(file_of(&text, "").as_bytes()).expect("valid");
    let mut ledger = ledger_of([key(0xaa)]);
    ledger.import(&file, Strategy::Complete).expect("imports");
    let mut ledger = Ledger::<MemoryStore>::open(ledger.into_store()).expect("loads");
    let kept = ledger.export().data.remove(0).signed_attestations;
    assert!(kept.len() <= slashing::RETAINED_VOTES + 1, "{}", kept.len());
    assert_eq!(verdict(&mut ledger, vote(key(0xaa), 4_999, 5_000, root(1))), "source_below_watermark");
    assert_eq!(verdict(&mut ledger, vote(key(0xaa), 10_000, 10_001, root(1))), "granted");
}

fn file_with(slot: &str) -> String {
    let one = "{\"source_epoch\":\"1\",\"target_epoch\":\"2\"}";
    let other = format!(
        "{{\"source_epoch\":\"2\",\"target_epoch\":\"3\",\"signing_root\":\"{}\"}}",
        root(3).to_string().to_uppercase().replacen("0X", "0x", 1)
    );
    file_of(&format!("{one},{other}"), &format!("{{\"slot\":{slot}}}"))
}

fn file_of(votes: &str, blocks: &str) -> String {
    format!(
        "{{\"metadata\":{{\"interchange_format_version\":\"5\",\"genesis_validators_root\":\"{NETWORK}\"}},\
         \"data\":[{{\"pubkey\":\"{}\",\"signed_blocks\":[{blocks}],\"signed_attestations\":[{votes}]}}]}}",
        key(0xaa)
    )
}
