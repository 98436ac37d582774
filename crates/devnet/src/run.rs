//! A whole cluster, run and watched: files, chain, nodes as child processes, validator clients, kills, report.
//!
//! ```text
//!   options ─► files ─► ledger (the embedded chain, or a beacon node that is watched)
//!                │         │ slot by slot
//!              nodes ── clients ──► every slot: kills and restarts, a line of progress, a tally ──► report
//! ```

mod decisions;
mod embedded;
pub(crate) mod files;
mod latency;
mod ledger;
pub(crate) mod nodes;
mod options;
mod ports;
mod progress;
pub(crate) mod readiness;
mod reasons;
mod record;
mod remote;
mod report;
mod selected;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use duty::DutyKind;
use eth::{Slot, Spec};
use futures::future::join_all;
use tokio_util::sync::CancellationToken;

pub use latency::Latencies;
pub use options::Options;
pub use progress::{Progress, SlotLine};
pub use record::Share;
pub use report::Report;
pub use tally::{Blocks, Duties, Missed, Tally};

use self::embedded::Embedded;
use self::files::Files;
use self::ledger::Ledger;
use self::nodes::Nodes;
use crate::Error;
use crate::chain::Clock;
use crate::vc::{Agreement, ValidatorClient, ValidatorClientConfig};

/// Stalls kept for the report.
const STALLS_KEPT: usize = 16;

/// Runs a cluster for some slots and tells how it went. When `shutdown` is cancelled, the report is of the slots that
/// were over. Nodes are killed and reaped in any case, and files are gone unless a directory was given.
///
/// # Errors
/// The options make no sense, the machine lacks something (a port, a file, the program), or the nodes do not get
/// ready. A duty that was missed is no error: it is in the report.
pub async fn run(
    options: Options,
    shutdown: CancellationToken,
    mut progress: impl FnMut(Progress),
) -> Result<Report, Error> {
    options.check()?;
    tokio::select! {
        // The report of what was done so far comes from inside, where the shutdown is watched too.
        biased;
        result = Run::start(&options, &mut progress) => {
            let run = result?;
            run.finish(&options, &shutdown, &mut progress).await
        }
        () = shutdown.cancelled() => Err(Error::Interrupted),
    }
}

/// A cluster at work.
struct Run {
    spec: Spec,
    clock: Clock,
    first: Slot,
    ledger: Ledger,
    nodes: Nodes,
    clients: Vec<ValidatorClient>,
    agreement: Arc<Agreement>,
    stalls: Vec<(Slot, Duration)>,
    /// Last, so that it goes when nobody writes any more.
    files: Files,
}

impl Run {
    async fn start(options: &Options, progress: &mut impl FnMut(Progress)) -> Result<Run, Error> {
        let remote = match &options.beacon_node {
            Some(url) => Some(remote::Remote::connect(url.clone()).await?),
            None => None,
        };
        progress(Progress::Preparing { nodes: options.nodes, validators: options.validators });
        let files = files::create(options, remote.as_ref()).await?;
        let ledger = match remote {
            Some(remote) => Ledger::Remote(Box::new(remote.with_validators(files.group_keys()).await?)),
            None => Ledger::Embedded(Box::new(Embedded::start(options, &files).await?)),
        };
        let mut nodes = Nodes::prepare(options, &files, ledger.url())?;
        nodes.start_all()?;
        let agreement = Arc::new(Agreement::default());
        let clients = clients(&files, &nodes, options.builder, &agreement);
        let spec = ledger.spec();
        let clock = Clock::Wall { genesis_time: spec.genesis.genesis_time };
        progress(Progress::Starting { beacon_node: ledger.url(), directory: files.directory().to_owned() });
        readiness::wait(&mut nodes, &clients, &clock, options.beacon_node.is_none()).await?;
        let first =
            Slot(spec.slot_at_ns(clock.now_ns()).0 + if options.beacon_node.is_some() { 2 } else { 1 });
        let until_ns = spec.slot_start_ns(first).saturating_sub(clock.now_ns());
        progress(Progress::Ready { first, until: Duration::from_nanos(until_ns.max(0).unsigned_abs()) });
        Ok(Run { spec, clock, first, ledger, nodes, clients, agreement, stalls: Vec::new(), files })
    }

    async fn finish(
        mut self,
        options: &Options,
        shutdown: &CancellationToken,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Report, Error> {
        let mut tally = Tally::default();
        let finished = tokio::select! {
            result = self.slots(options, &mut tally, progress) => Some(result?),
            () = shutdown.cancelled() => None,
        };
        let decisions = decisions::collect(&self.nodes).await;
        let missed = tokio::select! {
            missed = reasons::explain(&self.nodes, &self.ledger, &tally) => missed,
            () = shutdown.cancelled() => Vec::new(),
        };
        for client in self.clients {
            client.stop().await;
        }
        self.nodes.kill_all().await;
        let report = Report {
            interrupted: finished.is_none(),
            nodes: options.nodes,
            validators: options.validators,
            builder: options.builder,
            slot_ms: self.spec.slot_duration_ms,
            first: self.first,
            tally,
            missed,
            blind_spot: self.ledger.blind_spot(),
            standing: self.ledger.standing(),
            judged: self.ledger.judged(),
            decisions,
            disagreements: self.agreement.disagreements(),
            heads_that_differ: self.agreement.heads_that_differ(),
            mishaps: self.nodes.mishaps().to_vec(),
            stalls: self.stalls,
            directory: options.dir.as_ref().map(|_| self.files.directory().to_owned()),
        };
        self.ledger.stop().await;
        Ok(report)
    }

    /// Every slot in turn, and some more in which nothing is asked for: a slot is added up when it is known what became
    /// of it.
    async fn slots(
        &mut self,
        options: &Options,
        tally: &mut Tally,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), Error> {
        let lag = self.ledger.lag();
        for number in 1..=options.slots + lag {
            let slot = Slot(self.first.0 + number - 1);
            self.clock.until(self.spec.slot_start_ns(slot)).await;
            self.kill_and_restart(options, Slot(number), progress).await?;
            self.exit(options, Slot(number), progress).await;
            let end_ns = self.spec.slot_start_ns(Slot(slot.0 + 1));
            self.clock.until(end_ns).await;
            self.notice_stall(slot, end_ns, progress);
            self.nodes.notice_exits(progress);
            self.ledger.observe(slot).await;
            if number <= options.slots {
                progress(Progress::Slot(self.line(slot)));
            }
            if number > lag {
                let over = Slot(slot.0 - lag);
                tally.add(over, &self.ledger.record(over), &self.spec);
            }
        }
        Ok(())
    }

    /// Everything on this machine is late when the devnet is woken late.
    fn notice_stall(&mut self, slot: Slot, due_ns: i64, progress: &mut impl FnMut(Progress)) {
        let late_ns = self.clock.now_ns().saturating_sub(due_ns);
        if late_ns > self.spec.slot_duration_ns() / 4 {
            let late = Duration::from_nanos(late_ns.unsigned_abs());
            if self.stalls.len() < STALLS_KEPT {
                self.stalls.push((slot, late));
            }
            progress(Progress::Stalled { slot, late });
        }
    }

    async fn kill_and_restart(
        &mut self,
        options: &Options,
        number: Slot,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), Error> {
        for (node, _) in options.kills.iter().filter(|(_, at)| *at == number) {
            self.nodes.kill(*node).await;
            progress(Progress::Killed { node: *node });
        }
        for (node, _) in options.restarts.iter().filter(|(_, at)| *at == number) {
            self.nodes.restart(*node)?;
            progress(Progress::Restarted { node: *node });
        }
        Ok(())
    }

    /// Has validators exit. The clients of dead nodes cannot help.
    async fn exit(&mut self, options: &Options, number: Slot, progress: &mut impl FnMut(Progress)) {
        let slot = Slot(self.first.0 + number.0 - 1);
        let epoch = self.spec.epoch_of(slot);
        for (validator, _) in options.exits.iter().filter(|(_, at)| *at == number) {
            self.ledger.expect_exit(slot, *validator);
            let handed_in = join_all(self.clients.iter().map(|client| client.exit(*validator, epoch))).await;
            let taken = handed_in.into_iter().filter(Result::is_ok).count();
            progress(Progress::Exiting { validator: *validator, taken });
        }
    }

    fn line(&self, slot: Slot) -> SlotLine {
        let record = self.ledger.record(slot);
        // Where only blocks tell of votes, those of the slot before are the latest that are known.
        let votes =
            if record.is_timed { &record } else { &self.ledger.record(Slot(slot.0.saturating_sub(1))) };
        let proposals = record.came(DutyKind::Proposer);
        SlotLine {
            slot,
            epoch: self.spec.epoch_of(slot),
            proposed: (proposals.whole > 0).then(|| proposals.is_whole()),
            attestations: votes.came(DutyKind::Attester),
            aggregates: votes.came(DutyKind::Aggregator),
            sync_messages: votes.came(DutyKind::SyncMessage),
            contributions: votes.came(DutyKind::SyncContribution),
            standing: self.ledger.standing(),
            nodes_up: self.nodes.up(),
            nodes: self.nodes.count(),
        }
    }
}

fn clients(files: &Files, nodes: &Nodes, builder: bool, agreement: &Arc<Agreement>) -> Vec<ValidatorClient> {
    let client = |(node, shares)| {
        ValidatorClient::start(ValidatorClientConfig {
            node: nodes.validator_api(node),
            shares,
            distributed: true,
            builder,
            fee_recipient: files::FEE_RECIPIENT,
            agreement: Arc::clone(agreement),
            clock: None,
        })
    };
    files.take_shares().into_iter().enumerate().map(client).collect()
}
