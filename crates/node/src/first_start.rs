//! Opening the ledger, and the only way in which one comes into being: with a declared signing history.
//!
//! ```text
//!   create cluster ─┐                                    ┌─► ledger, all validators known
//!   slashing init ──┼─► signing-history.json ──start──►──┤
//!   slashing import ┘     (the declaration)              └─► signing-history.json.imported
//! ```
//!
//! The declaration is an EIP-3076 file; the one without network and validators ([`directory::empty_history`]) says
//! that validators unknown to the ledger have never signed. It is marked as taken in only once its content is durable,
//! so a crash at any point leaves ledger and declaration, and taking it in twice changes nothing. A node without a
//! ledger and without a declaration does not start: a deleted ledger must never look like a new one.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cluster::GroupKey;
use signer::{Owner, SqliteStore};
use slashing::{Imported, Interchange, Ledger, MemoryStore, Strategy, ValidatorHistory};

use crate::{Error, directory};

/// Checks that there is a ledger, or a readable declaration to make one from. Nothing is opened or written.
pub fn require(path: &Path, declaration: &Path) -> Result<(), Error> {
    if is_there(declaration)? {
        return read_history(declaration).map(|_| ());
    }
    if is_there(path)? { Ok(()) } else { Err(Error::NoLedger { path: path.to_owned() }) }
}

/// Opens the ledger, after taking in the declaration if there is one.
///
/// Refuses to start any of the owner's validators without history: each must be known to the ledger or be declared.
pub fn open_ledger(path: &Path, declaration: &Path, owner: &Owner) -> Result<Ledger<SqliteStore>, Error> {
    open_declared(path, declaration, owner).map(|(ledger, _)| ledger)
}

/// Takes a history, by group keys, into the ledger; makes the ledger first if there is none.
///
/// A new ledger is made by declaring the history, so that no crash can leave one that is empty.
pub fn import(
    path: &Path,
    declaration: &Path,
    owner: &Owner,
    history: &Interchange,
    strategy: Strategy,
) -> Result<Imported, Error> {
    rehearse(owner, history).map_err(|error| rules_error(path, error))?;
    if !is_there(path)? && !is_there(declaration)? {
        require_declared(path, &owner.validators, history)?;
        directory::write_file(declaration, history.to_json().as_bytes(), 0o644)?;
    }
    let (mut ledger, declared) = if is_there(declaration)? {
        open_declared(path, declaration, owner)?
    } else {
        require_declared(path, &unknown_validators(path, owner)?, history)?;
        (open(path, owner)?, None)
    };
    let imported = rules(path, ledger.import(history, strategy))?;
    Ok(first_word(declared, imported))
}

/// The owner's validators that an existing ledger does not know.
pub fn unknown_validators(path: &Path, owner: &Owner) -> Result<Vec<GroupKey>, Error> {
    let ledger = rules(path, Ledger::open(SqliteStore::open_unowned(path)?))?;
    let known: BTreeSet<&GroupKey> = ledger.validators().collect();
    let is_new = |key: &&GroupKey| !known.contains(key);
    let unknown: Vec<GroupKey> = owner.validators.iter().filter(is_new).copied().collect();
    // A foreign ledger is refused with a better reason than this when it is opened.
    let is_foreign = !known.is_empty() && unknown.len() == owner.validators.len();
    let is_elsewhere = ledger.genesis_validators_root() != owner.genesis_validators_root;
    Ok(if is_foreign || is_elsewhere { Vec::new() } else { unknown })
}

/// Opens an existing ledger.
pub fn open(path: &Path, owner: &Owner) -> Result<Ledger<SqliteStore>, Error> {
    rules(path, Ledger::open(SqliteStore::open(path, owner)?))
}

/// Reads an EIP-3076 file.
pub fn read_history(path: &Path) -> Result<Interchange, Error> {
    let remedy = "Name an EIP-3076 file";
    let what = "signing history";
    let json = fs::read(path).map_err(|cause| Error::Read { what, path: path.to_owned(), cause, remedy })?;
    Interchange::parse(&json).map_err(|error| Error::Invalid {
        what,
        path: path.to_owned(),
        why: error.to_string(),
    })
}

fn open_declared(
    path: &Path,
    declaration: &Path,
    owner: &Owner,
) -> Result<(Ledger<SqliteStore>, Option<Imported>), Error> {
    let declared = if is_there(declaration)? { Some(read_declaration(declaration, owner)?) } else { None };
    if let Some(declared) = &declared {
        rehearse(owner, declared).map_err(|error| in_file(declaration, error))?;
    }
    let mut ledger = match (is_there(path)?, &declared) {
        (true, _) => {
            let unknown = unknown_validators(path, owner)?;
            match &declared {
                Some(declared) => require_declared(path, &unknown, declared)?,
                None => require_none(path, &unknown)?,
            }
            open(path, owner)?
        }
        (false, Some(declared)) => {
            require_declared(path, &owner.validators, declared)?;
            create(path, owner)?
        }
        (false, None) => return Err(Error::NoLedger { path: path.to_owned() }),
    };
    let Some(declared) = declared else { return Ok((ledger, None)) };
    let imported = rules(path, ledger.import(&declared, Strategy::Complete))?;
    mark_taken_in(declaration)?;
    let (validators, conflicts) = (imported.validators.len(), imported.conflicts.len());
    tracing::info!(
        topic = "ledger",
        validators,
        conflicts,
        "the declared signing history is in the slashing ledger"
    );
    Ok((ledger, Some(imported)))
}

/// Makes a new, empty ledger that knows the owner's validators.
fn create(path: &Path, owner: &Owner) -> Result<Ledger<SqliteStore>, Error> {
    let mut ledger = rules(path, Ledger::open(SqliteStore::create(path, owner)?))?;
    rules(path, ledger.register(owner.validators.iter().copied()))?;
    Ok(ledger)
}

/// The declaration. That validators never signed is declared before their network is known.
fn read_declaration(declaration: &Path, owner: &Owner) -> Result<Interchange, Error> {
    let declared = read_history(declaration)?;
    if !directory::is_empty_history(&declared) {
        return Ok(declared);
    }
    let never = |key: &GroupKey| ValidatorHistory {
        pubkey: key.0,
        signed_blocks: Vec::new(),
        signed_attestations: Vec::new(),
    };
    Ok(Interchange::new(owner.genesis_validators_root, owner.validators.iter().map(never).collect()))
}

fn require_none(path: &Path, unknown: &[GroupKey]) -> Result<(), Error> {
    match unknown.first() {
        None => Ok(()),
        Some(key) => Err(Error::NoHistory { path: path.to_owned(), key: *key }),
    }
}

/// Each of these validators is in the history, if only with empty lists: an export can lack keys by mistake.
fn require_declared<'a>(
    path: &Path,
    validators: impl IntoIterator<Item = &'a GroupKey>,
    declared: &Interchange,
) -> Result<(), Error> {
    let named: BTreeSet<_> = declared.data.iter().map(|history| history.pubkey).collect();
    match validators.into_iter().find(|key| !named.contains(&key.0)) {
        None => Ok(()),
        Some(key) => Err(Error::NoHistory { path: path.to_owned(), key: *key }),
    }
}

/// Imports into memory first: a file that is refused must not leave a new, empty ledger behind.
fn rehearse(owner: &Owner, history: &Interchange) -> Result<(), slashing::Error> {
    let mut ledger = Ledger::open(MemoryStore::new(owner.genesis_validators_root))?;
    ledger.register(owner.validators.iter().copied())?;
    ledger.import(history, Strategy::Complete).map(|_| ())
}

fn mark_taken_in(declaration: &Path) -> Result<(), Error> {
    let mut marked = declaration.as_os_str().to_owned();
    marked.push(".imported");
    fs::rename(declaration, PathBuf::from(marked))
        .map_err(|cause| Error::Marking { path: declaration.to_owned(), cause })
}

/// What was found at the first import: a second one of the same file has no conflicts to tell.
fn first_word(declared: Option<Imported>, mut imported: Imported) -> Imported {
    if let Some(declared) = declared {
        imported.conflicts.extend(declared.conflicts);
    }
    imported
}

/// Whether something has that name, be it a link to a disk that is not mounted.
fn is_there(path: &Path) -> Result<bool, Error> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => {
            let remedy = "Check the permissions of its directory";
            Err(Error::Read { what: "slashing ledger", path: path.to_owned(), cause, remedy })
        }
    }
}

fn rules<T>(path: &Path, result: Result<T, slashing::Error>) -> Result<T, Error> {
    result.map_err(|error| rules_error(path, error))
}

fn rules_error(path: &Path, cause: slashing::Error) -> Error {
    Error::LedgerRules { path: path.to_owned(), cause }
}

fn in_file(path: &Path, error: slashing::Error) -> Error {
    Error::Invalid { what: "signing history", path: path.to_owned(), why: error.to_string() }
}
