//! How a ledger comes into being, and that a crash on the way loses nothing.

use std::fs;
use std::path::PathBuf;

use cluster::GroupKey;
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use node::{Error, directory, first_start};
use signer::{Owner, SqliteStore};
use slashing::{Interchange, Ledger, SignedAttestation, SignedBlock, Strategy, ValidatorHistory};
use tempfile::TempDir;

const KEYS: [GroupKey; 2] = [GroupKey(PublicKeyBytes([1; 48])), GroupKey(PublicKeyBytes([2; 48]))];
const NETWORK: Root = Root([7; 32]);

struct Place {
    _place: TempDir,
    ledger: PathBuf,
    declaration: PathBuf,
}

fn place() -> Place {
    let place = tempfile::tempdir().expect("a temporary directory");
    let (ledger, declaration) = (place.path().join("ledger.sqlite"), place.path().join("history.json"));
    Place { _place: place, ledger, declaration }
}

fn owner(keys: &[GroupKey]) -> Owner {
    Owner { genesis_validators_root: NETWORK, lock_hash: Root([8; 32]), validators: keys.to_vec() }
}

fn history(network: Root, keys: &[GroupKey]) -> Interchange {
    let signed = |key: &GroupKey| ValidatorHistory {
        pubkey: key.0,
        signed_blocks: vec![SignedBlock { slot: Slot(640), signing_root: None }],
        signed_attestations: vec![SignedAttestation {
            source_epoch: Epoch(18),
            target_epoch: Epoch(19),
            signing_root: None,
        }],
    };
    Interchange::new(network, keys.iter().map(signed).collect())
}

impl Place {
    fn declare(&self, history: &Interchange) {
        fs::write(&self.declaration, history.to_json()).expect("a file");
    }

    fn open(&self, keys: &[GroupKey]) -> Result<Ledger<SqliteStore>, Error> {
        first_start::open_ledger(&self.ledger, &self.declaration, &owner(keys))
    }

    fn target(&self, key: &GroupKey) -> Option<Epoch> {
        let ledger = self.open(&KEYS).expect("it opens");
        ledger.watermark(key).expect("a validator of it").vote.map(|vote| vote.target)
    }

    fn marked(&self) -> PathBuf {
        self.declaration.with_file_name("history.json.imported")
    }
}

#[test]
fn without_ledger_and_declaration_nothing_starts() {
    let place = place();
    assert!(matches!(first_start::require(&place.ledger, &place.declaration), Err(Error::NoLedger { .. })));
    assert!(matches!(place.open(&KEYS), Err(Error::NoLedger { .. })));
    assert!(!place.ledger.exists());
}

#[test]
fn a_declaration_is_taken_in_once() {
    let place = place();
    place.declare(&history(NETWORK, &KEYS));
    first_start::require(&place.ledger, &place.declaration).expect("there is a declaration");
    drop(place.open(&KEYS).expect("it opens"));
    assert!(place.marked().exists() && !place.declaration.exists());
    assert_eq!(place.target(&KEYS[1]), Some(Epoch(19)));
    fs::remove_file(&place.ledger).expect("it was there");
    assert!(matches!(place.open(&KEYS), Err(Error::NoLedger { .. })), "a deleted ledger does not look new");
}

#[test]
fn that_nothing_was_signed_covers_all_validators() {
    let place = place();
    place.declare(&directory::empty_history());
    drop(place.open(&KEYS).expect("it opens"));
    assert_eq!(place.target(&KEYS[0]), None);
}

#[test]
fn a_crash_before_the_ledger_was_filled_loses_nothing() {
    let place = place();
    place.declare(&history(NETWORK, &KEYS));
    drop(SqliteStore::create(&place.ledger, &owner(&KEYS)).expect("made, then the power went"));
    assert_eq!(place.target(&KEYS[0]), Some(Epoch(19)));
    assert!(place.marked().exists());
}

#[test]
fn a_crash_before_the_declaration_was_marked_loses_nothing() {
    let place = place();
    place.declare(&history(NETWORK, &KEYS));
    drop(place.open(&KEYS).expect("it opens"));
    fs::rename(place.marked(), &place.declaration).expect("as if it had not been renamed");
    assert_eq!(place.target(&KEYS[0]), Some(Epoch(19)));
    assert!(place.marked().exists() && !place.declaration.exists());
}

#[test]
fn a_declaration_that_lacks_a_validator_makes_no_ledger() {
    let place = place();
    place.declare(&history(NETWORK, &KEYS[..1]));
    assert!(matches!(place.open(&KEYS), Err(Error::NoHistory { key, .. }) if key == KEYS[1]));
    assert!(!place.ledger.exists() && place.declaration.exists());
}

#[test]
fn an_export_of_no_keys_does_not_say_that_nothing_was_signed() {
    let place = place();
    place.declare(&history(NETWORK, &[]));
    assert!(matches!(place.open(&KEYS), Err(Error::NoHistory { .. })));
    assert!(!place.ledger.exists());
}

#[test]
fn a_declaration_of_another_network_makes_no_ledger() {
    let place = place();
    place.declare(&history(Root([9; 32]), &KEYS));
    let error = place.open(&KEYS).expect_err("another network");
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("another network"), "{error}");
    assert!(!place.ledger.exists() && place.declaration.exists());
}

#[test]
fn a_validator_that_joins_needs_its_history_told() {
    let place = place();
    place.declare(&directory::empty_history());
    drop(place.open(&KEYS[..1]).expect("it opens"));
    for _ in 0..2 {
        assert!(matches!(place.open(&KEYS), Err(Error::NoHistory { key, .. }) if key == KEYS[1]));
    }
    place.declare(&history(NETWORK, &KEYS[1..]));
    assert_eq!(place.target(&KEYS[1]), Some(Epoch(19)));
    assert_eq!(place.target(&KEYS[0]), None);
}

#[test]
fn an_import_makes_a_ledger_by_way_of_a_declaration() {
    let place = place();
    let history = history(NETWORK, &KEYS);
    let imported =
        first_start::import(&place.ledger, &place.declaration, &owner(&KEYS), &history, Strategy::Complete);
    assert_eq!(imported.expect("it is taken in").validators, KEYS);
    assert!(place.marked().exists());
    assert_eq!(place.target(&KEYS[0]), Some(Epoch(19)));
}
