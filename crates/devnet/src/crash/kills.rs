//! Killing the victim at each system call of a signing slot.
//!
//! `strace` counts the calls of each thread and each name by themselves, so that is what is gone through: the first,
//! second, … `writev` of the network's thread, and so on.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eth::Slot;

use super::Options;
use super::call::Call;
use super::cluster::Cluster;
use super::report::Report;
use super::strace::{Tracer, Watch};
use super::verdict;
use crate::Error;

/// So much before a slot the watching begins.
const EARLY: Duration = Duration::from_millis(80);

/// Calls that are tried for beyond half as many more than were counted: slots differ.
const MARGIN: usize = 8;

/// A thread of the victim that does something to the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    /// The loop around the engine: the log.
    Body,
    /// All sockets.
    Network,
    /// The ledger.
    Ledger,
    /// The ledger in the first slot of an epoch, when it also drops what it no longer needs.
    Upkeep,
    /// The recording.
    Recorder,
}

const LANES: [Lane; 5] = [Lane::Ledger, Lane::Body, Lane::Recorder, Lane::Network, Lane::Upkeep];

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Lane::Body => "body",
            Lane::Network => "network",
            Lane::Ledger => "ledger",
            Lane::Upkeep => "upkeep",
            Lane::Recorder => "recorder",
        })
    }
}

/// Counts each thread's calls in a slot, then kills the victim at the first, the second, … of each.
pub(super) async fn sweep(
    options: &Options,
    cluster: &mut Cluster,
    scratch: &Path,
    report: &mut Report,
    tell: &mut impl FnMut(&str),
) -> Result<(), Error> {
    report.slot.clear();
    // There is only one such slot in an epoch: a sweep that leaves points out leaves these out.
    let lanes = LANES.into_iter().filter(|lane| *lane != Lane::Upkeep || options.every == 1);
    for lane in lanes {
        let mut seen = survey(cluster, lane, scratch, report).await?;
        seen.retain(|name, _| options.system_calls.is_empty() || options.system_calls.contains(name));
        tell(&format!("{lane}: {seen:?} in a slot"));
        for (name, count) in seen {
            let most = count + count / 2 + MARGIN;
            for at in (1..=most).step_by(options.every.max(1)) {
                let killing = Killing { lane, at, inject: format!("{name}:signal=SIGKILL:when={at}") };
                match killing.done(cluster, scratch, report).await? {
                    Some(line) => tell(&line),
                    // Slots differ: a short one is no proof that there is nothing more.
                    None if at > count => break,
                    None => report.not_reached += 1,
                }
            }
        }
    }
    Ok(())
}

/// How many calls of each name the lane makes in a slot.
async fn survey(
    cluster: &mut Cluster,
    lane: Lane,
    scratch: &Path,
    report: &mut Report,
) -> Result<BTreeMap<String, usize>, Error> {
    let slot = lane.next_slot(cluster);
    cluster.until(slot, EARLY).await;
    let tracers = Tracers::attach(cluster, lane, None, scratch).await?;
    cluster.until(Slot(slot.0 + 1), EARLY).await;
    let (seen, _) = tracers.end().await;
    let mut count = BTreeMap::new();
    for call in &seen {
        *count.entry(call.name.clone()).or_default() += 1;
        report.survey(&place(lane, call, cluster));
    }
    Ok(count)
}

impl Lane {
    /// The next slot of the kind it is about.
    fn next_slot(self, cluster: &Cluster) -> Slot {
        let next = cluster.next_slot();
        if self != Lane::Upkeep {
            return next;
        }
        let length = cluster.spec.slots_per_epoch;
        Slot(next.0.div_ceil(length) * length)
    }
}

/// A thread, what it calls, and on what.
fn place(lane: Lane, call: &Call, cluster: &Cluster) -> String {
    format!("{lane} {} {}", call.name, cluster.name_of(&call.target))
}

/// One kill.
struct Killing {
    lane: Lane,
    at: usize,
    inject: String,
}

impl Killing {
    async fn done(
        &self,
        cluster: &mut Cluster,
        scratch: &Path,
        report: &mut Report,
    ) -> Result<Option<String>, Error> {
        let slot = self.lane.next_slot(cluster);
        let before = cluster.witness.partings().to_vec();
        cluster.until(slot, EARLY).await;
        let tracers = Tracers::attach(cluster, self.lane, Some(&self.inject), scratch).await?;
        if !cluster.is_killed_before(Slot(slot.0 + 1)).await {
            tracers.end().await;
            return Ok(None);
        }
        let (calls, ledger_calls) = tracers.ended().await;
        let unknown = || format!("{} unknown", self.lane);
        let place = Call::last_open(&calls).map_or_else(unknown, |call| place(self.lane, call, cluster));
        cluster.parting(&before).await?;
        let mut wrong = verdict::on_disk(cluster, &ledger_calls, scratch)?;
        let ready = cluster.restart().await?;
        report.ready.add(ready);
        let next = cluster.next_slot();
        wrong.extend(verdict::attests(cluster, next, report).await?);
        let line = format!(
            "  slot {slot}: killed at call {} ({place}), ready after {} ms",
            self.at,
            ready.as_millis()
        );
        report.point("kill", &place, wrong);
        Ok(Some(line))
    }
}

/// What watches the victim for one slot.
struct Tracers {
    lane: Tracer,
    /// The ledger's thread, where the lane's watcher does not have it.
    ledger: Option<Tracer>,
}

impl Tracers {
    async fn attach(
        cluster: &mut Cluster,
        lane: Lane,
        inject: Option<&str>,
        scratch: &Path,
    ) -> Result<Tracers, Error> {
        let threads = cluster.threads()?;
        let alone = |id| Watch { id, whole_process: false, files: Vec::new(), inject: None };
        let watch = match lane {
            Lane::Body => alone(threads.body),
            Lane::Network => alone(threads.network),
            Lane::Ledger | Lane::Upkeep => alone(threads.ledger),
            Lane::Recorder => {
                // One of many threads; the file tells it from the others.
                let files: Vec<PathBuf> = cluster.recording().into_iter().collect();
                Watch { id: threads.body, whole_process: true, files, inject: None }
            }
        };
        let watch = Watch { inject: inject.map(str::to_owned), ..watch };
        let ledger = match lane {
            Lane::Body | Lane::Network => {
                Some(Tracer::attach(&alone(threads.ledger), scratch.join("ledger.strace")).await?)
            }
            // A thread has one watcher at most, and the recorder's watches them all.
            Lane::Ledger | Lane::Upkeep | Lane::Recorder => None,
        };
        Ok(Tracers { lane: Tracer::attach(&watch, scratch.join("lane.strace")).await?, ledger })
    }

    /// Lets go. The calls of the lane, and those of the ledger's thread.
    async fn end(self) -> (Vec<Call>, Vec<Call>) {
        let calls = self.lane.end().await;
        let ledger = match self.ledger {
            Some(ledger) => ledger.end().await,
            None => calls.clone(),
        };
        (calls, ledger)
    }

    /// The same, when the victim is gone.
    async fn ended(self) -> (Vec<Call>, Vec<Call>) {
        let calls = self.lane.ended().await;
        let ledger = match self.ledger {
            Some(ledger) => ledger.ended().await,
            None => calls.clone(),
        };
        (calls, ledger)
    }
}
