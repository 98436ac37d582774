//! Telling a fresh engine what a node's engine was told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::{GroupKey, Lock};
use duty::{Config, Duty, Engine, Input, JobId, Output, Time};
use eth::{Root, Spec};
use net::wire::Codec;
use qbft::PeerIndex;
use slashing::{Ledger, MemoryStore, Permit, Refusal, Request};

use super::FORMAT;
use super::line::Recorded;
use super::writer::{Entry, Header, recordings};
use crate::cluster_files;

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A line is damaged, or of another program.
    #[error("{} line {line}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The recording is of another version's format.
    #[error("{} has format {found}, this version reads {FORMAT}: replay it with the version that wrote it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

/// One input and what the engine made of it.
pub struct Step<'a> {
    /// When it came.
    pub at: Time,
    /// The input in one line.
    pub input: String,
    /// Inputs that the recorder had to leave out before this one.
    pub lost: u64,
    /// What came out.
    pub outputs: &'a [Output],
    /// The chain.
    pub spec: &'a Spec,
}

/// The recordings of a directory, or the one file itself, the oldest first.
///
/// # Errors
/// The directory cannot be read.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, ReplayError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    recordings(path).map_err(|cause| ReplayError::Read { path: path.to_owned(), cause })
}

/// Replays one recording and shows each step. A last line that was cut off is no error: the node was stopped.
///
/// # Errors
/// The file cannot be read, a line is damaged, or it is of another version.
pub fn replay(path: &Path, mut show: impl FnMut(&Step<'_>)) -> Result<(), ReplayError> {
    let cannot_read = |cause| ReplayError::Read { path: path.to_owned(), cause };
    let damaged = |line, why: String| ReplayError::Line { path: path.to_owned(), line, why };
    let mut lines = BufReader::new(File::open(path).map_err(cannot_read)?).lines();
    let first = lines.next().transpose().map_err(cannot_read)?.unwrap_or_default();
    let header = header(path, &first)?;
    let mut actor = Actor::new(&header).map_err(|why| damaged(1, why))?;
    let mut lines = lines.zip(2..).peekable();
    while let Some((line, number)) = lines.next() {
        let line = line.map_err(cannot_read)?;
        let entry: Entry = match serde_json::from_str(&line) {
            Ok(entry) => entry,
            Err(_) if lines.peek().is_none() => break,
            Err(error) => return Err(damaged(number, error.to_string())),
        };
        actor.step(entry, &mut show).map_err(|why| damaged(number, why))?;
    }
    Ok(())
}

fn header(path: &Path, line: &str) -> Result<Header, ReplayError> {
    let damaged = |why: String| ReplayError::Line { path: path.to_owned(), line: 1, why };
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(|error| damaged(format!("no recording of a node: {error}")))?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found == u64::from(FORMAT) => {
            serde_json::from_str(line).map_err(|error| damaged(error.to_string()))
        }
        Some(found) => {
            let found = u32::try_from(found).unwrap_or(u32::MAX);
            Err(ReplayError::Format { path: path.to_owned(), found })
        }
        None => Err(damaged("no recording of a node".to_owned())),
    }
}

/// The engine on its second way through the same events.
struct Actor {
    engine: Engine,
    codec: Codec,
    spec: Arc<Spec>,
    /// What the ledger was asked for.
    requests: BTreeMap<Duty, Request>,
}

impl Actor {
    fn new(header: &Header) -> Result<Actor, String> {
        let spec = header.spec.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        let spec = Arc::new(Spec::from_api(&spec, header.genesis).map_err(|error| error.to_string())?);
        let lock = Lock::parse(header.lock.get().as_bytes()).map_err(|error| error.to_string())?;
        let operators = lock.operators().map_err(|error| error.to_string())?;
        let peers: Vec<_> = operators.into_iter().map(|operator| operator.public_key).collect();
        let config = Config {
            spec: Spec::clone(&spec),
            me: PeerIndex(header.me),
            peers: peers.len(),
            threshold: lock.definition.threshold as usize,
            validators: cluster_files::validators(&lock),
            takes_builders: header.takes_builders,
            nonce: [0; 16],
            trusts_ledger: header.trusts_ledger,
        };
        if config.threshold < qbft::minimum_threshold(config.peers) {
            return Err("its lock has a threshold below the quorum".to_owned());
        }
        let engine = Engine::new(config, Time(header.began_ns)).numbering_jobs_from(JobId(header.next_job));
        Ok(Actor { engine, codec: Codec::new(peers, Arc::clone(&spec)), spec, requests: BTreeMap::new() })
    }

    fn step(&mut self, entry: Entry, show: &mut impl FnMut(&Step<'_>)) -> Result<(), String> {
        let (at, lost) = (Time(entry.at), entry.lost);
        let input = match entry.input.input(self.spec.preset, &self.codec)? {
            Recorded::Input(input) => input,
            Recorded::Permit(duty, granted) => {
                let request = self.requests.remove(&duty);
                Input::Permitted { duty, permit: permit(request, &granted, &self.spec) }
            }
        };
        let shown = shown(&input);
        let mut outputs = Vec::new();
        self.engine.step(at, input, &mut outputs);
        for output in &outputs {
            if let Output::Permit { duty, request } = output {
                self.requests.insert(*duty, request.clone());
            }
        }
        show(&Step { at, input: shown, lost, outputs: &outputs, spec: &self.spec });
        Ok(())
    }
}

/// A permit as the recorded one: only a ledger makes one, so one in memory is made to grant and refuse the same.
fn permit(request: Option<Request>, granted: &[GroupKey], spec: &Spec) -> Result<Permit, Refusal> {
    let Some(request) = request else { return Err(Refusal::LedgerClosed) };
    let closed = |_| Refusal::LedgerClosed;
    let store = MemoryStore::new(spec.genesis.genesis_validators_root);
    let mut ledger = Ledger::open(store).map_err(closed)?;
    ledger.register(request.items.iter().map(|item| item.key)).map_err(closed)?;
    let granted: BTreeSet<_> = granted.iter().collect();
    let mut other = request.clone();
    other.items.retain(|item| !granted.contains(&item.key));
    // Something else was signed before, so that this is refused.
    other.items.iter_mut().for_each(|item| item.signing_root = Root([0xff; 32]));
    if !other.items.is_empty() {
        drop(ledger.permit(other)?);
    }
    ledger.permit(request)
}

/// The input in one line.
fn shown(input: &Input) -> String {
    match input {
        Input::Tick => "time passes".to_owned(),
        Input::Resolved(duties) => format!(
            "the beacon node tells the duties of epoch {}: {} attest, {} propose, {} sit in the sync committee",
            duties.epoch,
            duties.attesters.len(),
            duties.proposers.len(),
            duties.sync_members.len()
        ),
        Input::ResolveFailed(epoch) => format!("the beacon node does not tell the duties of epoch {epoch}"),
        Input::Head(head) => format!("head of slot {}: {}", head.slot, head.root),
        Input::Fetched { duty, value } => {
            format!("{duty}: the beacon node would sign {}", short(&value.hash))
        }
        Input::FetchFailed { duty } => format!("{duty}: the beacon node does not say what to sign"),
        Input::ParentChecked { duty, known, .. } => {
            format!("{duty}: parent known to the beacon node: {known}")
        }
        Input::Published { duty, seats, accepted } => {
            format!("{duty}: published for {}, taken: {accepted}", seats.len())
        }
        Input::Consensus(message) => {
            let duty::ConsensusMessage { duty, message, .. } = message;
            let value = message.value.as_ref().map(short).unwrap_or_default();
            format!(
                "{duty}: {:?} of peer {} in round {} {value}",
                message.kind, message.source.0, message.round
            )
        }
        Input::Partials { from, set } => {
            format!("{}: {} partial signatures of peer {}", set.duty, set.partials.len(), from.0)
        }
        Input::Connected(peer) => format!("peer {} is connected", peer.0),
        Input::Disconnected(peer) => format!("peer {} is gone", peer.0),
        Input::PeerTold { peer, .. } => format!("peer {} tells about itself", peer.0),
        Input::Ask { request, question } => {
            let question = format!("{question:?}");
            format!(
                "the validator client asks ({}): {}",
                request.0,
                question.chars().take(120).collect::<String>()
            )
        }
        Input::Submit { request, submission } => {
            let submission = format!("{submission:?}");
            format!(
                "the validator client hands in ({}): {}",
                request.0,
                submission.chars().take(80).collect::<String>()
            )
        }
        Input::Consulted { duty, refused, .. } => {
            format!("{duty}: the ledger would refuse {}", refused.len())
        }
        Input::Permitted { duty, permit: Ok(permit) } => {
            format!(
                "{duty}: the ledger permits {} and refuses {}",
                permit.granted().len(),
                permit.refused().len()
            )
        }
        Input::Permitted { duty, permit: Err(refusal) } => format!("{duty}: the ledger refuses: {refusal}"),
        Input::Verified { job, good } => {
            let good_ones = good.iter().filter(|good| **good).count();
            format!("job {}: {good_ones} of {} signatures are good", job.0, good.len())
        }
        Input::Hello { from, hello, .. } => {
            format!("peer {} says hello; it asks what was seen of it: {}", from.0, hello.asks)
        }
        Input::Witnessed { from, testimony } => {
            let marks = testimony.seen.as_ref().map_or(0, duty::Marks::len);
            let twice = testimony.twin.is_some();
            format!(
                "peer {} has seen signatures of {marks} validators; this node runs twice: {twice}",
                from.0
            )
        }
        Input::WitnessUnsupported(peer) => format!("peer {} cannot tell what it has seen", peer.0),
        Input::FastForwarded(Ok(behind)) => {
            format!("the ledger was behind for {} validators", behind.len())
        }
        Input::FastForwarded(Err(refusal)) => format!("the ledger cannot be moved forward: {refusal}"),
        Input::Combined { job, outcomes } => {
            let complete = outcomes.iter().filter(|outcome| outcome.signature.is_some()).count();
            format!("job {}: {complete} of {} signatures are complete", job.0, outcomes.len())
        }
    }
}

fn short(hash: &qbft::Hash) -> String {
    hash.0.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
