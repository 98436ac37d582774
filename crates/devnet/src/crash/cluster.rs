//! The cluster around the victim: an embedded chain, four real nodes, four validator clients.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cluster::{GroupKey, Lock};
use duty::DutyKind;
use eth::{Preset, Slot, Spec, ValidatorIndex};
use net::wire::Codec;
use node::status::Readiness;
use qbft::PeerIndex;
use tokio::time::timeout;

use super::Options;
use super::call::Target;
use super::disk::log_of;
use super::threads::Threads;
use super::witness::Witness;
use crate::Error;
use crate::chain::{Chain, ChainConfig, Clock, Scenario};
use crate::run::files::{self, FEE_RECIPIENT, Files};
use crate::run::nodes::Nodes;
use crate::run::readiness;
use crate::vc::{Agreement, ValidatorClient, ValidatorClientConfig};

/// The node that is killed.
pub(super) const VICTIM: usize = 3;

const NODES: u8 = 4;

/// All validators of the chain: in each slot of the minimal preset some of them attest and one proposes.
const VALIDATORS: u64 = 32;

/// Seconds nodes get to start before genesis.
const HEADSTART_SECONDS: u64 = 10;

/// Longer than a start on a busy machine.
const START_PATIENCE: Duration = Duration::from_secs(60);
const START_PAUSE: Duration = Duration::from_millis(5);

/// How long peers may take to notice that the victim is gone.
const PARTING_PATIENCE: Duration = Duration::from_secs(1);
const PARTING_PAUSE: Duration = Duration::from_millis(10);

/// The cluster.
pub(super) struct Cluster {
    pub(super) spec: Arc<Spec>,
    pub(super) clock: Clock,
    pub(super) witness: Witness,
    chain: Chain,
    nodes: Nodes,
    _clients: Vec<ValidatorClient>,
    keys: Vec<GroupKey>,
    ledger: PathBuf,
    /// Last, so that it goes when nobody writes any more.
    _files: Files,
}

impl Cluster {
    /// Makes the cluster's files, starts everything, and waits until it works.
    pub(super) async fn start(options: &Options) -> Result<Cluster, Error> {
        let run = options.run(NODES, VALIDATORS);
        let files = files::create(&run, None).await?;
        let (chain, spec) = chain(options, &files).await?;
        let mut nodes = Nodes::prepare(&run, &files, chain.url())?;
        // What it does is then done by one thread, so that its calls are in one order.
        nodes.set_variable(VICTIM, "TOKIO_WORKER_THREADS", "1");
        for peer in peers() {
            nodes.set_flag(peer, "--record-minutes", "1000");
        }
        nodes.start_all()?;
        let shown = Arc::new(Agreement::default());
        let clients = clients(&files, &nodes, &shown);
        let clock = Clock::Wall { genesis_time: spec.genesis.genesis_time };
        readiness::wait(&mut nodes, &clients, &clock, true).await?;
        let ledger = files.node(VICTIM).join(node::directory::LEDGER);
        let witness = witness(&files, &spec, shown)?;
        let keys = files.group_keys().to_vec();
        Ok(Cluster { spec, clock, witness, chain, nodes, _clients: clients, keys, ledger, _files: files })
    }

    /// The victim's ledger.
    pub(super) fn ledger(&self) -> &Path {
        &self.ledger
    }

    /// The newest file of the victim's recording.
    pub(super) fn recording(&self) -> Option<PathBuf> {
        let directory = self.ledger.with_file_name(node::record::DIRECTORY);
        std::fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path()).max()
    }

    /// The last line of the victim's log.
    pub(super) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.nodes.log(VICTIM)).unwrap_or_default();
        log.lines().next_back().unwrap_or("nothing").to_owned()
    }

    /// The first slot that has not begun.
    pub(super) fn next_slot(&self) -> Slot {
        let now_ns = self.clock.now_ns();
        if now_ns < 0 { Slot(0) } else { Slot(self.spec.slot_at_ns(now_ns).0 + 1) }
    }

    /// Waits for the start of a slot, or so much before it.
    pub(super) async fn until(&self, slot: Slot, before: Duration) {
        let before_ns = i64::try_from(before.as_nanos()).unwrap_or_default();
        self.clock.until(self.spec.slot_start_ns(slot) - before_ns).await;
    }

    /// The victim's threads.
    pub(super) fn threads(&mut self) -> Result<Threads, Error> {
        let gone = || Error::Tracing("the victim does not run".to_owned());
        let id = self.nodes.process(VICTIM).and_then(|child| child.id()).ok_or_else(gone)?;
        Threads::of(id)
    }

    /// Whether the victim is gone before a slot begins. Its files are then as its end left them.
    pub(super) async fn is_killed_before(&mut self, slot: Slot) -> bool {
        let clock = self.clock.clone();
        let end_ns = self.spec.slot_start_ns(slot);
        tokio::select! {
            status = self.nodes.ended(VICTIM) => status.is_some(),
            () = clock.until(end_ns) => false,
        }
    }

    /// Waits until every peer has read what the victim sent and noticed once more that it is gone.
    pub(super) async fn parting(&mut self, before: &[u64]) -> Result<(), Error> {
        let begun = Instant::now();
        self.look()?;
        let has_parted = |now: &[u64]| now.iter().zip(before).all(|(now, before)| now > before);
        while !has_parted(self.witness.partings()) && begun.elapsed() < PARTING_PATIENCE {
            tokio::time::sleep(PARTING_PAUSE).await;
            self.look()?;
        }
        Ok(())
    }

    /// What a system call of the victim acts on, in a word or two.
    pub(super) fn name_of(&self, target: &Target) -> String {
        let is_of = |port: u16, address: SocketAddr| address.port() == port;
        let named = match target {
            Target::File(path) if *path == self.ledger => "ledger",
            Target::File(path) if *path == log_of(&self.ledger) => "ledger's log",
            Target::File(path) if path.extension().is_some_and(|end| end == "jsonl") => "recording",
            Target::File(path) if *path == self.nodes.log(VICTIM) => "log",
            Target::File(path) => return path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Target::Wakeup => "wake-up",
            Target::Connection(here, there) => {
                let calls = |address| is_of(*here, address);
                if calls(self.nodes.validator_api_address(VICTIM)) {
                    "validator client"
                } else if Some(*there) == self.chain.url().port() {
                    "beacon node"
                } else if peers().any(|peer| is_of(*there, self.nodes.peer_address(peer)))
                    || calls(self.nodes.peer_address(VICTIM))
                {
                    "peer"
                } else {
                    "monitoring"
                }
            }
            Target::Other(_) => "other",
        };
        named.to_owned()
    }

    /// Takes in what others noted of the victim.
    pub(super) fn look(&mut self) -> Result<(), Error> {
        let (chain, keys) = (&self.chain, &self.keys);
        let key = |validator: ValidatorIndex| keys[validator.0 as usize];
        let attesters = |slot| chain.attesters(slot).into_iter().map(key).collect();
        self.witness.look(attesters, |slot| key(chain.proposer(slot)))
    }

    /// Starts the victim on the files it left. How long it takes until it says that it is ready.
    pub(super) async fn restart(&mut self) -> Result<Duration, Error> {
        self.nodes.restart(VICTIM)?;
        self.ready().await
    }

    /// Ends the victim as an operator would.
    pub(super) async fn stop_victim(&mut self) -> Result<(), Error> {
        let Some(id) = self.nodes.process(VICTIM).and_then(|child| child.id()) else { return Ok(()) };
        let mut kill = tokio::process::Command::new("sh");
        let told = kill.arg("-c").arg(format!("kill -TERM {id}")).status().await;
        told.map_err(|why| Error::Spawn { program: "sh".into(), why })?;
        let ended = timeout(START_PATIENCE, self.nodes.ended(VICTIM)).await;
        ended.map(drop).map_err(|_| Error::Tracing("the victim does not end when told to".to_owned()))
    }

    /// Moves the victim's ledger to another place, from its next start on.
    pub(super) fn move_ledger(&mut self, to: &Path) -> Result<(), Error> {
        let file_error = |why| Error::File { path: to.to_owned(), why };
        std::fs::copy(&self.ledger, to).map_err(file_error)?;
        std::fs::remove_file(&self.ledger).map_err(file_error)?;
        self.ledger = to.to_owned();
        self.nodes.set_flag(VICTIM, "--slashing-ledger-file", &to.display().to_string());
        Ok(())
    }

    /// Starts the victim where it cannot work; it ends by itself. The last line it says.
    pub(super) async fn refused_start(&mut self) -> Result<String, Error> {
        self.nodes.restart(VICTIM)?;
        match timeout(START_PATIENCE, self.nodes.ended(VICTIM)).await {
            Ok(_) => Ok(self.last_words()),
            Err(_) => Err(Error::Tracing("the victim started where it cannot write".to_owned())),
        }
    }

    /// Messages that contradict each other and reached the chain, and signatures that were wrong.
    pub(super) fn judged(&self) -> (u64, u64) {
        let counts = self.chain.truth().counts();
        (counts.slashable, counts.signatures_wrong)
    }

    /// Whether the victim's partial signatures for a duty were at a peer before the slot was over.
    pub(super) fn did(&self, slot: Slot, kind: DutyKind) -> bool {
        let end_ns = self.spec.slot_start_ns(Slot(slot.0 + 1));
        self.witness.arrived_ns(slot, kind).is_some_and(|arrived_ns| arrived_ns < end_ns)
    }

    /// Whether the victim's partial signatures for a duty came after the slot.
    pub(super) fn came_late(&self, slot: Slot, kind: DutyKind) -> bool {
        self.witness.arrived_ns(slot, kind).is_some() && !self.did(slot, kind)
    }

    /// Whether the cluster did a duty of the slot, for which the victim is not needed.
    pub(super) fn others_did(&self, slot: Slot, kind: DutyKind) -> bool {
        let truth = self.chain.slot(slot);
        match kind {
            DutyKind::Attester => truth.attesters.iter().any(|attester| attester.attested.is_some()),
            DutyKind::SyncMessage => truth.sync_members.iter().any(|member| member.signed.is_some()),
            // Without a reveal there is no block.
            DutyKind::Randao | DutyKind::Proposer => truth.proposal.is_some(),
            _ => false,
        }
    }

    async fn ready(&mut self) -> Result<Duration, Error> {
        let begun = Instant::now();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(1)).build();
        let http = http.expect("a client without certificates of its own");
        let url = self.nodes.monitor(VICTIM).join("readyz").expect("a path joins");
        while begun.elapsed() < START_PATIENCE {
            if let Ok(answer) = http.get(url.clone()).send().await {
                let is_well = answer.status().is_success();
                // A test chain's only beacon node has nobody to talk to.
                if is_well || answer.text().await.is_ok_and(|why| why == Readiness::BeaconNodeAlone.text()) {
                    return Ok(begun.elapsed());
                }
            }
            tokio::time::sleep(START_PAUSE).await;
        }
        Err(Error::NotReady(format!("the victim does not get ready; it says: {}", self.last_words())))
    }
}

/// The other nodes.
fn peers() -> impl Iterator<Item = usize> {
    (0..usize::from(NODES)).filter(|node| *node != VICTIM)
}

async fn chain(options: &Options, files: &Files) -> Result<(Chain, Arc<Spec>), Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let config = ChainConfig {
        preset: Preset::Minimal,
        slot_ms: options.slot_ms,
        genesis_time: now + HEADSTART_SECONDS,
        validators: files.group_keys().iter().map(|key| key.0).collect(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        scenario: Scenario::default(),
    };
    let spec = Arc::new(config.spec());
    Ok((Chain::start(config).await?, spec))
}

fn clients(files: &Files, nodes: &Nodes, shown: &Arc<Agreement>) -> Vec<ValidatorClient> {
    let client = |(node, shares)| {
        ValidatorClient::start(ValidatorClientConfig {
            node: nodes.validator_api(node),
            shares,
            distributed: true,
            builder: false,
            fee_recipient: FEE_RECIPIENT,
            agreement: if node == VICTIM { Arc::clone(shown) } else { Arc::default() },
            clock: None,
        })
    };
    files.take_shares().into_iter().enumerate().map(client).collect()
}

fn witness(files: &Files, spec: &Arc<Spec>, shown: Arc<Agreement>) -> Result<Witness, Error> {
    let path = files.node(VICTIM).join(node::directory::LOCK);
    let json = std::fs::read(&path).map_err(|why| Error::File { path, why })?;
    let operators = Lock::parse(&json)?.operators()?;
    let codec =
        Codec::new(operators.into_iter().map(|operator| operator.public_key).collect(), Arc::clone(spec));
    let directories = peers().map(|peer| files.node(peer).join(node::record::DIRECTORY)).collect();
    let victim = PeerIndex(u8::try_from(VICTIM).expect("a handful of nodes"));
    Ok(Witness::new(codec, Arc::clone(spec), victim, directories, shown))
}
