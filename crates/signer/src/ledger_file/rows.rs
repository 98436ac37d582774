//! Rows of the file as the brain's types.

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::{Epoch, PublicKeyBytes, Root, Slot};
use slashing::{Contents, Record, Signable, VoteMark, Watermark};

use super::SqliteStore;
use super::digest::{Digest, Row};
use crate::Error;

/// A validator's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validator {
    pub(super) id: i64,
    pub(super) floor: Watermark,
}

impl Validator {
    pub(super) fn row<'a>(&self, key: &'a GroupKey) -> Row<'a> {
        // Numbers that do not fit were refused when the floor was set.
        let floors = floors_of(&self.floor).unwrap_or_default();
        Row::Validator { id: self.id, group_key: key.0.as_bytes(), floors }
    }
}

impl SqliteStore {
    /// Reads the whole file and compares it with its digest.
    pub(super) fn read_all(&mut self) -> Result<Contents, Error> {
        let (contents, validators, digest) =
            self.read_rows().map_err(|error| self.corrupt(error.to_string()))?;
        if digest != self.digest {
            return Err(self.corrupt("its records do not match its own checksum".to_owned()));
        }
        self.validators = validators;
        Ok(contents)
    }

    fn corrupt(&self, what: String) -> Error {
        Error::LedgerCorrupt { path: self.path.clone(), what }
    }

    fn read_rows(&self) -> rusqlite::Result<(Contents, BTreeMap<GroupKey, Validator>, Digest)> {
        let mut digest = Digest::default();
        digest.toggle(Row::Header {
            genesis_validators_root: self.genesis_validators_root.as_bytes(),
            lock_hash: self.lock_hash.as_bytes(),
        });
        let validators = self.read_validators(&mut digest)?;
        let key_of: BTreeMap<i64, GroupKey> =
            validators.iter().map(|(key, validator)| (validator.id, *key)).collect();
        let mut records = self.read_attestations(&mut digest, &key_of)?;
        records.extend(self.read_blocks(&mut digest, &key_of)?);
        let floors = validators.iter().map(|(key, validator)| (*key, validator.floor)).collect();
        let genesis_validators_root = self.genesis_validators_root;
        Ok((Contents { genesis_validators_root, validators: floors, records }, validators, digest))
    }

    fn read_validators(&self, digest: &mut Digest) -> rusqlite::Result<BTreeMap<GroupKey, Validator>> {
        let all = "SELECT id, group_key, floor_source, floor_target, floor_slot FROM validators";
        let mut statement = self.connection.prepare(all)?;
        let mut rows = statement.query([])?;
        let mut validators = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let key = GroupKey(PublicKeyBytes(row.get(1)?));
            let floors = [row.get(2)?, row.get(3)?, row.get(4)?];
            let validator = Validator { id: row.get(0)?, floor: watermark_of(floors) };
            digest.toggle(Row::Validator { id: validator.id, group_key: key.0.as_bytes(), floors });
            validators.insert(key, validator);
        }
        Ok(validators)
    }

    fn read_attestations(
        &self,
        digest: &mut Digest,
        key_of: &BTreeMap<i64, GroupKey>,
    ) -> rusqlite::Result<Vec<(GroupKey, Record)>> {
        let all =
            "SELECT id, validator, source_epoch, target_epoch, signing_root FROM attestations ORDER BY id";
        let mut statement = self.connection.prepare(all)?;
        let mut rows = statement.query([])?;
        let mut records = vec![];
        while let Some(row) = rows.next()? {
            let (id, validator, source, target) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let root = root_of(row, 4)?;
            let signing_root = root.as_ref().map(Root::as_bytes);
            digest.toggle(Row::Attestation { id, validator, source, target, signing_root });
            let what = Signable::Attestation {
                source: Epoch(rust_number(source)),
                target: Epoch(rust_number(target)),
            };
            records.push((owner_of(key_of, validator)?, Record { what, signing_root: root }));
        }
        Ok(records)
    }

    fn read_blocks(
        &self,
        digest: &mut Digest,
        key_of: &BTreeMap<i64, GroupKey>,
    ) -> rusqlite::Result<Vec<(GroupKey, Record)>> {
        let all = "SELECT id, validator, slot, signing_root FROM blocks ORDER BY id";
        let mut statement = self.connection.prepare(all)?;
        let mut rows = statement.query([])?;
        let mut records = vec![];
        while let Some(row) = rows.next()? {
            let (id, validator, slot) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let root = root_of(row, 3)?;
            digest.toggle(Row::Block {
                id,
                validator,
                slot,
                signing_root: root.as_ref().map(Root::as_bytes),
            });
            let what = Signable::Block { slot: Slot(rust_number(slot)) };
            records.push((owner_of(key_of, validator)?, Record { what, signing_root: root }));
        }
        Ok(records)
    }
}

/// A number as SQLite holds it. The ledger refuses numbers of 2^63 and more, so a larger one is our own bug.
pub(super) fn sql_number(number: u64) -> rusqlite::Result<i64> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// A floor as its three columns.
pub(super) fn floors_of(floor: &Watermark) -> rusqlite::Result<[Option<i64>; 3]> {
    let source = floor.vote.map(|vote| sql_number(vote.source.0)).transpose()?;
    let target = floor.vote.map(|vote| sql_number(vote.target.0)).transpose()?;
    let slot = floor.block.map(|slot| sql_number(slot.0)).transpose()?;
    Ok([source, target, slot])
}

/// The signing root in a column.
pub(super) fn root_of(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<Root>> {
    row.get::<_, Option<[u8; 32]>>(column).map(|bytes| bytes.map(Root))
}

fn watermark_of([source, target, slot]: [Option<i64>; 3]) -> Watermark {
    let vote = source.zip(target).map(|(source, target)| VoteMark {
        source: Epoch(rust_number(source)),
        target: Epoch(rust_number(target)),
    });
    Watermark { vote, block: slot.map(|slot| Slot(rust_number(slot))) }
}

/// A negative number is none of ours; the digest refuses the file that holds one.
fn rust_number(number: i64) -> u64 {
    number.unsigned_abs()
}

fn owner_of(key_of: &BTreeMap<i64, GroupKey>, validator: i64) -> rusqlite::Result<GroupKey> {
    key_of.get(&validator).copied().ok_or(rusqlite::Error::QueryReturnedNoRows)
}
