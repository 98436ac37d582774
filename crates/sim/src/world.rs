//! A small world in which engines live: a virtual clock, and a network, beacon nodes, validator clients, ledgers and
//! signatures that are made up but deterministic. The seed decides everything that chance decides.
//!
//! ```text
//!   queue: (time, event) ──► Engine::step ──► outputs ──► carried out ──► queue
//!                                               │
//!                                               └──► Checks: after every output
//! ```
//!
//! A scenario is data and time: settings, then `run_until`, a fault, `run_until`, and assertions on what was observed.

pub mod aggregator;
pub mod beacon;
pub mod chain;
pub mod client;
pub mod clock;
pub mod cryptography;
mod disk;
pub mod fake;
pub mod lies;
pub mod network;
mod observed;
mod outputs;
mod settings;
mod stage;
mod witness;

use std::collections::{BTreeMap, VecDeque};

use duty::{
    Config, ConsensusMessage, Duty, DutyKind, Engine, HelloId, Input, Notice, Output, PartialSet,
    Publication, Reason, RequestId, Seat, Time, To, ValidatorConfig,
};
use eth::{Address, Epoch, Fork, Genesis, Preset, Root, SignedProposal, Slot, Spec, Version};
use qbft::{Kind, PeerIndex};
use slashing::{Ledger, MemoryStore};

use self::aggregator::Memory;
use self::beacon::Beacon;
use self::chain::Chain;
use self::client::{Asked, Client};
use self::clock::Clock;
use self::cryptography::Cryptography;
use self::fake::{Random, keys};
use self::lies::Lie;
use self::network::{Network, Parcel};
use crate::byzantine::Program;
use crate::checker::{Checker, Violation};
use crate::log::Log;

pub use self::disk::Disk;
pub use self::settings::Settings;
pub use self::stage::Stage;
pub use self::witness::{Witness, marks};

/// Everything there is.
pub struct World {
    /// What was chosen of it.
    pub settings: Settings,
    /// The chain's clockwork.
    pub spec: Spec,
    /// This moment.
    pub now: Time,
    /// The operators.
    pub nodes: Vec<Node>,
    /// Who has which duty.
    pub chain: Chain,
    /// What left the nodes, and whether it may have.
    pub checks: Checker,
    /// Everything that happened.
    pub log: Log,
    /// How signatures are made.
    pub(crate) cryptography: Cryptography,
    pub(crate) random: Random,
    network: Network,
    queue: BTreeMap<(Time, u64), Event>,
    events: u64,
    requests: u64,
    hellos: u64,
    /// Which body said the hello.
    askers: BTreeMap<HelloId, usize>,
}

/// One operator: a node, its beacon node, its validator client, its disk, and what was seen of it.
pub struct Node {
    /// The operator whose key it has; two bodies of one identity share it.
    pub peer: usize,
    /// None while it is down.
    pub engine: Option<Engine>,
    /// Its clock, and its validator client's.
    pub clock: Clock,
    /// Its beacon node.
    pub beacon: Beacon,
    /// How its validator client behaves.
    pub client: Client,
    /// What its validator client remembers.
    pub memory: Memory,
    /// Whether it tells its peers that it reads several contributions of one validator; none when it tells nothing.
    pub reads_plurals: Option<bool>,
    /// How it lies when it leads, if it does.
    pub lie: Option<Lie>,
    /// What it does in place of an honest node, if it is not one.
    pub program: Option<Box<dyn Program>>,
    /// How far it is with the attestations of the slot.
    pub stage: Stage,
    /// Outputs after which the power goes.
    pub dies_after: Option<u32>,
    /// Its disk.
    pub disk: Disk,
    /// An older copy of it.
    pub(crate) copy: Option<MemoryStore>,
    /// What it has of the witness.
    pub witness: Witness,
    /// Whether its workers lose what they are given.
    pub workers_are_lost: bool,
    /// Where its cluster lock sends the fees.
    pub fee_recipient: Address,
    /// What it told its operator.
    pub notices: Vec<(Time, Notice)>,
    /// When it refused its validator client what, and why.
    pub refusals: Vec<(Time, Asked, Reason)>,
    /// What became of submissions, by item.
    pub received: Vec<(Asked, Vec<Result<(), Reason>>)>,
    /// Who aggregates, as it told its validator client.
    pub verdicts: Vec<(Asked, Vec<bool>)>,
    /// When it sent its registrations with builders.
    pub registrations: Vec<(Time, Epoch)>,
    /// What it asked its beacon node for.
    pub fetches: Vec<(Time, Duty)>,
    /// The epochs whose duties it asked its beacon node for.
    pub resolves: Vec<(Time, Epoch)>,
    /// What it sent to its peers.
    pub votes: Vec<(Duty, Kind)>,
    /// The partial signatures it sent to its peers.
    pub sent_partials: Vec<(To, PartialSet)>,
    /// What it gave its beacon node to publish.
    pub blocks: Vec<SignedProposal>,
    ledger: Option<Ledger<MemoryStore>>,
    asked: BTreeMap<RequestId, (Time, Asked)>,
    own: VecDeque<ConsensusMessage>,
    life: u32,
    wake: Option<Time>,
}

enum Event {
    /// A slot begins.
    Slot(Slot),
    /// The time an engine asked for.
    Wake(usize),
    /// Two bodies get a connection.
    Meet(usize, usize),
    /// An input for an engine, unless it has died in between.
    Input { node: usize, life: u32, input: Box<Input> },
    /// A parcel arrives at a liar.
    Overheard { node: usize, from: usize, parcel: Box<Parcel> },
    /// What the beacon node did not take is offered again.
    PublishAgain { node: usize, life: u32, duty: Duty, seats: Vec<Seat>, what: Box<Publication> },
    /// The validator client asks.
    Ask { node: usize, what: Asked },
    /// The validator client hands in what it signed.
    Submit { node: usize, what: Asked, submission: Box<duty::Submission> },
}

impl World {
    /// A healthy world, half a second before genesis.
    pub fn new(settings: Settings) -> World {
        let genesis = Genesis {
            genesis_time: 0,
            genesis_validators_root: Root([7; 32]),
            genesis_fork_version: Version([0, 0, 0, 1]),
        };
        let spec = Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu);
        let cryptography = match settings.has_real_signatures {
            true => Cryptography::real(settings.seed, settings.validators, settings.nodes),
            false => Cryptography::Made,
        };
        let mut world = World {
            random: Random::new(settings.seed),
            chain: Chain::new(spec.clone(), &settings, cryptography.clone()),
            checks: Checker::new(settings.nodes, cryptography.clone()),
            cryptography,
            log: Log::default(),
            network: Network::default(),
            now: Time(-500_000_000),
            nodes: Vec::new(),
            queue: BTreeMap::new(),
            events: 0,
            requests: 0,
            hellos: 0,
            askers: BTreeMap::new(),
            spec,
            settings,
        };
        for peer in 0..world.settings.nodes {
            world.nodes.push(Node::new(peer, &world.spec, world.settings.validators));
        }
        world.schedule(Time(0), Event::Slot(Slot(0)));
        for node in 0..world.settings.nodes {
            world.start(node);
        }
        world
    }

    /// Lets everything happen that happens before `end`; a sentence that does not hold is a panic.
    pub fn run_until(&mut self, end: Time) {
        if let Err(violation) = self.try_run_until(end) {
            panic!("seed {}: {violation}", self.settings.seed);
        }
    }

    /// The same, up to the first sentence that does not hold.
    pub fn try_run_until(&mut self, end: Time) -> Result<(), Violation> {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if at >= end {
                self.events += 1;
                self.queue.insert((at, self.events), event);
                break;
            }
            self.now = self.now.max(at);
            self.happen(event);
            if let Some(violation) = self.checks.violation() {
                return Err(violation.clone());
            }
        }
        self.now = self.now.max(end);
        Ok(())
    }

    /// Runs to the beginning of the slot.
    pub fn run_until_slot(&mut self, slot: u64) {
        self.run_until(self.at(slot, 0));
    }

    /// That many milliseconds into the slot.
    pub fn at(&self, slot: u64, milliseconds: i64) -> Time {
        Time(self.spec.slot_start_ns(Slot(slot))).plus_ms(milliseconds)
    }

    /// Gives a running engine an input now.
    pub fn inject(&mut self, node: usize, input: Input) {
        self.step(node, input);
    }

    /// The node loses everything but its disk.
    pub fn crash(&mut self, node: usize) {
        let it = &mut self.nodes[node];
        it.engine = None;
        it.life += 1;
        it.wake = None;
        it.stage = Stage::Down;
        it.dies_after = None;
        it.asked.clear();
        it.own.clear();
        self.power_goes(node);
        let peer = self.peer(node);
        for other in self.peers_of(node) {
            self.input_in(other, 10, Input::Disconnected(peer));
        }
    }

    /// The node begins a life, and its validator client finds it.
    pub fn start(&mut self, node: usize) {
        let fee_recipient = self.nodes[node].fee_recipient;
        let config = Config {
            spec: self.spec.clone(),
            me: self.peer(node),
            peers: self.settings.nodes,
            threshold: qbft::quorum(self.settings.nodes),
            validators: keys(self.settings.validators)
                .map(|key| (key, ValidatorConfig { fee_recipient }))
                .collect(),
            takes_builders: self.settings.takes_builders,
            nonce: self.nodes[node].nonce(node),
            trusts_ledger: self.nodes[node].witness.trusts_ledger,
        };
        let it = &mut self.nodes[node];
        let engine = Engine::new(config, it.clock.local(self.now));
        it.engine = Some(engine.remembering(it.witness.sightings.clone()));
        it.stage = Stage::Idle;
        self.step(node, Input::Tick);
        for peer in self.peers_of(node) {
            self.connect(node, peer);
        }
        if self.now.0 >= 0 {
            self.client_begins_slot(node, self.slot());
        }
    }

    /// The slot of this moment.
    pub fn slot(&self) -> Slot {
        self.spec.slot_at_ns(self.now.0)
    }

    /// The chain as the node's beacon node sees it.
    pub fn chain_of(&self, node: usize) -> Chain {
        let mut chain = self.chain.clone();
        if let Some(shuffling) = self.nodes[node].beacon.shuffling {
            chain.reorganise(Epoch(0), shuffling);
        }
        chain
    }

    /// The operator a body belongs to.
    pub fn peer(&self, node: usize) -> PeerIndex {
        index(self.nodes[node].peer)
    }

    /// The bodies of other operators.
    pub(crate) fn peers_of(&self, node: usize) -> Vec<usize> {
        let peer = self.nodes[node].peer;
        (0..self.nodes.len()).filter(|other| self.nodes[*other].peer != peer).collect()
    }

    /// A body's word counts: its operator runs the program we ship.
    pub(crate) fn is_honest(&self, node: usize) -> bool {
        self.nodes[node].program.is_none()
    }

    fn schedule(&mut self, at: Time, event: Event) {
        self.events += 1;
        self.queue.insert((at, self.events), event);
    }

    fn input_in(&mut self, node: usize, milliseconds: i64, input: Input) {
        let life = self.nodes[node].life;
        let event = Event::Input { node, life, input: Box::new(input) };
        self.schedule(self.now.plus_ms(milliseconds), event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Slot(slot) => self.slot_begins(slot),
            Event::Wake(node) if self.nodes[node].wake == Some(self.now) => self.step(node, Input::Tick),
            Event::Wake(_) => {}
            Event::Meet(a, b) => self.meet(a, b),
            Event::Overheard { node, from, parcel } => self.liar_hears(node, from, &parcel),
            Event::Input { node, life, input } => {
                if self.nodes[node].life == life {
                    self.step(node, *input);
                }
            }
            Event::PublishAgain { node, life, duty, seats, what } => {
                if self.nodes[node].life == life {
                    self.publish(node, duty, seats, *what);
                }
            }
            Event::Ask { node, what } if self.client_asks_to_aggregate(node, what) => self.ask(node, what),
            Event::Ask { .. } => {}
            Event::Submit { node, what, submission } => self.submit(node, what, *submission),
        }
    }

    fn slot_begins(&mut self, slot: Slot) {
        self.checks.slot_begins(slot.0);
        for node in 0..self.nodes.len() {
            self.node_begins_slot(node);
            if let Some(head_ms) = self.settings.head_ms.filter(|_| self.nodes[node].beacon.is_up) {
                let head = self.chain_of(node).head(slot, &self.nodes[node].beacon);
                let after_ms = head_ms + self.random.between(0, 200);
                self.input_in(node, after_ms, Input::Head(head));
            }
            self.client_begins_slot(node, slot);
        }
        let next = Slot(slot.0 + 1);
        self.schedule(Time(self.spec.slot_start_ns(next)), Event::Slot(next));
    }

    /// Steps an engine and carries out what it says; our own messages come back at once.
    fn step(&mut self, node: usize, input: Input) {
        let mut input = Some(input);
        let mut outputs = Vec::new();
        while let Some(next) = input.take() {
            let it = &mut self.nodes[node];
            let Some(engine) = it.engine.as_mut() else { return };
            self.log.input(self.now, node, &next);
            engine.step(it.clock.local(self.now), next, &mut outputs);
            for output in outputs.drain(..) {
                if !self.survives_until(node, &output) {
                    return self.crash(node);
                }
                self.carry_out(node, output);
            }
            input = self.nodes[node].own.pop_front().map(Input::Consensus);
        }
        self.plan_to_wake(node);
    }

    /// Whether the power still is there when the output is carried out.
    fn survives_until(&mut self, node: usize, output: &Output) -> bool {
        self.log.output(self.now, node, output);
        match &mut self.nodes[node].dies_after {
            Some(0) => false,
            Some(outputs) => {
                *outputs -= 1;
                true
            }
            None => true,
        }
    }

    fn plan_to_wake(&mut self, node: usize) {
        let it = &self.nodes[node];
        let Some(engine) = &it.engine else { return };
        let local = it.clock.local(self.now);
        let deadline = engine.deadline(local);
        self.checks.sleeps(node, deadline, local);
        let wake = it.clock.truth(deadline).max(Time(self.now.0 + 1));
        if it.wake != Some(wake) {
            self.nodes[node].wake = Some(wake);
            self.schedule(wake, Event::Wake(node));
        }
    }
}

impl Node {
    fn new(peer: usize, spec: &Spec, validators: u8) -> Node {
        Node {
            peer,
            engine: None,
            clock: Clock::default(),
            beacon: Beacon::default(),
            client: Client::Honest,
            memory: Memory::default(),
            reads_plurals: Some(true),
            lie: None,
            program: None,
            stage: Stage::Idle,
            dies_after: None,
            disk: Disk::Good,
            copy: None,
            witness: Witness::default(),
            workers_are_lost: false,
            fee_recipient: chain::FEE_RECIPIENT,
            notices: Vec::new(),
            refusals: Vec::new(),
            received: Vec::new(),
            verdicts: Vec::new(),
            registrations: Vec::new(),
            fetches: Vec::new(),
            resolves: Vec::new(),
            votes: Vec::new(),
            sent_partials: Vec::new(),
            blocks: Vec::new(),
            ledger: Some(disk::empty(spec, validators)),
            asked: BTreeMap::new(),
            own: VecDeque::new(),
            life: 0,
            wake: None,
        }
    }
}

/// The attestations of a slot.
pub fn attesting(slot: u64) -> Duty {
    Duty::new(Slot(slot), DutyKind::Attester)
}

/// The block of a slot.
pub fn proposing(slot: u64) -> Duty {
    Duty::new(Slot(slot), DutyKind::Proposer)
}

/// A duty of a slot.
pub fn of_kind(slot: u64, kind: DutyKind) -> Duty {
    Duty::new(Slot(slot), kind)
}

/// The node that leads a round of the duty.
pub fn leader(duty: Duty, round: u64, nodes: usize) -> usize {
    usize::try_from((duty.leader_offset() + round) % nodes as u64).expect("a few nodes")
}

/// The node among the operators.
pub fn index(node: usize) -> PeerIndex {
    PeerIndex(u8::try_from(node).expect("a few nodes"))
}
