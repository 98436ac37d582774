//! The body: feeds the engine what happens and carries out what it says. It decides nothing.
//!
//! One task owns the engine. Whatever takes time (the beacon node, the ledger, cryptography) runs beside it and comes
//! back as an input.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use duty::{
    Answer, ConsensusMessage, Duty, DutyKind, Engine, HelloId, Input, Notice, Output, Reason, RequestId,
    Sightings, Submission, Time, To,
};
use eth::SignedVoluntaryExit;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backend::Ask;
use crate::chain::Chain;
use crate::clock::{Clock, WARN_DRIFT_NS};
use crate::exits::Exits;
use crate::journal;
use crate::ledger::Keeper;
use crate::metrics::Metrics;
use crate::record::{Kept, Recorder};
use crate::status::Status;
use crate::worker::KeyTable;

/// Inputs from jobs that may wait for the engine.
const INPUTS: usize = 4_096;

/// How often the clock is compared with wall time.
const CORRECTION: Duration = Duration::from_secs(1);

/// What a body is made of.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    pub(crate) spec: Arc<eth::Spec>,
    pub(crate) me: qbft::PeerIndex,
    pub(crate) key: Arc<cluster::NodeKey>,
    pub(crate) host: net::Host,
    pub(crate) chain: Chain,
    pub(crate) keeper: Keeper,
    pub(crate) exits: Exits,
    /// Where what was seen of peers is kept.
    pub(crate) sightings: watch::Sender<Sightings>,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) keys: Arc<KeyTable>,
    pub(crate) metrics: Metrics,
    pub(crate) status: Arc<Status>,
}

/// The running node.
pub(crate) struct Body {
    parts: Parts,
    waiting: BTreeMap<RequestId, oneshot::Sender<Answer>>,
    next_request: u64,
    /// The hello that is being answered.
    hello: Option<(HelloId, net::Reply)>,
    next_hello: u64,
    withheld: Option<Reason>,
    /// Our own signed messages, on their way back into the engine.
    own: VecDeque<ConsensusMessage>,
    sender: mpsc::Sender<Input>,
    inputs: mpsc::Receiver<Input>,
    tasks: TaskTracker,
    slot: eth::Slot,
    /// Partial exits of a former life, until the validators on the chain are known.
    former_exits: Vec<SignedVoluntaryExit>,
}

impl Body {
    pub(crate) fn new(parts: Parts) -> Body {
        let (sender, inputs) = mpsc::channel(INPUTS);
        let former_exits = parts.exits.load();
        Body {
            parts,
            waiting: BTreeMap::new(),
            next_request: 0,
            hello: None,
            next_hello: 0,
            withheld: None,
            own: VecDeque::new(),
            sender,
            inputs,
            tasks: TaskTracker::new(),
            slot: eth::Slot(u64::MAX),
            former_exits,
        }
    }

    /// Where jobs outside the body put what they found.
    pub(crate) fn sender(&self) -> mpsc::Sender<Input> {
        self.sender.clone()
    }

    /// Runs until the shutdown.
    pub(crate) async fn run(
        mut self,
        mut asks: mpsc::Receiver<Ask>,
        mut events: mpsc::Receiver<net::Event>,
        shutdown: CancellationToken,
    ) {
        let mut correction = tokio::time::interval(CORRECTION);
        self.step(Input::Tick);
        loop {
            let now = self.parts.clock.now();
            let wake = self.parts.clock.instant(self.parts.engine.deadline(now));
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep_until(Instant::from_std(wake)) => self.step(Input::Tick),
                Some(input) = self.inputs.recv() => self.came(input),
                Some(ask) = asks.recv() => self.ask(ask),
                Some(event) = events.recv() => self.event(event),
                _ = correction.tick() => self.correct_clock(),
            }
        }
        self.tasks.close();
        self.parts.sightings.send_replace(self.parts.engine.sightings().clone());
    }

    /// Takes in what a job found.
    fn came(&mut self, input: Input) {
        let are_validators_known = matches!(input, Input::Resolved(_));
        self.forget_exits(&input);
        self.step(input);
        if are_validators_known {
            for exit in std::mem::take(&mut self.former_exits) {
                // Nobody waits for the answer.
                let request = self.new_request();
                self.step(Input::Submit { request, submission: Submission::Exit(exit) });
            }
        }
    }

    /// An exit whose publication has ended, one way or the other, need not be kept.
    fn forget_exits(&self, input: &Input) {
        let Input::Published { duty, seats, .. } = input else { return };
        if duty.kind == DutyKind::Exit {
            let (exits, epoch) = (self.parts.exits.clone(), self.parts.spec.epoch_of(duty.slot));
            let keys: Vec<_> = seats.iter().map(|seat| seat.key).collect();
            self.tasks.spawn_blocking(move || keys.iter().for_each(|key| exits.forget(key, epoch)));
        }
    }

    fn correct_clock(&mut self) {
        let drift_ns = self.parts.clock.correct();
        self.parts.metrics.clock_drift(drift_ns);
        if drift_ns.abs() > WARN_DRIFT_NS {
            let drift_ms = drift_ns / 1_000_000;
            tracing::warn!(
                topic = "clock",
                drift_ms,
                "the wall clock jumped; following it slowly. Check time sync"
            );
        }
    }

    fn ask(&mut self, ask: Ask) {
        let request = self.new_request();
        let (input, answer) = match ask {
            Ask::Question(question, answer) => (Input::Ask { request, question }, answer),
            Ask::Submission(submission, answer) => (Input::Submit { request, submission }, answer),
        };
        self.parts.status.heard_validator_client(self.parts.clock.now());
        self.waiting.insert(request, answer);
        self.step(input);
    }

    fn new_request(&mut self) -> RequestId {
        self.next_request += 1;
        RequestId(self.next_request)
    }

    fn event(&mut self, event: net::Event) {
        match event {
            net::Event::Consensus { message, .. } => self.step(Input::Consensus(message)),
            net::Event::Partials { from, set } => self.step(Input::Partials { from, set }),
            net::Event::Connected(peer) => {
                self.count_peers();
                self.step(Input::Connected(peer));
            }
            net::Event::Disconnected(peer) => {
                self.count_peers();
                self.step(Input::Disconnected(peer));
            }
            net::Event::PeerInfo { peer, info, clock_offset_ns, .. } => {
                journal::peer_info(self.parts.host.peer_name(peer), &info, clock_offset_ns);
                let reads_plural_contributions = info.reads_plural_contributions();
                self.step(Input::PeerTold { peer, reads_plural_contributions });
            }
            net::Event::Hello { from, hello, reply } => {
                self.next_hello += 1;
                let id = HelloId(self.next_hello);
                self.hello = Some((id, reply));
                self.step(Input::Hello { from, id, hello });
            }
            net::Event::Fault { peer, why } => {
                let peer = self.parts.host.peer_name(peer);
                tracing::warn!(topic = "p2p", peer, %why, "a peer sent something wrong; it was dropped");
            }
        }
    }

    fn count_peers(&self) {
        self.parts.status.set_connected(self.parts.host.connected().len(), self.parts.clock.now());
    }

    fn step(&mut self, input: Input) {
        let mut outputs = Vec::new();
        self.tell(input, &mut outputs);
        while let Some(message) = self.own.pop_front() {
            self.tell(Input::Consensus(message), &mut outputs);
        }
        self.note_slot();
        self.note_withheld();
    }

    /// Tells health and metrics whether slashable things may be signed.
    fn note_withheld(&mut self) {
        let withheld = self.parts.engine.withholds();
        if withheld != self.withheld {
            self.withheld = withheld;
            self.parts.status.set_withheld(withheld);
            self.parts.metrics.withhold(withheld.is_some());
        }
    }

    /// Tells the engine and carries out what it says.
    fn tell(&mut self, input: Input, outputs: &mut Vec<Output>) {
        let Parts { engine, clock, recorder, .. } = &mut self.parts;
        let now = clock.now();
        if let Some(recorder) = recorder {
            recorder.record(now, engine.next_job().0, Kept::of(&input));
        }
        engine.step(now, input, outputs);
        self.carry_out_all(outputs);
    }

    fn note_slot(&mut self) {
        let now = self.parts.clock.now();
        let slot = self.parts.engine.slot_at(now);
        if slot != self.slot && now.0 >= 0 {
            self.slot = slot;
            let epoch = self.parts.spec.epoch_of(slot);
            self.parts.metrics.slot(slot.0, epoch.0);
            if slot == self.parts.spec.first_slot(epoch) {
                let keeper = self.parts.keeper.clone();
                self.tasks.spawn(async move { keeper.compact().await });
            }
        }
    }

    fn carry_out_all(&mut self, outputs: &mut Vec<Output>) {
        for output in outputs.drain(..) {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Resolve(epoch) => self.spawn(|parts| parts.chain.clone().resolve(epoch)),
            Output::Fetch { duty, what } => self.spawn(|parts| parts.chain.clone().fetch(duty, what)),
            Output::CheckParent { duty, parent } => {
                self.spawn(|parts| parts.chain.clone().check_parent(duty, parent));
            }
            Output::Register(epoch) => {
                let chain = self.parts.chain.clone();
                self.tasks.spawn(async move { chain.register(epoch).await });
            }
            Output::Publish { duty, seats, what } => {
                let until = self.expiry(duty);
                self.spawn(|parts| parts.chain.clone().publish(duty, seats, what, until));
            }
            Output::Send { to, duty, draft, values } => self.send(to, duty, draft, values),
            Output::SendPartials { to, set } => {
                if set.duty.kind == DutyKind::Exit && to == To::All {
                    let (exits, set) = (self.parts.exits.clone(), set.clone());
                    self.tasks.spawn_blocking(move || exits.keep(&set));
                }
                let expires = self.expiry(set.duty);
                self.parts.host.send_partials(recipients(to), &set, expires);
            }
            Output::Answer { request, answer } => {
                if let Some(waiting) = self.waiting.remove(&request) {
                    // A client that gave up is no error.
                    let _ = waiting.send(answer);
                }
            }
            Output::Consult { duty, value, request } => self.spawn(|parts| {
                let keeper = parts.keeper.clone();
                async move {
                    let keys: Vec<_> = request.items.iter().map(|item| item.key).collect();
                    let verdicts = keeper.check(request).await.into_iter();
                    let refused = keys.into_iter().zip(verdicts);
                    let refused = refused.filter_map(|(key, verdict)| Some((key, verdict.err()?))).collect();
                    Input::Consulted { duty, value, refused }
                }
            }),
            Output::Permit { duty, request } => self.spawn(|parts| {
                let keeper = parts.keeper.clone();
                async move { Input::Permitted { duty, permit: keeper.permit(request).await } }
            }),
            Output::Verify { job, items } => {
                self.compute(move |keys| Input::Verified { job, good: keys.verify(&items) });
            }
            Output::Combine { job, items } => {
                self.compute(move |keys| Input::Combined { job, outcomes: keys.combine(&items) });
            }
            Output::Hello { to, hello } => self.say_hello(to, hello),
            Output::Testify { hello, testimony } => {
                if let Some((_, reply)) = self.hello.take_if(|(id, _)| *id == hello) {
                    reply.send(testimony);
                }
            }
            Output::FastForward(seen) => self.spawn(|parts| {
                let keeper = parts.keeper.clone();
                async move { Input::FastForwarded(keeper.fast_forward(seen).await) }
            }),
            Output::Remember(sightings) => drop(self.parts.sightings.send_replace(sightings)),
            Output::Notice(notice) => self.notice(&notice),
        }
    }

    fn send(&mut self, to: To, duty: Duty, draft: qbft::Draft, values: Vec<duty::Value>) {
        let message = net::wire::sign(&self.parts.key, self.parts.me, duty, draft);
        let message = ConsensusMessage { duty, message, values };
        let expires = self.expiry(duty);
        self.parts.host.send_consensus(recipients(to), &message, expires);
        if to == To::All {
            self.own.push_back(message);
        }
    }

    /// Says hello beside the engine; no answer is none.
    fn say_hello(&self, to: qbft::PeerIndex, hello: duty::Hello) {
        let (host, sender) = (self.parts.host.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            let input = match host.say_hello(to, &hello).await {
                Ok(testimony) => Input::Witnessed { from: to, testimony },
                Err(net::Unanswered::Unsupported) => Input::WitnessUnsupported(to),
                Err(net::Unanswered::Failed) => return,
            };
            let _ = sender.send(input).await;
        });
    }

    fn notice(&self, notice: &Notice) {
        let spec = &self.parts.spec;
        let slot_start = |duty: Duty| Time(spec.slot_start_ns(duty.slot));
        self.parts.metrics.notice(notice, self.parts.clock.now(), slot_start);
        journal::notice(notice, |peer| self.parts.host.peer_name(peer).to_owned());
    }

    /// Runs a job beside the engine; what it returns comes back as an input.
    fn spawn<F>(&self, job: impl FnOnce(&Parts) -> F)
    where
        F: Future<Output = Input> + Send + 'static,
    {
        let job = job(&self.parts);
        let sender = self.sender.clone();
        self.tasks.spawn(async move {
            // The receiver is gone only when the node stops.
            let _ = sender.send(job.await).await;
        });
    }

    /// Runs a computation on a thread of its own.
    fn compute(&self, job: impl FnOnce(&KeyTable) -> Input + Send + 'static) {
        let keys = Arc::clone(&self.parts.keys);
        let sender = self.sender.clone();
        self.tasks.spawn_blocking(move || {
            let _ = sender.blocking_send(job(&keys));
        });
    }

    /// When nobody has use for the duty's messages any more.
    fn expiry(&self, duty: Duty) -> Instant {
        Instant::from_std(self.parts.clock.instant(self.parts.engine.deadline_of(duty)))
    }
}

fn recipients(to: To) -> net::To {
    match to {
        To::All => net::To::All,
        To::Peer(peer) => net::To::Peer(peer),
    }
}
