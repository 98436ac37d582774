//! Making and opening a ledger file.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cluster::GroupKey;
use eth::Root;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use slashing::{Contents, StoreError, Watermark};

use super::access::{self, Lock, beside};
use super::digest::{Digest, Row};
use super::schema::{APPLICATION_ID, SCHEMA_VERSION, TABLES};
use super::{Owner, SqliteStore};
use crate::Error;

/// Pages in the log at which SQLite folds it into the database on its own. Upkeep does so long before; this only
/// bounds the log (64 MiB) if upkeep never comes.
const CHECKPOINT_PAGES: u32 = 16_384;

pub(super) fn create(path: &Path, owner: &Owner) -> Result<SqliteStore, Error> {
    let lock = Lock::take(path)?;
    if path.symlink_metadata().is_ok() {
        return Err(Error::LedgerExists { path: path.to_owned() });
    }
    let draft = beside(path, ".new");
    remove_leftovers(&draft)?;
    write_empty(&draft, owner)?;
    std::fs::rename(&draft, path).map_err(|error| Error::io(path, "create", error))?;
    sync_directory_of(path)?;
    open_locked(path, Some(owner), lock)
}

pub(super) fn open(path: &Path, owner: Option<&Owner>) -> Result<SqliteStore, Error> {
    // Before the lock file, which a look at a missing ledger should not leave behind.
    if !path.try_exists().map_err(|error| Error::io(path, "look for", error))? {
        return Err(Error::LedgerMissing { path: path.to_owned() });
    }
    let lock = Lock::take(path)?;
    open_locked(path, owner, lock)
}

fn open_locked(path: &Path, owner: Option<&Owner>, lock: Lock) -> Result<SqliteStore, Error> {
    let has_log = access::examine(path)?;
    let connection =
        connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| refusal(path, error))?;
    examine_database(path, &connection)?;
    let header = Header::read(&connection).map_err(|error| refusal(path, error))?;
    if header.is_in_use && !has_log {
        return Err(Error::LedgerLogMissing { path: path.to_owned() });
    }
    let mut store = SqliteStore {
        connection,
        path: path.to_owned(),
        genesis_validators_root: header.genesis_validators_root,
        lock_hash: header.lock_hash,
        digest: header.digest,
        validators: Default::default(),
        contents: None,
        added: vec![],
        previous_lock: None,
        is_broken: false,
        _lock: lock,
    };
    let contents = store.read_all()?;
    // Nothing has been written so far: whatever is refused stays as it was.
    match owner {
        Some(owner) => store.adopt(owner, contents)?,
        None => store.begin(store.lock_hash, contents)?,
    }
    Ok(store)
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::ZERO)?;
    // The order matters: exclusive before WAL spares the shared memory file.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS a plain fsync does not reach the platter.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // Closing leaves the log alone, unless this process says that all went well (`finish`).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A transaction's frames then reach the log in one run of rising pages, as the look at the log expects.
    connection.pragma_update(None, "cache_spill", false)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
    Ok(connection)
}

fn examine_database(path: &Path, connection: &Connection) -> Result<(), Error> {
    let corrupt = |what: String| Error::LedgerCorrupt { path: path.to_owned(), what };
    let verdict = connection
        .pragma_query_value(None, "integrity_check", |row| row.get::<_, String>(0))
        .map_err(|error| refusal(path, error))?;
    if verdict != "ok" {
        return Err(corrupt(verdict));
    }
    let version = connection
        .pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0))
        .map_err(|error| refusal(path, error))?;
    match version {
        SCHEMA_VERSION => Ok(()),
        found => Err(Error::UnknownSchema { path: path.to_owned(), found, known: SCHEMA_VERSION }),
    }
}

/// The one row that is about the file itself.
struct Header {
    genesis_validators_root: Root,
    lock_hash: Root,
    is_in_use: bool,
    digest: Digest,
}

impl Header {
    fn read(connection: &Connection) -> rusqlite::Result<Header> {
        let header = "SELECT genesis_validators_root, lock_hash, in_use, digest FROM ledger WHERE id = 1";
        connection.query_row(header, [], |row| {
            Ok(Header {
                genesis_validators_root: Root(row.get(0)?),
                lock_hash: Root(row.get(1)?),
                is_in_use: row.get(2)?,
                digest: Digest(row.get(3)?),
            })
        })
    }
}

impl SqliteStore {
    /// Checks that the file is the owner's, and takes in what is new about the owner.
    fn adopt(&mut self, owner: &Owner, contents: Contents) -> Result<(), Error> {
        let (found, expected) = (self.genesis_validators_root, owner.genesis_validators_root);
        if found != expected {
            return Err(Error::WrongNetwork { path: self.path.clone(), found, expected });
        }
        let owned: BTreeSet<GroupKey> = owner.validators.iter().copied().collect();
        let is_new = |key: &&GroupKey| !self.validators.contains_key(key);
        let added: Vec<GroupKey> = owned.iter().filter(is_new).copied().collect();
        if !self.validators.is_empty() && added.len() == owned.len() {
            return Err(Error::ForeignLock { path: self.path.clone(), recorded: self.lock_hash });
        }
        self.added = added;
        self.previous_lock = (self.lock_hash != owner.lock_hash).then_some(self.lock_hash);
        self.begin(owner.lock_hash, contents)
    }

    /// Makes all that was read durable and the file ready for single-sync commits.
    fn begin(&mut self, lock_hash: Root, mut contents: Contents) -> Result<(), Error> {
        // What an earlier process wrote but failed to sync is written into the database and synced here. The mark goes
        // first: with an empty log it must not be set.
        self.mark_in_use(false)?;
        self.checkpoint("TRUNCATE")?;
        self.record_owner(lock_hash)?;
        self.mark_in_use(true)?;
        self.start_log()?;
        contents.validators.extend(self.added.iter().map(|key| (*key, Watermark::default())));
        self.contents = Some(contents);
        Ok(())
    }

    /// Folds the log into the database, then starts it anew: the first commit of a log needs a second sync, for the
    /// log's header, which no duty should wait for.
    pub(super) fn start_log(&mut self) -> Result<(), StoreError> {
        self.checkpoint("PASSIVE")?;
        self.change(|_, _| Ok(()))
    }

    /// Leaves one file behind, if the disk allows. If it does not, the next opening finds the log and reads it.
    pub(super) fn finish(&mut self) -> Result<(), StoreError> {
        self.mark_in_use(false)?;
        self.checkpoint("TRUNCATE")?;
        let deletes_log = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        deletes_log.map(|_| ()).map_err(|error| StoreError::caused("cannot close the log", error))
    }

    fn mark_in_use(&mut self, is_in_use: bool) -> Result<(), StoreError> {
        self.change(|connection, _| {
            connection.execute("UPDATE ledger SET in_use = ?1", [is_in_use]).map(|_| ())
        })
    }

    fn record_owner(&mut self, lock_hash: Root) -> Result<(), StoreError> {
        let network = self.genesis_validators_root;
        let (old, added) = (self.lock_hash, self.added.clone());
        self.change(|connection, state| {
            for hash in [old, lock_hash] {
                let (genesis_validators_root, lock_hash) = (network.as_bytes(), hash.as_bytes());
                state.digest.toggle(Row::Header { genesis_validators_root, lock_hash });
            }
            connection.execute("UPDATE ledger SET lock_hash = ?1", [lock_hash.as_bytes()])?;
            added.iter().try_for_each(|key| state.add_validator(connection, *key))
        })?;
        self.lock_hash = lock_hash;
        Ok(())
    }

    fn checkpoint(&mut self, mode: &str) -> Result<(), StoreError> {
        checkpoint(&self.connection, mode).map_err(|error| {
            self.is_broken = true;
            StoreError::caused(format!("cannot checkpoint {}: {error}", self.path.display()), error)
        })
    }
}

/// Folds the write-ahead log into the database and syncs it.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection
        .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(0))
        .map(|_| ())
}

fn write_empty(draft: &Path, owner: &Owner) -> Result<(), Error> {
    let failed = |error| refusal(draft, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = connect(draft, flags).map_err(failed)?;
    let mut digest = Digest::default();
    let (network, lock_hash) = (owner.genesis_validators_root.as_bytes(), owner.lock_hash.as_bytes());
    digest.toggle(Row::Header { genesis_validators_root: network, lock_hash });
    let write = || {
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        connection
            .execute("INSERT INTO ledger VALUES (1, ?1, ?2, 0, ?3)", (network, lock_hash, &digest.0))?;
        checkpoint(&connection, "TRUNCATE")
    };
    write().map_err(failed)?;
    // Closing deletes the empty log.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))?;
    let file = File::open(draft).map_err(|error| Error::io(draft, "open", error))?;
    private(&file).and_then(|()| file.sync_all()).map_err(|error| Error::io(draft, "sync", error))
}

fn remove_leftovers(draft: &Path) -> Result<(), Error> {
    for leftover in [draft.to_owned(), beside(draft, "-wal"), beside(draft, "-journal")] {
        match std::fs::remove_file(&leftover) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(&leftover, "remove", error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A new name is durable only once its directory is.
fn sync_directory_of(path: &Path) -> Result<(), Error> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.map_or_else(|| PathBuf::from("."), Path::to_owned);
    File::open(&directory)
        .and_then(|opened| opened.sync_all())
        .map_err(|error| Error::io(&directory, "sync the directory", error))
}

#[cfg(unix)]
fn private(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn private(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// Sorts SQLite's errors by what the operator can do about them.
fn refusal(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::LedgerInUse { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::LedgerCorrupt { path, what: error.to_string() }
        }
        Some(_) => Error::LedgerDisk { path, cause: error },
        // Columns of the wrong type or a missing row.
        None => Error::LedgerCorrupt { path, what: error.to_string() },
    }
}
