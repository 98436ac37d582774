//! Directories of key shares, as `create cluster` writes and a node reads them.

use std::fs;

use bls::SecretKey;
use signer::{Error, KeystoreFault, Protection, load_directory, write_directory};

use crate::setting::fast_directory;

fn secrets(count: u8) -> Vec<SecretKey> {
    (1..=count).map(|number| SecretKey::from_bytes(&[number; 32]).expect("a secret key")).collect()
}

#[test]
fn what_is_written_is_read_in_the_order_of_the_numbers() {
    let cases =
        [(Protection::Insecure, 12, "keystore-insecure-0.json"), (Protection::Pbkdf2, 1, "keystore-0.json")];
    for (protection, count, first) in cases {
        let directory = fast_directory();
        write_directory(directory.path(), &secrets(count), protection).expect("writes");
        assert!(directory.path().join(first).exists());
        let loaded = load_directory(directory.path()).expect("reads");
        let read: Vec<_> = loaded.iter().map(|keystore| keystore.secret.clone()).collect();
        assert_eq!(read, secrets(count));
        assert_eq!(loaded[0].path, directory.path().join(first));
    }
}

#[cfg(unix)]
#[test]
fn keystores_and_passwords_are_written_read_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = fast_directory();
    write_directory(directory.path(), &secrets(1), Protection::Insecure).expect("writes");
    for (name, mode) in [("keystore-insecure-0.json", 0o444), ("keystore-insecure-0.txt", 0o400)] {
        let found = fs::metadata(directory.path().join(name)).expect("exists").permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
    let password = fs::read_to_string(directory.path().join("keystore-insecure-0.txt")).expect("readable");
    assert!(password.len() == 32 && password.chars().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn existing_keystores_are_never_overwritten() {
    let directory = fast_directory();
    write_directory(directory.path(), &secrets(1), Protection::Insecure).expect("writes");
    let before = fs::read(directory.path().join("keystore-insecure-0.json")).expect("readable");
    let refused =
        write_directory(directory.path(), &secrets(1), Protection::Insecure).expect_err("there is one");
    assert!(refused.to_string().contains("keystore-insecure-0.json"), "{refused}");
    assert_eq!(fs::read(directory.path().join("keystore-insecure-0.json")).expect("readable"), before);
}

#[test]
fn the_file_at_fault_is_named() {
    let directory = fast_directory();
    write_directory(directory.path(), &secrets(3), Protection::Insecure).expect("writes");
    let password = directory.path().join("keystore-insecure-1.txt");
    fs::remove_file(&password).expect("removes");
    let refused = load_directory(directory.path()).expect_err("no password");
    assert!(refused.to_string().contains("keystore-insecure-1.txt"), "{refused}");

    fs::write(&password, "a wrong one").expect("writes");
    let refused = load_directory(directory.path()).expect_err("a wrong password");
    let Error::Keystore { path, fault } = &refused else { panic!("{refused}") };
    assert_eq!(
        (path.file_name(), &**fault),
        (Some("keystore-insecure-1.json".as_ref()), &KeystoreFault::WrongPassword)
    );
    assert!(!refused.to_string().contains("a wrong one"), "no password in an error");

    fs::write(&password, [0xff; 32]).expect("writes");
    let refused = load_directory(directory.path()).expect_err("no text");
    assert!(refused.to_string().contains("keystore-insecure-1.txt"), "{refused}");

    fs::write(directory.path().join("keystore-7.json"), "{").expect("writes");
    let refused = load_directory(directory.path()).expect_err("no keystore");
    assert!(refused.to_string().contains("keystore-7.json"), "{refused}");
}

#[test]
fn a_missing_directory_is_an_error_and_an_empty_one_is_not() {
    let directory = fast_directory();
    assert_eq!(load_directory(directory.path()).expect("reads").len(), 0);
    fs::write(directory.path().join("notes.json"), "not a keystore's name").expect("writes");
    assert_eq!(load_directory(directory.path()).expect("reads").len(), 0);
    let refused = load_directory(&directory.path().join("nowhere")).expect_err("missing");
    assert!(refused.to_string().contains("nowhere"), "{refused}");
}
