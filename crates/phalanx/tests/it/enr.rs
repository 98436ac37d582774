//! `phalanx create enr` and `phalanx enr`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::program::run;

#[test]
fn an_identity_is_made_once_and_shown_again() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let directory = place.path().join("node");
    let data_dir = format!("--data-dir={}", directory.display());
    let made = run(["create", "enr", &data_dir]).well();
    assert!(made.stdout.starts_with("enr:-"), "{}", made.stdout);
    let shown = run(["enr", &data_dir]).well();
    assert_eq!(shown.stdout, made.stdout);
    let key = directory.join("charon-enr-private-key");
    assert_eq!(key.metadata().expect("a file").permissions().mode() & 0o777, 0o600);

    let before = fs::read(&key).expect("a key");
    run(["create", "enr", &data_dir]).refused(&["never overwritten", "phalanx enr"]);
    assert_eq!(fs::read(&key).expect("a key"), before);
}

#[test]
fn a_key_that_is_missing_or_broken_is_named() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let data_dir = format!("--data-dir={}", place.path().display());
    run(["enr", &data_dir]).refused(&["cannot read private key", "charon-enr-private-key"]);
    fs::write(place.path().join("charon-enr-private-key"), [0xff, 0xfe]).expect("a file");
    run(["enr", &data_dir]).refused(&["private key", "not text"]);
    fs::write(place.path().join("charon-enr-private-key"), "0".repeat(64)).expect("a file");
    run(["enr", &data_dir]).refused(&["private key", "zero or too large"]);
}
