//! Reading an interchange file into the ledger, in one commit.

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::PublicKeyBytes;

use crate::history::{History, reachable};
use crate::{
    Batch, Error, Interchange, Kind, Ledger, RETAINED_BLOCKS, RETAINED_VOTES, Record, Refusal, Signable,
    Store, Watermark,
};

/// How much of an imported history is kept (EIP-3076, "advice for minimal and complete databases").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Only its watermark: everything up to the highest source, target and slot is refused.
    Minimal,
    /// The newest records exactly, the rest as a floor: refuses less, and repeats known signing roots.
    Complete,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Validators of the ledger whose history the file contained.
    pub validators: Vec<GroupKey>,
    /// Keys of the file that the ledger does not know, and of which nothing was imported.
    pub unknown: Vec<PublicKeyBytes>,
    /// Records of the file that are slashable against each other or against the ledger. They were imported too, for
    /// they only restrict; but they mean that conflicting signatures may exist.
    pub conflicts: Vec<Conflict>,
}

/// An imported record that a slashing condition forbids next to what was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The validator.
    pub key: GroupKey,
    /// The record.
    pub record: Record,
    /// The condition it breaks.
    pub why: Refusal,
}

impl<S: Store> Ledger<S> {
    /// Imports a file: all of it in one durable commit, or on an error nothing.
    ///
    /// Imported records and floors only ever add restrictions, so a file may be imported again, or an old one late.
    /// Fails when the file is of another network, holds numbers no chain reaches, or the store fails.
    pub fn import(&mut self, interchange: &Interchange, strategy: Strategy) -> Result<Imported, Error> {
        let found = interchange.metadata.genesis_validators_root;
        if found != self.genesis_validators_root {
            return Err(Error::WrongNetwork { expected: self.genesis_validators_root, found });
        }
        let records = records_by_key(interchange)?;
        let mut imported = Imported::default();
        let mut changed = vec![];
        let mut batch = Batch::default();
        for (pubkey, records) in records {
            let key = GroupKey(pubkey);
            let Some(history) = self.histories.get(&key) else {
                imported.unknown.push(pubkey);
                continue;
            };
            let mut merge = Merge { key, history: history.clone(), kept: vec![], conflicts: vec![] };
            merge.import(&records, strategy);
            imported.validators.push(key);
            imported.conflicts.append(&mut merge.conflicts);
            batch.floors.push((key, merge.history.floor()));
            batch.records.extend(merge.kept.iter().map(|record| (key, *record)));
            changed.push((key, merge.history));
        }
        self.write(&batch)?;
        self.histories.extend(changed);
        Ok(imported)
    }
}

fn records_by_key(interchange: &Interchange) -> Result<BTreeMap<PublicKeyBytes, Vec<Record>>, Refusal> {
    let mut by_key = BTreeMap::<_, Vec<Record>>::new();
    for validator in &interchange.data {
        let records = by_key.entry(validator.pubkey).or_default();
        for record in validator.records() {
            match record.what {
                Signable::Attestation { source, target } => reachable(source.0.max(target.0))?,
                Signable::Block { slot } => reachable(slot.0)?,
            }
            records.push(record);
        }
    }
    Ok(by_key)
}

/// One validator's history on its way to what it will be.
struct Merge {
    key: GroupKey,
    history: History,
    kept: Vec<Record>,
    conflicts: Vec<Conflict>,
}

impl Merge {
    fn import(&mut self, records: &[Record], strategy: Strategy) {
        let (mut votes, mut blocks): (Vec<Record>, Vec<Record>) =
            records.iter().partition(|record| record.what.kind() == Kind::Attestation);
        votes.sort_by_key(|record| Watermark::of(record.what).vote.map(|mark| (mark.target, mark.source)));
        blocks.sort_by_key(|record| Watermark::of(record.what).block);
        self.note_conflicts(&votes);
        self.note_conflicts(&blocks);
        match strategy {
            Strategy::Minimal => self.raise_to_watermark(records),
            Strategy::Complete => {
                self.keep_newest(&votes, RETAINED_VOTES);
                self.keep_newest(&blocks, RETAINED_BLOCKS);
            }
        }
    }

    /// Compares each record with the history as it grows. What falls out of the retained window is not compared.
    fn note_conflicts(&mut self, records: &[Record]) {
        let mut seen = self.history.clone();
        for record in records.iter().filter(|record| !self.history.holds(record)) {
            if let Some(why) = seen.conflict(record) {
                self.conflicts.push(Conflict { key: self.key, record: *record, why });
            }
            seen.record(*record);
        }
    }

    /// One mark above everything known, imported or own: what a minimal database would hold.
    fn raise_to_watermark(&mut self, records: &[Record]) {
        let all = records.iter().map(|record| Watermark::of(record.what));
        let watermark = all.fold(self.history.watermark(), Watermark::raised_to);
        self.history.raise(watermark);
    }

    /// Records in rising order: in an empty history the lowest one becomes the floor.
    fn keep_newest(&mut self, rising: &[Record], retained: usize) {
        let (old, recent) = rising.split_at(rising.len().saturating_sub(retained));
        old.iter().for_each(|record| self.history.raise(Watermark::of(record.what)));
        for record in recent.iter().filter(|record| !self.history.holds(record)).copied().collect::<Vec<_>>()
        {
            self.history.record(record);
            self.kept.push(record);
        }
    }
}
