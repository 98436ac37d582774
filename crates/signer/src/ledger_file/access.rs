//! The door: one process per file, and a look at the file before SQLite may touch it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::schema::APPLICATION_ID;
use super::wal::{self, Wal};
use crate::Error;

const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";
const SQLITE_HEADER_BYTES: usize = 100;
const APPLICATION_ID_AT: usize = 68;

/// A lock file beside the ledger, held by the operating system for this process.
///
/// SQLite's own lock alone would not do: POSIX drops it when anything in the process closes the same file.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who is refused.
    pub(super) fn take(ledger: &Path) -> Result<Lock, Error> {
        let path = beside(ledger, ".lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let file = options.open(&path).map_err(|error| Error::io(&path, "open the lock file", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::LedgerInUse { path: ledger.to_owned() }),
            Err(TryLockError::Error(error)) => Err(Error::io(&path, "lock", error)),
        }
    }
}

/// A path with something appended to its file name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Refuses what is missing, no ledger of ours, or damaged where SQLite would not tell. Says whether there is a
/// write-ahead log with anything in it.
pub(super) fn examine(path: &Path) -> Result<bool, Error> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::LedgerMissing { path: path.to_owned() });
        }
        other => other.map_err(|error| Error::io(path, "open", error))?,
    };
    let mut header = [0; SQLITE_HEADER_BYTES];
    let not_ours = |what: &str| Error::NotALedger { path: path.to_owned(), what: what.to_owned() };
    file.read_exact(&mut header).map_err(|_| not_ours("it is shorter than any database"))?;
    if !header.starts_with(SQLITE_MAGIC) {
        return Err(not_ours("it is not an SQLite database"));
    }
    if header[APPLICATION_ID_AT..APPLICATION_ID_AT + 4] != APPLICATION_ID.to_be_bytes() {
        return Err(not_ours("it is an SQLite database of another program"));
    }
    examine_log(path)
}

fn examine_log(path: &Path) -> Result<bool, Error> {
    let log_path = beside(path, "-wal");
    let log = match std::fs::read(&log_path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        other => other.map_err(|error| Error::io(&log_path, "read", error))?,
    };
    let what = match wal::examine(&log) {
        Wal::Empty => return Ok(false),
        Wal::Sound => return Ok(true),
        Wal::HeaderDamaged => "the header of its write-ahead log is unreadable",
        Wal::Damaged => "commits in its write-ahead log are unreadable",
    };
    Err(Error::LedgerCorrupt { path: path.to_owned(), what: what.to_owned() })
}
