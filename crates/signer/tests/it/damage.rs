//! Every truncation and every flipped bit of a ledger is refused or changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use signer::{Error, SqliteStore};
use slashing::Interchange;

use crate::setting::*;

/// Prime, so that all places in records and pages get their turn.
const STEP: usize = 5;

#[test]
fn a_truncated_ledger_is_refused() {
    let (directory, bytes, whole) = closed_ledger();
    let mut outcomes = Outcomes::default();
    for length in (0..bytes.len()).step_by(7) {
        outcomes.note(&directory.path().join("cut.sqlite"), &bytes[..length], &whole);
    }
    assert_eq!(outcomes.harmless, 0, "a cut ledger opened");
}

#[test]
fn a_flipped_bit_is_refused_or_harmless() {
    let (directory, bytes, whole) = closed_ledger();
    let mut outcomes = Outcomes::default();
    for at in (0..bytes.len()).step_by(STEP) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at / STEP % 8);
        outcomes.note(&directory.path().join("flipped.sqlite"), &flipped, &whole);
    }
    assert!(outcomes.refused > 500, "{outcomes:?}");
}

#[test]
fn swapped_pages_are_refused_or_harmless() {
    let (directory, bytes, whole) = closed_ledger();
    let mut outcomes = Outcomes::default();
    let pages = bytes.len() / 4096;
    for (one, other) in (0..pages).flat_map(|one| (0..pages).map(move |other| (one, other))) {
        let mut misdirected = bytes.clone();
        misdirected.copy_within(one * 4096..(one + 1) * 4096, other * 4096);
        outcomes.note(&directory.path().join("misdirected.sqlite"), &misdirected, &whole);
    }
    assert_eq!(outcomes.harmless, pages, "only a page written over itself");
}

#[test]
fn a_changed_record_is_refused_though_the_database_is_well_formed() {
    let (directory, _, _) = closed_ledger();
    let path = directory.path().join("ledger.sqlite");
    for change in [
        "DELETE FROM attestations WHERE id = 3",
        "UPDATE attestations SET target_epoch = target_epoch + 1 WHERE id = 3",
        "UPDATE attestations SET signing_root = NULL WHERE id = 3",
        "UPDATE validators SET floor_slot = NULL",
        "INSERT INTO blocks (validator, slot, signing_root) VALUES (1, 1, NULL)",
        "UPDATE ledger SET genesis_validators_root = zeroblob(32)",
        "UPDATE ledger SET lock_hash = zeroblob(32)",
        "DELETE FROM ledger",
    ] {
        let changed = directory.path().join("changed.sqlite");
        fs::copy(&path, &changed).expect("copies");
        let connection = rusqlite::Connection::open(&changed).expect("opens");
        let rows = connection.execute(change, []).expect("well-formed");
        assert!(rows > 0, "{change} changed nothing");
        drop(connection);
        let refused = history_at(&changed).expect_err(change);
        assert!(matches!(refused, Error::LedgerCorrupt { .. }), "{change}: {refused}");
    }
}

#[test]
fn foreign_files_are_refused_by_name() {
    let directory = fast_directory();
    let path = directory.path().join("ledger.sqlite");
    let other = rusqlite::Connection::open(directory.path().join("other.sqlite")).expect("opens");
    other.execute_batch("CREATE TABLE validators (id INTEGER)").expect("writes");
    drop(other);
    let other = fs::read(directory.path().join("other.sqlite")).expect("readable");
    for bytes in [&b""[..], b"{\"not\": \"a ledger\"}", &[0; 8192], &other] {
        fs::write(&path, bytes).expect("writes");
        for refused in [SqliteStore::open(&path, &owner([key(1)])), SqliteStore::open_unowned(&path)] {
            let refused = refused.expect_err("no ledger");
            assert!(matches!(refused, Error::NotALedger { .. }), "{refused}");
            assert!(refused.to_string().contains("ledger.sqlite"), "{refused}");
        }
        assert_eq!(fs::read(&path).expect("readable"), bytes, "a refused file is left alone");
    }
}

#[test]
fn a_ledger_of_a_later_release_is_refused() {
    let (directory, _, _) = closed_ledger();
    let path = directory.path().join("ledger.sqlite");
    let connection = rusqlite::Connection::open(&path).expect("opens");
    connection.pragma_update(None, "user_version", 2).expect("writes");
    drop(connection);
    let refused = history_at(&path).expect_err("schema 2");
    assert!(matches!(refused, Error::UnknownSchema { found: 2, .. }), "{refused}");
}

#[test]
fn a_truncated_log_loses_only_whole_commits_from_its_end() {
    let left = LeftBehind::after(12);
    let mut last = 0;
    for length in (0..=left.log.len()).step_by(211) {
        if let Some(commits) = left.commits_with_log(&left.log[..length]) {
            assert!(commits >= last, "more of the log, fewer commits");
            last = commits;
        }
    }
    assert_eq!(last, 11, "the step misses the last bytes");
    assert_eq!(left.commits_with_log(&left.log), Some(12));
}

#[test]
fn a_ledger_copied_without_its_log_is_refused() {
    let left = LeftBehind::after(3);
    let path = left.directory.path().join("copy.sqlite");
    fs::write(&path, &left.database).expect("writes");
    let refused = history_at(&path).expect_err("the newest records are in the log");
    assert!(matches!(refused, Error::LedgerLogMissing { .. }), "{refused}");
    assert_eq!(left.commits_with_log(&[]), None);
}

#[test]
fn a_flipped_bit_in_the_log_never_hides_a_commit_before_the_newest() {
    let left = LeftBehind::after(4);
    let (mut refused, mut last_lost) = (0, 0);
    for at in (0..left.log.len()).step_by(17) {
        let mut log = left.log.clone();
        log[at] ^= 1 << (at / 17 % 8);
        match left.commits_with_log(&log) {
            None => refused += 1,
            Some(3) => last_lost += 1,
            Some(commits) => assert_eq!(commits, 4, "bit flipped at {at}"),
        }
    }
    assert!(
        refused > 2 * last_lost && last_lost > 0,
        "{refused} refused, {last_lost} lost the newest commit"
    );
}

/// A ledger with three validators, votes and blocks, as a clean exit leaves it.
fn closed_ledger() -> (tempfile::TempDir, Vec<u8>, Interchange) {
    let directory = fast_directory();
    let path = directory.path().join("ledger.sqlite");
    let keys = [key(1), key(2), key(3)];
    let mut ledger = create(&path, &owner(keys));
    for target in 1..=12 {
        record_votes(&mut ledger, keys, target);
        record_block(&mut ledger, key(1), target);
    }
    ledger.raise(&[(key(3), ledger.watermark(&key(1)).expect("known"))]).expect("writes");
    let whole = ledger.export();
    drop(ledger);
    assert!(!directory.path().join("ledger.sqlite-wal").exists(), "a clean exit leaves one file");
    (directory, fs::read(&path).expect("readable"), whole)
}

#[derive(Debug, Default)]
struct Outcomes {
    refused: usize,
    harmless: usize,
}

impl Outcomes {
    /// Opens a damaged file: it must be refused or hold exactly what the whole one held.
    fn note(&mut self, path: &Path, bytes: &[u8], whole: &Interchange) {
        let _ = fs::remove_file(with_suffix(path, "-wal"));
        fs::write(path, bytes).expect("writes");
        match history_at(path) {
            Err(_) => self.refused += 1,
            Ok(history) => {
                assert_eq!(&history, whole, "damage went unnoticed");
                self.harmless += 1;
            }
        }
    }
}

/// What a killed process leaves: a database and a log with some commits.
struct LeftBehind {
    directory: tempfile::TempDir,
    database: Vec<u8>,
    log: Vec<u8>,
    histories: Vec<Interchange>,
}

impl LeftBehind {
    fn after(commits: u64) -> LeftBehind {
        let directory = fast_directory();
        let path = directory.path().join("ledger.sqlite");
        let mut ledger = create(&path, &owner([key(1)]));
        let mut histories = vec![ledger.export()];
        for target in 1..=commits {
            record_votes(&mut ledger, [key(1)], target);
            histories.push(ledger.export());
        }
        let database = fs::read(&path).expect("readable");
        let log = fs::read(with_suffix(&path, "-wal")).expect("a log exists while open");
        LeftBehind { directory, database, log, histories }
    }

    /// How many commits a restart finds with this log; `None` when it refuses to start.
    fn commits_with_log(&self, log: &[u8]) -> Option<usize> {
        let path = self.directory.path().join("left.sqlite");
        fs::write(&path, &self.database).expect("writes");
        fs::write(with_suffix(&path, "-wal"), log).expect("writes");
        let history = history_at(&path).ok()?;
        let commits = self.histories.iter().position(|earlier| *earlier == history);
        Some(commits.expect("a state that some commit made"))
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
