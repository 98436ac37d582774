//! The tables of the ledger file. Changing them needs a new schema version.

/// Marks the file as a Phalanx ledger in SQLite's header ("PHLX").
pub(super) const APPLICATION_ID: i32 = 0x5048_4c58;

/// The version written by this release, and the only one it reads.
pub(super) const SCHEMA_VERSION: i32 = 1;

/// Records are only ever appended while signing; upkeep deletes those below their validator's floor.
///
/// `ledger.in_use` is 1 while a process holds the ledger. It is in the database file before the first record enters the
/// write-ahead log, so that a database that was separated from its log is noticed.
///
/// `ledger.digest` is the XOR of the SHA-256 of every row of every table, so that a row that changed, appeared or
/// vanished by other hands than ours is noticed when the file is opened.
pub(super) const TABLES: &str = "
    CREATE TABLE ledger (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        genesis_validators_root BLOB NOT NULL CHECK (length(genesis_validators_root) = 32),
        lock_hash BLOB NOT NULL CHECK (length(lock_hash) = 32),
        in_use INTEGER NOT NULL CHECK (in_use IN (0, 1)),
        digest BLOB NOT NULL CHECK (length(digest) = 32)
    ) STRICT;
    CREATE TABLE validators (
        id INTEGER PRIMARY KEY,
        group_key BLOB NOT NULL UNIQUE CHECK (length(group_key) = 48),
        floor_source INTEGER,
        floor_target INTEGER,
        floor_slot INTEGER
    ) STRICT;
    CREATE TABLE attestations (
        id INTEGER PRIMARY KEY,
        validator INTEGER NOT NULL REFERENCES validators (id),
        source_epoch INTEGER NOT NULL,
        target_epoch INTEGER NOT NULL,
        signing_root BLOB CHECK (length(signing_root) = 32)
    ) STRICT;
    CREATE TABLE blocks (
        id INTEGER PRIMARY KEY,
        validator INTEGER NOT NULL REFERENCES validators (id),
        slot INTEGER NOT NULL,
        signing_root BLOB CHECK (length(signing_root) = 32)
    ) STRICT;
";
