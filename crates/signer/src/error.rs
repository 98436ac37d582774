//! What this room refuses, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use cluster::{GroupKey, ShareKey};
use eth::{Domain, Root};
use slashing::StoreError;

use crate::KeystoreFault;

/// A ledger file, a keystore or a share key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no ledger where one was expected.
    #[error(
        "there is no slashing ledger at {}: if this node has ever signed, restore it; never start without it. \
         For a node that never signed, create one", .path.display()
    )]
    LedgerMissing {
        /// Where it was expected.
        path: PathBuf,
    },
    /// There is something where a new ledger was to be made.
    #[error("{} exists already: a slashing ledger is never overwritten", .path.display())]
    LedgerExists {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the ledger.
    #[error(
        "the slashing ledger {} is in use by another process: stop the other node first, two must never share a key \
         share", .path.display()
    )]
    LedgerInUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a slashing ledger: {what}. Put the ledger of this node in its place", .path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// The ledger is damaged.
    #[error(
        "the slashing ledger {} is damaged: {what}. Do not go on with an older copy or without one: keep the file, leave \
         this node stopped for at least two epochs, then create a new ledger and import this node's latest history \
         (EIP-3076) into it", .path.display()
    )]
    LedgerCorrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The ledger was copied or restored without its write-ahead log.
    #[error(
        "the slashing ledger {} was not closed, and its log (the same name with -wal) is missing: it lacks what was signed last. Put the \
         log back beside it; a copy of a ledger is only whole when its node was stopped", .path.display()
    )]
    LedgerLogMissing {
        /// The file.
        path: PathBuf,
    },
    /// The ledger was written by another release.
    #[error(
        "the slashing ledger {} has schema version {found}, this release knows {known}: use the release that wrote it",
        .path.display()
    )]
    UnknownSchema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The version known here.
        known: i32,
    },
    /// The ledger is of another network.
    #[error(
        "the slashing ledger {} is of another network: its genesis_validators_root is {found}, this node's is \
         {expected}. Point the node at its own ledger", .path.display()
    )]
    WrongNetwork {
        /// The file.
        path: PathBuf,
        /// The ledger's genesis validators root.
        found: Root,
        /// The node's genesis validators root.
        expected: Root,
    },
    /// The ledger is of another cluster.
    #[error(
        "the slashing ledger {} belongs to another cluster (lock {recorded}): it knows none of this lock's \
         validators. Point the node at its own ledger", .path.display()
    )]
    ForeignLock {
        /// The file.
        path: PathBuf,
        /// Hash of the lock that last used it.
        recorded: Root,
    },
    /// The ledger's disk failed.
    #[error("cannot use the slashing ledger {}: {cause}. Check the disk's space, health and permissions", .path.display())]
    LedgerDisk {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: rusqlite::Error,
    },
    /// The ledger could not be written while it was opened.
    #[error(transparent)]
    LedgerWrite(#[from] StoreError),
    /// A keystore cannot be used.
    #[error("cannot use the keystore {}: {fault}", .path.display())]
    Keystore {
        /// The keystore file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Box<KeystoreFault>,
    },
    /// A secret that belongs to no validator of the lock, or to another node's share.
    #[error(
        "the key share {share_key} is none of this node's in the cluster lock: remove it, or use its own lock"
    )]
    UnknownShare {
        /// The secret's public key.
        share_key: ShareKey,
    },
    /// A whole validator key where a share belongs.
    #[error(
        "this is the whole key of validator {key}, not a share: take it off this machine; it must never sign beside \
         the cluster"
    )]
    WholeKey {
        /// The validator.
        key: GroupKey,
    },
    /// An error about the content of a file.
    #[error("{}: {why}", .path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: Box<Error>,
    },
    /// There is no share of that validator.
    #[error("this node has no key share of validator {key}: add its keystore")]
    NoShare {
        /// The validator.
        key: GroupKey,
    },
    /// A block or attestation was to be signed without a permit: our own bug, or an attack on the caller.
    #[error("messages of domain {domain} can be slashed and are signed with a permit only")]
    NeedsPermit {
        /// The domain.
        domain: Domain,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {cause}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        cause: io::Error,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, action: &'static str, cause: io::Error) -> Error {
        Error::Io { path: path.to_owned(), action, cause }
    }
}
