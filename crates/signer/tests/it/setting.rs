//! Short ways to say what the tests are about.

use std::path::Path;

use cluster::GroupKey;
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use signer::{Owner, SqliteStore};
use slashing::{DutyId, Interchange, Item, Kind, Ledger, Permit, Refusal, Request, Signable};

pub(crate) const NETWORK: Root = Root([7; 32]);
pub(crate) const LOCK: Root = Root([8; 32]);

pub(crate) fn key(number: u8) -> GroupKey {
    GroupKey(PublicKeyBytes([number; 48]))
}

pub(crate) fn root(number: u8) -> Root {
    Root([number; 32])
}

pub(crate) fn owner(validators: impl IntoIterator<Item = GroupKey>) -> Owner {
    Owner { genesis_validators_root: NETWORK, lock_hash: LOCK, validators: validators.into_iter().collect() }
}

/// A directory in memory, where syncing costs nothing; on disk where there is none.
pub(crate) fn fast_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary directory")
}

pub(crate) fn create(path: &Path, owner: &Owner) -> Ledger<SqliteStore> {
    Ledger::open(SqliteStore::create(path, owner).expect("a new ledger")).expect("loads")
}

pub(crate) fn open(path: &Path, owner: &Owner) -> Ledger<SqliteStore> {
    Ledger::open(SqliteStore::open(path, owner).expect("the owner's ledger")).expect("loads")
}

/// What a ledger file holds, if it can be opened at all.
pub(crate) fn history_at(path: &Path) -> Result<Interchange, signer::Error> {
    let store = SqliteStore::open_unowned(path)?;
    Ok(Ledger::open(store).expect("what opened also loads").export())
}

/// Votes that must all be granted.
pub(crate) fn record_votes(
    ledger: &mut Ledger<SqliteStore>,
    keys: impl IntoIterator<Item = GroupKey>,
    target: u64,
) {
    let permit = permit_votes(ledger, keys, target, root(1)).expect("the disk works");
    assert_eq!(permit.refused(), []);
}

/// A block that must be granted.
pub(crate) fn record_block(ledger: &mut Ledger<SqliteStore>, key: GroupKey, slot: u64) {
    let permit = permit_block(ledger, key, slot, root(2)).expect("the disk works");
    assert_eq!(permit.refused(), []);
}

pub(crate) fn permit_votes(
    ledger: &mut Ledger<SqliteStore>,
    keys: impl IntoIterator<Item = GroupKey>,
    target: u64,
    signing_root: Root,
) -> Result<Permit, Refusal> {
    let what = Signable::Attestation { source: Epoch(target - 1), target: Epoch(target) };
    let items = keys.into_iter().map(|key| Item { key, what, signing_root }).collect();
    ledger.permit(Request { duty: DutyId { slot: Slot(target * 32), kind: Kind::Attestation }, items })
}

pub(crate) fn permit_block(
    ledger: &mut Ledger<SqliteStore>,
    key: GroupKey,
    slot: u64,
    signing_root: Root,
) -> Result<Permit, Refusal> {
    let slot = Slot(slot);
    let items = vec![Item { key, what: Signable::Block { slot }, signing_root }];
    ledger.permit(Request { duty: DutyId { slot, kind: Kind::Block }, items })
}
