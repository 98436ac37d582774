//! A crash sweep: one real node is killed at each system call of a signing slot, or its ledger's disk fails there, and
//! what it let out is held against what is on its disk.
//!
//! ```text
//!               embedded chain ◄── three peers ──recordings──► witness ◄── what its client was shown
//!                     ▲               ▲                           │
//!                     └── victim ◄────┘                           ▼
//!       strace ──kill──►  │                      released ⊆ ledger as the kill left it
//!                         ▼                      released ⊆ ledger as a power cut had left it
//!                    its ledger ──copy──────────►
//! ```
//!
//! The victim is the program as it is released, with one worker thread. `strace` is attached to one of its threads
//! just before a slot begins and kills it at the entry of that thread's k-th call. The witness reads what the peers
//! recorded and what the client was answered: nothing of it comes from the victim. A second `strace` watches the
//! ledger's thread, so that what was written and not synced is known.

mod call;
mod cluster;
mod disk;
mod faults;
mod full_disk;
mod kills;
mod load;
mod options;
mod report;
mod strace;
mod threads;
mod verdict;
mod witness;

use std::path::Path;

pub use options::{Options, Part};
pub use report::{Report, Row, Spread};

use self::cluster::Cluster;
use crate::Error;

/// How a sweep ended.
#[derive(Debug)]
pub enum Outcome {
    /// It was done.
    Done(Box<Report>),
    /// This machine cannot do it, for this reason: nothing was shown.
    Skipped(String),
}

/// Does the sweep. A line of progress goes to `tell` now and then.
///
/// # Errors
/// The cluster does not start, or the machine fails. What the victim does wrong is no error: it is in the report.
pub async fn sweep(options: &Options, mut tell: impl FnMut(&str)) -> Result<Outcome, Error> {
    let temporary = tempfile::Builder::new().prefix("phalanx-crash-").tempdir();
    let temporary = temporary.map_err(|why| Error::File { path: std::env::temp_dir(), why })?;
    if let Some(why) = strace::why_not(temporary.path()).await {
        return Ok(Outcome::Skipped(why));
    }
    let mut cluster = Cluster::start(options).await?;
    let mut report = Report::default();
    if let Err(why) = rounds(options, &mut cluster, temporary.path(), &mut report, &mut tell).await {
        // What was shown until then is worth telling, but it is not the sweep that was asked for.
        report.violate("sweep", format!("it ended early: {why}"));
    }
    verdict::end(&mut cluster, &mut report)?;
    Ok(Outcome::Done(Box::new(report)))
}

async fn rounds(
    options: &Options,
    cluster: &mut Cluster,
    scratch: &Path,
    report: &mut Report,
    tell: &mut impl FnMut(&str),
) -> Result<(), Error> {
    for round in 1..=options.rounds {
        if options.rounds > 1 {
            tell(&format!("round {round} of {}", options.rounds));
        }
        for part in &options.parts {
            match part {
                Part::Kills => kills::sweep(options, cluster, scratch, report, tell).await?,
                Part::Faults => faults::sweep(options, cluster, scratch, report, tell).await?,
                Part::Disk => full_disk::sweep(cluster, scratch, report, tell).await?,
            }
        }
    }
    Ok(())
}
