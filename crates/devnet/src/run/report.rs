//! How a run went.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use duty::DutyKind;
use eth::Slot;

use super::decisions::Decisions;
use super::ledger::Judged;
use super::record::Share;
use super::tally::{Duties, Tally};
use crate::chain::Standing;
use crate::vc::Kind;

/// How a run went. `Display` gives a table.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether the run was cut short.
    pub interrupted: bool,
    /// Nodes of the cluster.
    pub nodes: u8,
    /// Validators of the cluster.
    pub validators: u64,
    /// Whether blocks were to come from builders.
    pub builder: bool,
    /// Duration of a slot, milliseconds.
    pub slot_ms: u64,
    /// The first slot that counts.
    pub first: Slot,
    /// The duties.
    pub tally: Tally,
    /// The first missed duties, each in words with the reasons the nodes gave.
    pub missed: Vec<String>,
    /// What could not be seen, in words.
    pub blind_spot: Option<&'static str>,
    /// Where the chain stood at the end.
    pub standing: Standing,
    /// For what the clients were asked to sign different things.
    pub disagreements: Vec<(Slot, Kind)>,
    /// Slots in which the clients saw different heads.
    pub heads_that_differ: Vec<Slot>,
    /// What should not have happened.
    pub mishaps: Vec<String>,
    /// Slots in which the machine stood still, and for how long. Not the cluster's fault, but maybe why it missed duties.
    pub stalls: Vec<(Slot, Duration)>,
    /// Where the files are, if they were kept.
    pub directory: Option<PathBuf>,
    pub(super) judged: Option<Judged>,
    pub(super) decisions: Decisions,
}

/// Refusals told word by word.
const REJECTIONS_SHOWN: usize = 16;

/// The table's rows, in the order in which duties come in a slot.
const ROWS: [(DutyKind, &str); 7] = [
    (DutyKind::Proposer, "proposals"),
    (DutyKind::Attester, "attestations"),
    (DutyKind::Aggregator, "aggregates"),
    (DutyKind::SyncMessage, "sync messages"),
    (DutyKind::SyncContribution, "contributions"),
    (DutyKind::BuilderRegistration, "registrations"),
    (DutyKind::Exit, "exits"),
];

impl Report {
    /// Whether nothing was missed and nothing was wrong.
    pub fn is_clean(&self) -> bool {
        let Tally { slots, duties, sync_bits, .. } = &self.tally;
        *slots > 0
            && duties.values().all(Duties::is_whole)
            && sync_bits.is_whole()
            && self.are_blocks_right()
            && self.slashable() == 0
            && self.rejected() == 0
            && self.disagreements.is_empty()
            && self.mishaps.is_empty()
    }

    /// Whether every block pays the right address, and a builder made some if there is one, and none if there is not.
    fn are_blocks_right(&self) -> bool {
        let blocks = &self.tally.blocks;
        let has_none = blocks.blinded + blocks.full == 0;
        let sees_builders = self.blind_spot.is_none();
        blocks.fees_right.is_whole() && (has_none || !sees_builders || self.builder == (blocks.blinded > 0))
    }

    /// Signatures that would have got a validator slashed.
    pub fn slashable(&self) -> u64 {
        self.judged.as_ref().map_or(0, |judged| judged.counts.slashable)
    }

    /// Messages that the chain refused for any reason.
    pub fn rejected(&self) -> u64 {
        self.judged.as_ref().map_or(0, |judged| judged.counts.rejected)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { nodes, validators, slot_ms, tally, .. } = self;
        let cut = if self.interrupted { ", cut short" } else { "" };
        let last = self.first.0 + tally.slots.saturating_sub(1);
        writeln!(
            f,
            "{nodes} nodes, {validators} validators, slots {} to {last} of {slot_ms} ms{cut}",
            self.first
        )?;
        writeln!(f)?;
        writeln!(
            f,
            "duty           expected     done   missed     late   included   end to end p50      p99"
        )?;
        for (kind, name) in ROWS {
            if let Some(duties) = tally.duties.get(&kind) {
                row(f, name, duties)?;
            }
        }
        if let Some(blind_spot) = self.blind_spot {
            writeln!(f, "not seen: {blind_spot}")?;
        }
        writeln!(f)?;
        self.chain_lines(f)?;
        self.judge_lines(f)?;
        for trouble in self.troubles() {
            writeln!(f, "! {trouble}")?;
        }
        if let Some(directory) = &self.directory {
            writeln!(f, "files              {}", directory.display())?;
        }
        write!(f, "{}", if self.is_clean() { "clean: nothing missed, nothing wrong" } else { "NOT CLEAN" })
    }
}

impl Report {
    fn chain_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Standing { head, justified, finalized } = self.standing;
        let tally = &self.tally;
        writeln!(
            f,
            "chain              head {head}, justified epoch {justified}, finalized epoch {finalized}"
        )?;
        let blocks = &tally.blocks;
        if self.blind_spot.is_none() {
            write!(f, "blocks             {} full, {} blinded; ", blocks.full, blocks.blinded)?;
        } else {
            write!(f, "blocks             {}; ", blocks.full)?;
        }
        writeln!(f, "{} blobs; {} pay the cluster's fee recipient", blocks.blobs, blocks.fees_right)?;
        if let Some(right) = tally.right_heads {
            writeln!(f, "heads              {right} attestations for the right one")?;
        }
        if tally.sync_bits != Share::default() {
            let differ = self.heads_that_differ.len();
            writeln!(
                f,
                "sync aggregates    {} signatures in blocks; clients' heads differed in {differ} slots",
                tally.sync_bits
            )?;
        }
        for duty in self.decisions.duties() {
            let bound = |percent| at_most(self.decisions.percentile_ms(duty, percent));
            writeln!(f, "decision           {duty}: p50 {}, p99 {}", bound(50), bound(99))?;
        }
        Ok(())
    }

    fn judge_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Judged { counts, .. }) = &self.judged else { return Ok(()) };
        writeln!(
            f,
            "signatures         {} checked, {} wrong; {} duplicates",
            counts.signatures_checked, counts.signatures_wrong, counts.duplicates
        )?;
        writeln!(f, "refused            {} messages", counts.rejected)?;
        writeln!(f, "slashable          {}", counts.slashable)
    }

    /// What went wrong, in words.
    fn troubles(&self) -> Vec<String> {
        let mut troubles = self.mishaps.clone();
        troubles.extend(self.missed.iter().cloned());
        let unnamed = self.tally.missed_count().saturating_sub(self.missed.len() as u64);
        if unnamed > 0 {
            troubles.push(format!("and {unnamed} more missed duties"));
        }
        let stall = |(slot, late): &(Slot, Duration)| {
            format!("slot {slot}: the machine stood still for {:.1} s", late.as_secs_f64())
        };
        troubles.extend(self.stalls.iter().map(stall));
        let disagreement =
            |(slot, kind): &(Slot, Kind)| format!("slot {slot}: clients got different data ({kind:?})");
        troubles.extend(self.disagreements.iter().map(disagreement));
        let rejections = self.judged.iter().flat_map(|judged| judged.rejections.iter());
        troubles.extend(rejections.take(REJECTIONS_SHOWN).map(|rejection| format!("refused: {rejection}")));
        troubles
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, duties: &Duties) -> fmt::Result {
    let percentile = |percent| match duties.latencies.percentile_ms(percent) {
        Some(ms) => format!("{ms} ms"),
        None => "-".to_owned(),
    };
    let Duties { expected, done, late, included, .. } = duties;
    let included = included.map_or("-".to_owned(), |included| included.part.to_string());
    let (missed, p50, p99) = (duties.missed(), percentile(50), percentile(99));
    writeln!(f, "{name:<13} {expected:>9} {done:>8} {missed:>8} {late:>8} {included:>10} {p50:>16} {p99:>8}")
}

/// Histograms know bounds only.
fn at_most(bound_ms: Option<u64>) -> String {
    match bound_ms {
        None => "-".to_owned(),
        Some(u64::MAX) => "over all buckets".to_owned(),
        Some(ms) => format!("≤ {ms} ms"),
    }
}

#[cfg(test)]
mod tests;
