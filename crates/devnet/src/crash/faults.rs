//! Letting system calls on the ledger's files fail.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use duty::DutyKind;
use eth::Slot;

use super::Options;
use super::call::Call;
use super::cluster::Cluster;
use super::disk::log_of;
use super::report::Report;
use super::strace::{OUTGOING, Tracer, Watch};
use super::verdict;
use crate::Error;

/// So much before a slot the faults begin and end.
const EARLY: Duration = Duration::from_millis(150);

/// What the disk says.
const ERRORS: [&str; 3] = ["ENOSPC", "EIO", "EROFS"];

/// What does not need the ledger, and goes on without it.
const HARMLESS: [DutyKind; 2] = [DutyKind::SyncMessage, DutyKind::Randao];

/// Which calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// One of them.
    Once,
    /// That one and all later ones of the slot that have its name.
    FromThere,
    /// Every call of the slot.
    Everything,
}

/// Counts the ledger's calls in a slot, then lets the first, the second, … fail, alone or with all that follow.
pub(super) async fn sweep(
    options: &Options,
    cluster: &mut Cluster,
    scratch: &Path,
    report: &mut Report,
    tell: &mut impl FnMut(&str),
) -> Result<(), Error> {
    let slot = cluster.next_slot();
    cluster.until(slot, EARLY).await;
    let tracer = attach(cluster, None, scratch).await?;
    cluster.until(Slot(slot.0 + 1), EARLY).await;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for call in tracer.end().await {
        *seen.entry(call.name).or_default() += 1;
    }
    tell(&format!("ledger's files: {seen:?} in a slot"));
    let everything =
        ERRORS.map(|error| Fault { error, calls: OUTGOING.join(","), at: 1, extent: Extent::Everything });
    let each = ERRORS.into_iter().flat_map(|error| single(error, &seen)).step_by(options.every.max(1));
    for fault in everything.into_iter().chain(each) {
        tell(&fault.done(cluster, scratch, report).await?);
    }
    Ok(())
}

/// A fault at each call, alone and with all that follow.
fn single(error: &'static str, seen: &BTreeMap<String, usize>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (calls, count) in seen {
        for (at, extent) in (1..=*count).flat_map(|at| [(at, Extent::Once), (at, Extent::FromThere)]) {
            faults.push(Fault { error, calls: calls.clone(), at, extent });
        }
    }
    faults
}

async fn attach(cluster: &mut Cluster, inject: Option<String>, scratch: &Path) -> Result<Tracer, Error> {
    let files = vec![cluster.ledger().to_owned(), log_of(cluster.ledger())];
    let watch = Watch { id: cluster.threads()?.ledger, whole_process: false, files, inject };
    Tracer::attach(&watch, scratch.join("faults.strace")).await
}

struct Fault {
    error: &'static str,
    /// Names of system calls, each counted by itself.
    calls: String,
    at: usize,
    extent: Extent,
}

impl Fault {
    async fn done(
        &self,
        cluster: &mut Cluster,
        scratch: &Path,
        report: &mut Report,
    ) -> Result<String, Error> {
        let Fault { error, calls, at, extent } = self;
        let plus = if *extent == Extent::Once { "" } else { "+" };
        let inject = format!("{calls}:error={error}:when={at}{plus}");
        let slot = cluster.next_slot();
        cluster.until(slot, EARLY).await;
        let tracer = attach(cluster, Some(inject), scratch).await?;
        cluster.until(Slot(slot.0 + 1), EARLY).await;
        cluster.look()?;
        let mut wrong = Vec::new();
        if *extent == Extent::Everything {
            wrong.extend(without_ledger(cluster, slot));
        }
        // The victim tries again and again: as soon as it can write, it may sign what is late.
        let calls = tracer.end().await;
        let failed: Vec<&Call> = calls.iter().filter(|call| call.returned == Some(-1)).collect();
        let Some(first) = failed.first() else {
            report.not_reached += 1;
            return Ok(format!("  slot {slot}: {error} at call {at} of {}: not reached", self.calls));
        };
        let place = format!("{} {}", first.name, cluster.name_of(&first.target));
        cluster.look()?;
        wrong.extend(verdict::on_disk(cluster, &calls, scratch)?);
        wrong.extend(verdict::attests(cluster, Slot(slot.0 + 1), report).await?);
        let (what, place) = match extent {
            Extent::Once => (error.to_string(), place),
            Extent::FromThere => (format!("{error} from there on"), place),
            Extent::Everything => (format!("{error} for a slot"), "everything".to_owned()),
        };
        let line = format!("  slot {slot}: {what} at {place}, {} calls fail", failed.len());
        report.point(&what, &place, wrong);
        Ok(line)
    }
}

/// Nothing that could cost a stake left in the slot, and everything else did.
pub(super) fn without_ledger(cluster: &Cluster, slot: Slot) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(released) = cluster.witness.released().find(|released| released.slot == slot) {
        wrong.push(format!("{slot}/{} left though the ledger could not write", released.kind.name()));
    }
    let stopped = HARMLESS.into_iter().filter(|kind| {
        let is_late = cluster.came_late(slot, *kind);
        cluster.others_did(slot, *kind) && !cluster.did(slot, *kind) && !is_late
    });
    wrong.extend(stopped.map(|kind| format!("{slot}/{} was not done, and needs no ledger", kind.name())));
    wrong
}
