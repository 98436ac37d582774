//! A store in memory that behaves like a disk: for tests and the simulator.

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::Root;

use crate::{Batch, Contents, Record, Signable, Store, StoreError, Watermark};

/// A modelled disk: what was synced survives a crash, what was only written may or may not.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    genesis_validators_root: Root,
    synced: Vec<Batch>,
    unsynced: Vec<Batch>,
    next_fault: Option<Fault>,
    commits: usize,
}

/// How the next commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written (disk full, read-only).
    Write,
    /// Written but not synced: a crash decides whether it survives.
    Sync,
}

impl MemoryStore {
    /// An empty disk of that network.
    pub fn new(genesis_validators_root: Root) -> MemoryStore {
        MemoryStore {
            genesis_validators_root,
            synced: vec![],
            unsynced: vec![],
            next_fault: None,
            commits: 0,
        }
    }

    /// Makes the next commit or compaction fail.
    pub fn fail_next(&mut self, fault: Fault) {
        self.next_fault = Some(fault);
    }

    /// How many commits succeeded: each is one write and one sync.
    pub fn commits(&self) -> usize {
        self.commits
    }

    /// Whether a record of that signing root survives whatever happens to the power.
    pub fn is_durable(&self, key: &GroupKey, signing_root: Root) -> bool {
        let is_it =
            |(of, record): &(GroupKey, Record)| of == key && record.signing_root == Some(signing_root);
        self.synced.iter().rev().any(|batch| batch.records.iter().any(is_it))
    }

    /// The power goes: what a new process finds, with or without what was written but not synced.
    pub fn crash(mut self, unsynced_survives: bool) -> MemoryStore {
        let unsynced = std::mem::take(&mut self.unsynced);
        if unsynced_survives {
            self.synced.extend(unsynced);
        }
        self.next_fault = None;
        self
    }

    fn contents(&self) -> Contents {
        let mut validators = BTreeMap::new();
        let mut records = vec![];
        for batch in &self.synced {
            validators.extend(batch.validators.iter().map(|key| (*key, Watermark::default())));
            validators.extend(batch.floors.iter().copied());
            records.extend(batch.records.iter().copied());
        }
        let genesis_validators_root = self.genesis_validators_root;
        Contents { genesis_validators_root, validators: validators.into_iter().collect(), records }
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Contents, StoreError> {
        Ok(self.contents())
    }

    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        match self.next_fault.take() {
            Some(Fault::Write) => Err(StoreError::new("no space left on the modelled disk")),
            Some(Fault::Sync) => {
                self.unsynced.push(batch.clone());
                Err(StoreError::new("the modelled disk could not be synced"))
            }
            None => {
                self.synced.push(batch.clone());
                self.commits += 1;
                Ok(())
            }
        }
    }

    fn compact(&mut self, floors: &[(GroupKey, Watermark)]) -> Result<(), StoreError> {
        if self.next_fault.take().is_some() {
            return Err(StoreError::new("the modelled disk could not be compacted"));
        }
        let Contents { validators, records, .. } = self.contents();
        let mut floor_of: BTreeMap<_, _> = validators.into_iter().collect();
        floor_of.extend(floors.iter().copied());
        let is_kept = |(key, record): &(GroupKey, Record)| {
            floor_of.get(key).is_none_or(|floor| !is_below(record, floor))
        };
        self.synced = vec![Batch {
            validators: floor_of.keys().copied().collect(),
            records: records.into_iter().filter(is_kept).collect(),
            floors: floor_of.into_iter().collect(),
        }];
        Ok(())
    }
}

fn is_below(record: &Record, floor: &Watermark) -> bool {
    match (record.what, floor.vote, floor.block) {
        (Signable::Attestation { source, target }, Some(floor), _) => {
            source <= floor.source && target < floor.target
        }
        (Signable::Block { slot }, _, Some(floor)) => slot < floor,
        _ => false,
    }
}
