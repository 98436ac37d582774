//! Writing the ledger's histories into an interchange file.

use crate::history::History;
use crate::{Interchange, Ledger, Record, Signable, Store, ValidatorHistory, VoteMark, Watermark};

impl<S: Store> Ledger<S> {
    /// Every validator's history. Whoever imports it, by whichever strategy, permits nothing this ledger would refuse.
    ///
    /// What was pruned is represented by the floor, as one record without signing root.
    pub fn export(&self) -> Interchange {
        let data = self.histories.iter().map(|(key, history)| {
            ValidatorHistory::from_records(key.0, votes(history).into_iter().chain(blocks(history)))
        });
        Interchange::new(self.genesis_validators_root, data.collect())
    }
}

/// The floor, then the votes that say more than it.
///
/// Importers read the lowest source and target of a file as their floor. A vote higher than the floor in one of the
/// two and lower in the other (only a slashable import leaves one) would lower it; such a history is exported as its
/// watermark alone.
fn votes(history: &History) -> Vec<Record> {
    let Some(floor) = history.floor().vote else { return vec![] };
    let mut exported = vec![vote_at(history, floor)];
    for record in history.records() {
        let Signable::Attestation { source, target } = record.what else { continue };
        if source <= floor.source && target <= floor.target {
            continue;
        }
        if source < floor.source || target < floor.target {
            let watermark = history.watermark().vote.unwrap_or(floor);
            return vec![vote_at(history, watermark)];
        }
        exported.push(record);
    }
    exported
}

fn blocks(history: &History) -> Vec<Record> {
    let Some(floor) = history.floor().block else { return vec![] };
    let at_floor = exact_or_unknown(history, Signable::Block { slot: floor });
    let above = history.records().filter(|record| Watermark::of(record.what).block > Some(floor));
    std::iter::once(at_floor).chain(above).collect()
}

fn vote_at(history: &History, mark: VoteMark) -> Record {
    exact_or_unknown(history, Signable::Attestation { source: mark.source, target: mark.target })
}

/// The record of that message, if it is kept; else one whose signing root nobody can repeat.
fn exact_or_unknown(history: &History, what: Signable) -> Record {
    let exact = history.records().find(|record| record.what == what);
    exact.unwrap_or(Record { what, signing_root: None })
}
