//! Whose ledger opens, and what it remembers.

use std::fs;
use std::path::Path;

use eth::{Epoch, Slot};
use signer::{Error, Owner, SqliteStore};
use slashing::{
    DutyId, Interchange, Item, Kind, Ledger, Request, Signable, SignedAttestation, Strategy, ValidatorHistory,
};

use crate::setting::*;

#[test]
fn permits_survive_closing_and_opening() {
    let (directory, owner) = (fast_directory(), owner([key(1), key(2)]));
    let path = directory.path().join("ledger.sqlite");
    let mut ledger = create(&path, &owner);
    assert_eq!(permit_votes(&mut ledger, [key(1), key(2)], 5, root(1)).expect("writes").granted().len(), 2);
    assert_eq!(permit_block(&mut ledger, key(1), 160, root(2)).expect("writes").granted().len(), 1);
    let before = ledger.export();
    drop(ledger);
    let mut ledger = open(&path, &owner);
    assert_eq!(ledger.export(), before);
    let other = permit_votes(&mut ledger, [key(1)], 5, root(9)).expect("answers");
    assert_eq!(other.refused()[0].1.code(), "double_vote");
    let same = permit_votes(&mut ledger, [key(1)], 5, root(1)).expect("answers");
    assert_eq!(same.granted().len(), 1, "the very same root again");
}

#[test]
fn permits_survive_a_kill_without_closing() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    let mut ledger = create(&path, &owner);
    for target in 1..40 {
        record_votes(&mut ledger, [key(1)], target);
        let killed = directory.path().join(format!("killed-{target}.sqlite"));
        copy_as_left_behind(&path, &killed);
        assert_eq!(history_at(&killed).expect("opens"), ledger.export(), "after target {target}");
    }
}

#[test]
fn a_missing_ledger_is_noticed_and_made_only_on_request() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    let missing = SqliteStore::open(&path, &owner).expect_err("there is none");
    assert!(matches!(missing, Error::LedgerMissing { .. }), "{missing}");
    assert_names(&missing, &path);
    assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 0, "nothing was left behind");
    drop(SqliteStore::open_or_create(&path, &owner).expect("made"));
    drop(SqliteStore::open_or_create(&path, &owner).expect("opened"));
    fs::remove_file(&path).expect("deleted by someone");
    assert!(matches!(SqliteStore::open(&path, &owner), Err(Error::LedgerMissing { .. })));
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    fs::write(&path, "someone's notes").expect("writes");
    let refused = SqliteStore::create(&path, &owner).expect_err("it exists");
    assert!(matches!(refused, Error::LedgerExists { .. }), "{refused}");
    assert_eq!(fs::read(&path).expect("readable"), b"someone's notes");
}

#[test]
fn an_interrupted_creation_leaves_no_ledger_and_does_not_hinder_the_next() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    fs::write(directory.path().join("ledger.sqlite.new"), "half a database").expect("writes");
    assert!(matches!(SqliteStore::open(&path, &owner), Err(Error::LedgerMissing { .. })));
    drop(SqliteStore::create(&path, &owner).expect("made"));
    assert!(!directory.path().join("ledger.sqlite.new").exists());
}

#[test]
fn a_second_opener_is_refused_with_the_name_of_the_file() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    let mut ledger = create(&path, &owner);
    for _ in 0..2 {
        let refused = SqliteStore::open(&path, &owner).expect_err("held");
        assert!(matches!(refused, Error::LedgerInUse { .. }), "{refused}");
        assert_names(&refused, &path);
    }
    record_votes(&mut ledger, [key(1)], 5);
    drop(ledger);
    drop(open(&path, &owner));
}

#[test]
fn sqlites_own_lock_holds_when_the_lock_file_is_deleted() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    let _ledger = create(&path, &owner);
    fs::remove_file(directory.path().join("ledger.sqlite.lock")).expect("deleted by someone");
    // Another connection, as another process would make it.
    let other = rusqlite::Connection::open(&path).expect("opens lazily");
    let read = other.query_row("SELECT count(*) FROM attestations", [], |row| row.get::<_, i64>(0));
    assert!(read.is_err(), "{read:?}");
}

#[test]
fn a_ledger_of_another_network_is_refused() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    drop(create(&path, &owner));
    let refused = SqliteStore::open(&path, &Owner { genesis_validators_root: root(99), ..owner })
        .expect_err("another network");
    assert!(matches!(refused, Error::WrongNetwork { .. }), "{refused}");
    assert!(refused.to_string().contains(&NETWORK.to_string()), "{refused}");
    assert_names(&refused, &path);
}

#[test]
fn a_ledger_of_another_cluster_is_refused() {
    let directory = fast_directory();
    let path = directory.path().join("ledger.sqlite");
    drop(create(&path, &owner([key(1)])));
    let foreign = Owner { lock_hash: root(99), ..owner([key(2)]) };
    let refused = SqliteStore::open(&path, &foreign).expect_err("another cluster");
    assert!(matches!(refused, Error::ForeignLock { .. }), "{refused}");
    assert_eq!(history_at(&path).expect("opens").data.len(), 1, "and nothing of it was added");
}

#[test]
fn a_reshare_keeps_the_history_and_a_new_validator_starts_without() {
    let directory = fast_directory();
    let path = directory.path().join("ledger.sqlite");
    let mut ledger = create(&path, &owner([key(1)]));
    record_votes(&mut ledger, [key(1)], 5);
    drop(ledger);
    let reshared = Owner { lock_hash: root(99), ..owner([key(1), key(2)]) };
    let store = SqliteStore::open(&path, &reshared).expect("the same validators");
    assert_eq!((store.added(), store.previous_lock()), ([key(2)].as_slice(), Some(LOCK)));
    let mut ledger = Ledger::open(store).expect("loads");
    let verdicts = permit_votes(&mut ledger, [key(1), key(2)], 5, root(2)).expect("answers");
    assert_eq!(verdicts.granted()[0].key, key(2));
    assert_eq!(verdicts.refused()[0].1.code(), "double_vote");
    drop(ledger);
    let store = SqliteStore::open(&path, &reshared).expect("opens");
    assert_eq!((store.added(), store.previous_lock(), store.lock_hash()), ([].as_slice(), None, root(99)));
}

#[test]
fn imports_floors_and_compaction_survive() {
    let (directory, owner) = (fast_directory(), owner([key(1), key(2)]));
    let path = directory.path().join("ledger.sqlite");
    let mut ledger = create(&path, &owner);
    for target in 1..=100 {
        record_votes(&mut ledger, [key(1)], target);
        record_block(&mut ledger, key(1), target);
    }
    let file = ledger.export();
    ledger.import(&file, Strategy::Minimal).expect("imports");
    let (exported, floor) = (ledger.export(), ledger.floor(&key(1)));
    ledger.compact().expect("compacts");
    record_votes(&mut ledger, [key(2)], 7);
    let after = ledger.export();
    assert_ne!(after, exported);
    drop(ledger);
    let connection = rusqlite::Connection::open(&path).expect("opens");
    let kept = connection.query_row("SELECT count(*) FROM attestations", [], |row| row.get::<_, i64>(0));
    assert!(kept.expect("counts") < 10, "what lies below the floor is gone");
    drop(connection);
    let ledger = open(&path, &owner);
    assert_eq!((ledger.export(), ledger.floor(&key(1))), (after, floor));
}

#[test]
fn compaction_keeps_a_vote_that_the_floor_does_not_cover() {
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    let mut ledger = create(&path, &owner);
    for (source_epoch, target_epoch) in [(Epoch(3), Epoch(10)), (Epoch(8), Epoch(9))] {
        let vote = SignedAttestation { source_epoch, target_epoch, signing_root: None };
        let (pubkey, signed_blocks) = (key(1).0, vec![]);
        let history = ValidatorHistory { pubkey, signed_blocks, signed_attestations: vec![vote] };
        ledger.import(&Interchange::new(NETWORK, vec![history]), Strategy::Complete).expect("imports");
    }
    ledger.compact().expect("compacts");
    let before = (ledger.export(), ledger.watermark(&key(1)));
    drop(ledger);
    let ledger = open(&path, &owner);
    assert_eq!((ledger.export(), ledger.watermark(&key(1))), before);
    let surrounding = Signable::Attestation { source: Epoch(4), target: Epoch(12) };
    let item = Item { key: key(1), what: surrounding, signing_root: root(1) };
    let duty = DutyId { slot: Slot(384), kind: Kind::Attestation };
    let verdicts = ledger.check(&Request { duty, items: vec![item] });
    assert_eq!(verdicts[0].as_ref().map_err(|refusal| refusal.code()), Err("surrounding"));
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let owner = owner([key(1)]);
    for path in [Path::new("/proc/self/ledger.sqlite"), Path::new("/nowhere/at/all/ledger.sqlite")] {
        let refused = SqliteStore::create(path, &owner).expect_err("not writable");
        assert!(matches!(refused, Error::Io { .. }), "{refused}");
        assert_names(&refused, path);
    }
}

#[test]
fn an_error_that_names_its_cause_leaves_nothing_to_be_said_twice() {
    use std::error::Error as _;
    let nowhere = Path::new("/nowhere/at/all/ledger.sqlite");
    let refused = SqliteStore::create(nowhere, &owner([key(1)])).expect_err("not writable");
    assert!(refused.to_string().contains("os error 2"), "{refused}");
    assert!(refused.source().is_none(), "whoever prints the chain of causes says it again");
}

#[cfg(unix)]
#[test]
#[allow(clippy::print_stderr)]
fn a_read_only_directory_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (directory, owner) = (fast_directory(), owner([key(1)]));
    let path = directory.path().join("ledger.sqlite");
    drop(create(&path, &owner));
    for file in ["ledger.sqlite", "ledger.sqlite.lock", ""] {
        let read_only = fs::Permissions::from_mode(if file.is_empty() { 0o555 } else { 0o444 });
        fs::set_permissions(directory.path().join(file), read_only).expect("changes the mode");
    }
    if fs::write(directory.path().join("probe"), "").is_ok() {
        eprintln!("skipped: permissions do not bind this user, run as another than root");
    } else {
        let refused = SqliteStore::open(&path, &owner).expect_err("read only");
        assert_names(&refused, &path);
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("restores the mode");
}

#[cfg(unix)]
#[test]
fn the_ledger_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = fast_directory();
    let path = directory.path().join("ledger.sqlite");
    drop(create(&path, &owner([key(1)])));
    assert_eq!(fs::metadata(&path).expect("exists").permissions().mode() & 0o777, 0o600);
}

/// Copies what a killed process leaves: the database and its log.
fn copy_as_left_behind(path: &Path, to: &Path) {
    fs::copy(path, to).expect("copies");
    fs::copy(with_suffix(path, "-wal"), with_suffix(to, "-wal")).expect("a log exists while open");
}

fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn assert_names(error: &Error, path: &Path) {
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}
