//! Whose shares sign what.

use bls::{SecretKey, ShareIndex, SharePublicKey};
use cluster::{GroupKey, ShareKey};
use eth::{Domain, DomainType, Epoch, PublicKeyBytes, Root, Slot};
use signer::{Error, Keyring, Protection, SqliteStore, write_directory};
use slashing::{DutyId, Item, Kind, Ledger, Request, Signable};

use crate::setting::*;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).expect("a secret key")
}

fn public(secret: &SecretKey) -> PublicKeyBytes {
    PublicKeyBytes(secret.public_key().to_bytes())
}

fn share() -> ShareIndex {
    ShareIndex::new(2).expect("not zero")
}

/// Validators whose whole secrets are 101, 102, … and this node's shares 1, 2, ….
fn lock(validators: u8) -> Vec<(GroupKey, ShareKey)> {
    let pair = |number: u8| (GroupKey(public(&secret(100 + number))), ShareKey(public(&secret(number))));
    (1..=validators).map(pair).collect()
}

#[test]
fn a_permit_is_signed_by_the_shares_it_names() {
    let lock = lock(3);
    let keyring = Keyring::new(share(), &lock, [secret(1), secret(2)]).expect("all of this lock");
    assert_eq!(keyring.missing(), [lock[2].0]);
    let directory = fast_directory();
    let owner = owner(lock.iter().map(|(key, _)| *key));
    let store = SqliteStore::create(&directory.path().join("ledger.sqlite"), &owner).expect("a new ledger");
    let mut ledger = Ledger::open(store).expect("loads");
    let what = Signable::Attestation { source: Epoch(1), target: Epoch(2) };
    let items = lock.iter().map(|(key, _)| Item { key: *key, what, signing_root: root(5) }).collect();
    let duty = DutyId { slot: Slot(64), kind: Kind::Attestation };
    let permit = ledger.permit(Request { duty, items }).expect("the disk works");
    let signed = keyring.sign(permit);
    assert_eq!(signed.len(), 3);
    for ((item, partial), (_, share_key)) in signed.iter().zip(&lock).take(2) {
        let partial = partial.as_ref().expect("the share is there");
        let key = SharePublicKey::from_bytes(share_key.0.as_bytes()).expect("a public key");
        assert_eq!(partial.share(), share());
        assert!(partial.verify(item.signing_root.as_bytes(), &key));
    }
    assert!(matches!(&signed[2].1, Err(Error::NoShare { key }) if *key == lock[2].0));
}

#[test]
fn harmless_messages_need_no_permit_and_slashable_ones_do() {
    let lock = lock(1);
    let keyring = Keyring::new(share(), &lock, [secret(1)]).expect("of this lock");
    let share_key = SharePublicKey::from_bytes(lock[0].1.0.as_bytes()).expect("a public key");
    for purpose in DomainType::ALL {
        let mut domain = Domain([9; 32]);
        domain.0[..4].copy_from_slice(&purpose.bytes());
        let signed = keyring.sign_unslashable(&lock[0].0, root(3), domain);
        if [DomainType::BeaconProposer, DomainType::BeaconAttester].contains(&purpose) {
            assert!(matches!(signed, Err(Error::NeedsPermit { .. })), "{purpose:?}");
        } else {
            let signing_root: Root = eth::signing_root(root(3), domain);
            assert!(signed.expect("signs").verify(signing_root.as_bytes(), &share_key), "{purpose:?}");
        }
    }
}

#[test]
fn secrets_that_do_not_belong_here_are_refused() {
    let lock = lock(2);
    let foreign = Keyring::new(share(), &lock, [secret(1), secret(9)]).expect_err("another's share");
    assert!(matches!(foreign, Error::UnknownShare { share_key } if share_key.0 == public(&secret(9))));
    let whole = Keyring::new(share(), &lock, [secret(101)]).expect_err("the whole key");
    assert!(matches!(whole, Error::WholeKey { key } if key == lock[0].0), "{whole}");
}

#[test]
fn a_directory_is_matched_with_the_lock_and_a_foreign_file_is_named() {
    let lock = lock(3);
    let directory = fast_directory();
    write_directory(directory.path(), &[secret(3), secret(1)], Protection::Insecure).expect("writes");
    let keyring = Keyring::load(share(), &lock, directory.path()).expect("all of this lock");
    assert_eq!((keyring.missing(), keyring.share()), ([lock[1].0].as_slice(), share()));
    let other = Keyring::load(share(), &lock[..1], directory.path()).expect_err("another lock");
    assert!(other.to_string().contains("keystore-insecure-0.json"), "{other}");
}

#[test]
fn a_keyring_never_prints_its_secrets() {
    let keyring = Keyring::new(share(), &lock(1), [secret(1)]).expect("of this lock");
    assert_eq!(format!("{keyring:?}"), "Keyring of share 2 for 1 validators");
}
