//! The ledger's disk: one SQLite file, one process, one sync per commit.
//!
//! A permit is a promise that survives power loss, so a commit returns only after its write-ahead log was synced
//! (`journal_mode=WAL`, `synchronous=FULL`). Everything that is not plainly this node's intact ledger is refused at
//! the door with what to do about it; an empty ledger is made only when the caller says so.

mod access;
mod digest;
mod open;
mod rows;
mod schema;
mod wal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cluster::GroupKey;
use eth::Root;
use rusqlite::{Connection, TransactionBehavior, params};
use slashing::{Batch, Contents, Record, Signable, Store, StoreError, Watermark};

use access::Lock;
use digest::{Digest, Row};
use rows::{Validator, floors_of, root_of, sql_number};

use crate::Error;

/// Whose ledger a file must be.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The network.
    pub genesis_validators_root: Root,
    /// Hash of the cluster lock the node runs. Recorded, but no part of the history: a reshare changes the lock.
    pub lock_hash: Root,
    /// The lock's validators.
    pub validators: Vec<GroupKey>,
}

/// A ledger file, open and locked for as long as this lives.
///
/// Blocking: call it from a thread that may wait for a disk. After a failed commit it refuses everything; drop it
/// and open the file again, which checks and syncs whatever did reach the disk.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    genesis_validators_root: Root,
    lock_hash: Root,
    digest: Digest,
    validators: BTreeMap<GroupKey, Validator>,
    /// What opening the file read, until it is first asked for.
    contents: Option<Contents>,
    added: Vec<GroupKey>,
    previous_lock: Option<Root>,
    is_broken: bool,
    /// Released last, after SQLite closed the file.
    _lock: Lock,
}

impl SqliteStore {
    /// Makes a new, empty ledger for its owner. Refuses if anything is at that path already: a ledger is never
    /// overwritten. The file appears complete or not at all.
    pub fn create(path: &Path, owner: &Owner) -> Result<SqliteStore, Error> {
        open::create(path, owner)
    }

    /// Opens the owner's ledger. A missing file is an error: starting without history is the caller's explicit
    /// decision ([`create`](SqliteStore::create)), never a default.
    ///
    /// Refuses a ledger of another network or cluster, a damaged one, and one that another process holds. Validators
    /// of the owner that the file does not know yet are added to it.
    pub fn open(path: &Path, owner: &Owner) -> Result<SqliteStore, Error> {
        open::open(path, Some(owner))
    }

    /// Opens the ledger if there is one, else makes it. When this is allowed is the caller's policy.
    pub fn open_or_create(path: &Path, owner: &Owner) -> Result<SqliteStore, Error> {
        if path.try_exists().map_err(|error| Error::io(path, "look for", error))? {
            SqliteStore::open(path, owner)
        } else {
            SqliteStore::create(path, owner)
        }
    }

    /// Opens an existing ledger whoever owns it, to export or show it. As strict about damage as
    /// [`open`](SqliteStore::open).
    pub fn open_unowned(path: &Path) -> Result<SqliteStore, Error> {
        open::open(path, None)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hash of the lock that last used the ledger.
    pub fn lock_hash(&self) -> Root {
        self.lock_hash
    }

    /// Validators that were new to the ledger when it was opened: they start without history.
    pub fn added(&self) -> &[GroupKey] {
        &self.added
    }

    /// The lock recorded before this opening, if it was another one (reshare, validators added).
    pub fn previous_lock(&self) -> Option<Root> {
        self.previous_lock
    }

    fn require_intact(&self) -> Result<(), StoreError> {
        match self.is_broken {
            true => Err(StoreError::new(format!(
                "an earlier write to {} failed: open the ledger again",
                self.path.display()
            ))),
            false => Ok(()),
        }
    }

    /// Runs a change in one transaction. Until it is known to be durable, and after any failure, the store is broken.
    fn change(
        &mut self,
        change: impl FnOnce(&Connection, &mut State<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        self.require_intact()?;
        self.is_broken = true;
        let done = self.transact(change);
        done.map_err(|error| {
            StoreError::caused(format!("cannot write {}: {error}", self.path.display()), error)
        })?;
        self.is_broken = false;
        Ok(())
    }

    fn transact(
        &mut self,
        change: impl FnOnce(&Connection, &mut State<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut state = State { digest: &mut self.digest, validators: &mut self.validators };
        change(&transaction, &mut state)?;
        transaction.prepare_cached("UPDATE ledger SET digest = ?1")?.execute([&self.digest.0[..]])?;
        transaction.commit()
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Contents, StoreError> {
        self.require_intact()?;
        match self.contents.take() {
            Some(contents) => Ok(contents),
            None => self.read_all().map_err(|error| StoreError::caused(error.to_string(), error)),
        }
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.contents = None;
        self.change(|connection, state| {
            batch.validators.iter().try_for_each(|key| state.add_validator(connection, *key))?;
            batch.floors.iter().try_for_each(|(key, floor)| state.set_floor(connection, key, floor))?;
            batch.records.iter().try_for_each(|(key, record)| state.append(connection, key, record))
        })
    }

    fn compact(&mut self, floors: &[(GroupKey, Watermark)]) -> Result<(), StoreError> {
        self.contents = None;
        self.change(|connection, state| {
            floors.iter().try_for_each(|(key, floor)| state.set_floor(connection, key, floor))?;
            state.delete_below_floors(connection)
        })?;
        self.start_log()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if self.is_broken {
            return;
        }
        if let Err(error) = self.finish() {
            tracing::warn!(topic = "ledger", path = %self.path.display(), %error, "the ledger was left with its log");
        }
    }
}

/// What a transaction changes in memory along with the file. A failure leaves it wrong, and the store broken.
struct State<'a> {
    digest: &'a mut Digest,
    validators: &'a mut BTreeMap<GroupKey, Validator>,
}

impl State<'_> {
    fn add_validator(&mut self, connection: &Connection, key: GroupKey) -> rusqlite::Result<()> {
        if self.validators.contains_key(&key) {
            return Ok(());
        }
        let group_key = key.0.as_bytes();
        connection.prepare_cached("INSERT INTO validators (group_key) VALUES (?1)")?.execute([group_key])?;
        let validator = Validator { id: connection.last_insert_rowid(), floor: Watermark::default() };
        self.digest.toggle(validator.row(&key));
        self.validators.insert(key, validator);
        Ok(())
    }

    fn set_floor(
        &mut self,
        connection: &Connection,
        key: &GroupKey,
        floor: &Watermark,
    ) -> rusqlite::Result<()> {
        let validator = known(self.validators.get_mut(key))?;
        if validator.floor == *floor {
            return Ok(());
        }
        let [source, target, slot] = floors_of(floor)?;
        connection
            .prepare_cached(
                "UPDATE validators SET floor_source = ?2, floor_target = ?3, floor_slot = ?4 WHERE id = ?1",
            )?
            .execute(params![validator.id, source, target, slot])?;
        self.digest.toggle(validator.row(key));
        validator.floor = *floor;
        self.digest.toggle(validator.row(key));
        Ok(())
    }

    fn append(&mut self, connection: &Connection, key: &GroupKey, record: &Record) -> rusqlite::Result<()> {
        let validator = known(self.validators.get(key))?.id;
        let signing_root = record.signing_root.as_ref().map(Root::as_bytes);
        let row = match record.what {
            Signable::Attestation { source, target } => {
                let (source, target) = (sql_number(source.0)?, sql_number(target.0)?);
                connection
                    .prepare_cached(
                        "INSERT INTO attestations (validator, source_epoch, target_epoch, signing_root) \
                         VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![validator, source, target, signing_root])?;
                let id = connection.last_insert_rowid();
                Row::Attestation { id, validator, source, target, signing_root }
            }
            Signable::Block { slot } => {
                let slot = sql_number(slot.0)?;
                connection
                    .prepare_cached("INSERT INTO blocks (validator, slot, signing_root) VALUES (?1, ?2, ?3)")?
                    .execute(params![validator, slot, signing_root])?;
                Row::Block { id: connection.last_insert_rowid(), validator, slot, signing_root }
            }
        };
        self.digest.toggle(row);
        Ok(())
    }

    fn delete_below_floors(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let votes = "DELETE FROM attestations WHERE target_epoch < \
                     (SELECT floor_target FROM validators WHERE validators.id = validator) \
                     RETURNING id, validator, source_epoch, target_epoch, signing_root";
        let mut statement = connection.prepare_cached(votes)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let root = root_of(row, 4)?;
            let (id, validator, source, target) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let signing_root = root.as_ref().map(Root::as_bytes);
            self.digest.toggle(Row::Attestation { id, validator, source, target, signing_root });
        }
        let blocks = "DELETE FROM blocks WHERE slot < \
                      (SELECT floor_slot FROM validators WHERE validators.id = validator) \
                      RETURNING id, validator, slot, signing_root";
        let mut statement = connection.prepare_cached(blocks)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let root = root_of(row, 3)?;
            let (id, validator, slot) = (row.get(0)?, row.get(1)?, row.get(2)?);
            self.digest.toggle(Row::Block {
                id,
                validator,
                slot,
                signing_root: root.as_ref().map(Root::as_bytes),
            });
        }
        Ok(())
    }
}

/// The ledger registers validators before anything else, so an unknown one is our own bug.
fn known<T>(validator: Option<T>) -> rusqlite::Result<T> {
    debug_assert!(validator.is_some(), "a batch names a validator that was never registered");
    validator.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

#[cfg(test)]
mod tests {
    use eth::{Epoch, PublicKeyBytes, Slot};
    use slashing::{DutyId, Item, Kind, Ledger, Permit, Refusal, Request};

    use super::*;

    const KEY: GroupKey = GroupKey(PublicKeyBytes([1; 48]));

    #[test]
    fn a_full_disk_grants_nothing_until_the_ledger_is_opened_again() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("ledger.sqlite");
        let owner =
            Owner { genesis_validators_root: Root([7; 32]), lock_hash: Root([8; 32]), validators: vec![KEY] };
        let store = SqliteStore::create(&path, &owner).expect("a new ledger");
        store.connection.pragma_update_and_check(None, "max_page_count", 1, |_| Ok(())).expect("a limit");
        let mut ledger = Ledger::open(store).expect("loads");
        let (full_at, refused) = (1..10_000)
            .find_map(|target| Some((target, vote(&mut ledger, target, 1).err()?)))
            .expect("fills");
        assert_eq!(refused.code(), "store_failed");
        assert!(refused.to_string().contains("ledger.sqlite"), "{refused}");
        assert_eq!(vote(&mut ledger, full_at, 1).expect_err("closed"), Refusal::LedgerClosed);
        let mut store = ledger.into_store();
        assert!(store.load().is_err() && store.commit(&Batch::default()).is_err(), "a broken store stays so");
        drop(store);

        let store = SqliteStore::open(&path, &owner).expect("there is space again");
        let mut ledger = Ledger::open(store).expect("loads");
        let granted = vote(&mut ledger, full_at, 2).expect("writes");
        assert_eq!(granted.granted().len(), 1, "what was refused was not recorded");
        let earlier = vote(&mut ledger, full_at - 1, 2).expect("answers");
        assert_eq!(earlier.refused()[0].1.code(), "double_vote", "what was granted was");
    }

    fn vote(ledger: &mut Ledger<SqliteStore>, target: u64, root: u8) -> Result<Permit, Refusal> {
        let what = Signable::Attestation { source: Epoch(0), target: Epoch(target) };
        let items = vec![Item { key: KEY, what, signing_root: Root([root; 32]) }];
        ledger.permit(Request { duty: DutyId { slot: Slot(target * 32), kind: Kind::Attestation }, items })
    }
}
