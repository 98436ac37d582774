//! Opening the ledger, and the only way in which one comes into being: with a declared signing history.
//!
//! `phalanx create cluster` puts a declaration beside the keys: an EIP-3076 file, empty for keys that never signed.
//! The first start takes it into a new ledger and marks it as taken in. A node without a ledger and without a
//! declaration does not start: a deleted ledger must never look like a new one.

use std::fs;
use std::path::{Path, PathBuf};

use eth::Root;
use signer::{Owner, SqliteStore};
use slashing::{Interchange, Ledger, Strategy};

use crate::Error;

/// Opens the ledger; makes it first if a declared signing history says what it must contain.
pub fn open_ledger(path: &Path, history: &Path, owner: &Owner) -> Result<Ledger<SqliteStore>, Error> {
    let is_there = |path: &Path| path.try_exists().unwrap_or(false);
    if !is_there(history) {
        return if is_there(path) { open(path, owner) } else { Err(Error::NoLedger { path: path.to_owned() }) };
    }
    // A crash between the two steps leaves ledger and declaration; taking it in twice changes nothing.
    let mut ledger = if is_there(path) { open(path, owner)? } else { create(path, owner)? };
    take_in(&mut ledger, path, history, owner.genesis_validators_root)?;
    mark_taken_in(history)?;
    Ok(ledger)
}

/// Opens an existing ledger.
pub fn open(path: &Path, owner: &Owner) -> Result<Ledger<SqliteStore>, Error> {
    rules(path, Ledger::open(SqliteStore::open(path, owner)?))
}

/// Makes a new, empty ledger that knows the owner's validators.
pub fn create(path: &Path, owner: &Owner) -> Result<Ledger<SqliteStore>, Error> {
    let mut ledger = rules(path, Ledger::open(SqliteStore::create(path, owner)?))?;
    rules(path, ledger.register(owner.validators.iter().copied()))?;
    Ok(ledger)
}

fn take_in(
    ledger: &mut Ledger<SqliteStore>,
    path: &Path,
    history: &Path,
    genesis_validators_root: Root,
) -> Result<(), Error> {
    let mut interchange = read_history(history)?;
    // Keys that never signed were declared before their network was known.
    if interchange.metadata.genesis_validators_root.is_zero() && interchange.data.is_empty() {
        interchange.metadata.genesis_validators_root = genesis_validators_root;
    }
    let imported = rules(path, ledger.import(&interchange, Strategy::Complete))?;
    tracing::info!(topic = "ledger", ?imported, "the declared signing history is in the slashing ledger");
    Ok(())
}

/// Reads an EIP-3076 file.
pub fn read_history(path: &Path) -> Result<Interchange, Error> {
    let remedy = "Name an EIP-3076 file";
    let what = "signing history";
    let json = fs::read(path).map_err(|cause| Error::Read { what, path: path.to_owned(), cause, remedy })?;
    Interchange::parse(&json).map_err(|error| Error::Invalid { what, path: path.to_owned(), why: error.to_string() })
}

fn mark_taken_in(history: &Path) -> Result<(), Error> {
    let mut marked = history.as_os_str().to_owned();
    marked.push(".imported");
    let remedy = "The history is in the ledger; move the file away";
    fs::rename(history, PathBuf::from(marked)).map_err(|cause| Error::Read {
        what: "signing history",
        path: history.to_owned(),
        cause,
        remedy,
    })
}

fn rules<T>(path: &Path, result: Result<T, slashing::Error>) -> Result<T, Error> {
    result.map_err(|cause| Error::LedgerRules { path: path.to_owned(), cause })
}
