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
pub mod checks;
pub mod client;
pub mod fake;
pub mod lies;
mod network;
mod observed;
mod outputs;
mod settings;

use std::collections::{BTreeMap, VecDeque};

use duty::{
    Config, ConsensusMessage, Duty, DutyKind, Engine, Input, Notice, PartialSet, Publication, Reason,
    RequestId, Seat, Time, To, ValidatorConfig,
};
use eth::{Address, Epoch, Fork, Genesis, Preset, Root, SignedProposal, Slot, Spec, Version};
use qbft::{Kind, PeerIndex};
use slashing::{Ledger, MemoryStore};

use self::aggregator::Memory;
use self::beacon::Beacon;
use self::chain::Chain;
use self::checks::Checks;
use self::client::{Asked, Client};
use self::fake::{Random, keys};
use self::lies::Lie;
use self::network::Network;
pub use self::settings::Settings;

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
    pub checks: Checks,
    random: Random,
    network: Network,
    queue: BTreeMap<(Time, u64), Event>,
    events: u64,
    requests: u64,
}

/// One operator: a node, its beacon node, its validator client, its disk, and what was seen of it.
pub struct Node {
    /// None while it is down.
    pub engine: Option<Engine>,
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
    /// Its disk.
    pub disk: Disk,
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

/// The state of a node's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It can be read and written.
    Good,
    /// It can be read but not written.
    Full,
    /// It cannot even be read.
    Gone,
}

enum Event {
    /// A slot begins.
    Slot(Slot),
    /// The time an engine asked for.
    Wake(usize),
    /// An input for an engine, unless it has died in between.
    Input { node: usize, life: u32, input: Box<Input> },
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
        let mut world = World {
            random: Random::new(settings.seed),
            chain: Chain::new(spec.clone(), &settings),
            checks: Checks::new(settings.nodes),
            network: Network::default(),
            now: Time(-500_000_000),
            nodes: Vec::new(),
            queue: BTreeMap::new(),
            events: 0,
            requests: 0,
            spec,
            settings,
        };
        for _ in 0..world.settings.nodes {
            world.nodes.push(Node::new(&world.spec, world.settings.validators));
        }
        world.schedule(Time(0), Event::Slot(Slot(0)));
        for node in 0..world.settings.nodes {
            world.start(node);
        }
        world
    }

    /// Lets everything happen that happens before `end`.
    pub fn run_until(&mut self, end: Time) {
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if at >= end {
                self.events += 1;
                self.queue.insert((at, self.events), event);
                break;
            }
            self.now = self.now.max(at);
            self.happen(event);
        }
        self.now = self.now.max(end);
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
        it.asked.clear();
        it.own.clear();
        let survives = self.random.one_in(2);
        let store = it.ledger.take().map(|ledger| ledger.into_store().crash(survives));
        it.ledger = store.map(|store| Ledger::open(store).expect("what was synced can be read"));
        for peer in self.peers_of(node) {
            self.input_in(peer, 50, Input::Disconnected(index(node)));
        }
    }

    /// The node begins a life, and its validator client finds it.
    pub fn start(&mut self, node: usize) {
        let fee_recipient = self.nodes[node].fee_recipient;
        let config = Config {
            spec: self.spec.clone(),
            me: index(node),
            peers: self.settings.nodes,
            threshold: qbft::quorum(self.settings.nodes),
            validators: keys(self.settings.validators)
                .map(|key| (key, ValidatorConfig { fee_recipient }))
                .collect(),
            takes_builders: self.settings.takes_builders,
        };
        self.nodes[node].engine = Some(Engine::new(config, self.now));
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
        chain.shuffling = self.nodes[node].beacon.shuffling.unwrap_or(chain.shuffling);
        chain
    }

    fn peers_of(&self, node: usize) -> Vec<usize> {
        (0..self.settings.nodes).filter(|peer| *peer != node).collect()
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
        for node in 0..self.settings.nodes {
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
        while let Some(next) = input.take() {
            let Some(engine) = self.nodes[node].engine.as_mut() else { return };
            let mut outputs = Vec::new();
            engine.step(self.now, next, &mut outputs);
            for output in outputs {
                self.carry_out(node, output);
            }
            input = self.nodes[node].own.pop_front().map(Input::Consensus);
        }
        let Some(engine) = &self.nodes[node].engine else { return };
        let wake = engine.deadline(self.now);
        assert!(
            wake > self.now,
            "node {node} would spin: it wants to be woken at {wake:?}, now is {:?}",
            self.now
        );
        if self.nodes[node].wake != Some(wake) {
            self.nodes[node].wake = Some(wake);
            self.schedule(wake, Event::Wake(node));
        }
    }
}

impl Node {
    fn new(spec: &Spec, validators: u8) -> Node {
        let store = MemoryStore::new(spec.genesis.genesis_validators_root);
        let mut ledger = Ledger::open(store).expect("an empty disk can be read");
        ledger.register(keys(validators)).expect("an empty disk can be written");
        Node {
            engine: None,
            beacon: Beacon::default(),
            client: Client::Honest,
            memory: Memory::default(),
            reads_plurals: Some(true),
            lie: None,
            disk: Disk::Good,
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
            ledger: Some(ledger),
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
