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
mod outputs;

use std::collections::{BTreeMap, VecDeque};

use cluster::GroupKey;
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

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// Operators.
    pub nodes: usize,
    /// Validators of the cluster.
    pub validators: u8,
    /// Every how many slots one of them proposes; 0 for never.
    pub propose_every: u64,
    /// Validators in a committee: of 64 one in four aggregates, of less than 32 all do.
    pub committee_length: u64,
    /// Validators of the cluster in the sync committee. The third, the sixth and so on have two seats.
    pub sync_members: u8,
    /// Epochs for which a sync committee serves.
    pub sync_period: u64,
    /// Whether the cluster takes blocks of builders.
    pub takes_builders: bool,
    /// Whether clients ask for one complete selection proof at a time.
    pub one_selection_per_request: bool,
    /// Least and greatest delay of a message.
    pub delay_ms: (i64, i64),
    /// Messages in a thousand that arrive twice.
    pub duplicated: u64,
    /// Messages in a thousand that are lost, and their connection with them.
    pub lost: u64,
    /// When in the slot a beacon node tells its new head; none when it never does.
    pub head_ms: Option<i64>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: 1,
            nodes: 4,
            validators: 8,
            propose_every: 4,
            committee_length: 64,
            sync_members: 3,
            sync_period: 256,
            takes_builders: false,
            one_selection_per_request: false,
            delay_ms: (5, 60),
            duplicated: 0,
            lost: 0,
            head_ms: Some(2_000),
        }
    }
}

/// Everything there is.
pub struct World {
    pub settings: Settings,
    pub spec: Spec,
    pub now: Time,
    pub nodes: Vec<Node>,
    pub chain: Chain,
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
    pub beacon: Beacon,
    pub client: Client,
    pub memory: Memory,
    /// Whether it tells its peers that it reads several contributions of one validator; none when it tells nothing.
    pub reads_plurals: Option<bool>,
    /// How it lies when it leads, if it does.
    pub lie: Option<Lie>,
    pub disk: Disk,
    /// Whether its workers lose what they are given.
    pub workers_are_lost: bool,
    /// Where its cluster lock sends the fees.
    pub fee_recipient: Address,
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
    pub resolves: Vec<(Time, Epoch)>,
    /// What it sent to its peers.
    pub votes: Vec<(Duty, Kind)>,
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

    /// Every duty that begins in these slots must have been published.
    pub fn assert_nothing_missed(&self, slots: std::ops::Range<u64>) {
        for (duty, seat) in self.expected(slots) {
            self.assert_published(duty, seat);
        }
    }

    /// The same for what does not depend on selection proofs.
    pub fn assert_no_vote_missed(&self, slots: std::ops::Range<u64>) {
        let is_vote = |duty: &Duty| !matches!(duty.kind, DutyKind::Aggregator | DutyKind::SyncContribution);
        for (duty, seat) in self.expected(slots).into_iter().filter(|(duty, _)| is_vote(duty)) {
            self.assert_published(duty, seat);
        }
    }

    fn assert_published(&self, duty: Duty, seat: Seat) {
        let reports = self.nodes.iter().flat_map(|node| &node.notices);
        let whys = reports.filter_map(|(_, notice)| match notice {
            Notice::Over(report) if report.duty == duty && report.key == seat.key => report.missed,
            _ => None,
        });
        assert!(
            self.checks.is_published(duty, seat),
            "seed {}: {duty} of {seat:?} was missed: {:?}",
            self.settings.seed,
            whys.map(Reason::code).collect::<Vec<_>>()
        );
    }

    /// What the cluster has to do in these slots.
    pub fn expected(&self, slots: std::ops::Range<u64>) -> Vec<(Duty, Seat)> {
        let mut expected = Vec::new();
        for slot in slots.map(Slot) {
            let mut expect = |kind, seats: Vec<Seat>| {
                expected.extend(seats.into_iter().map(|seat| (Duty::new(slot, kind), seat)));
            };
            let seats = |duties: Vec<eth::AttesterDuty>| {
                duties.iter().map(|duty| GroupKey(duty.pubkey).into()).collect()
            };
            expect(DutyKind::Attester, seats(self.chain.attesters(slot)));
            let proposer = self.chain.proposer(slot).filter(|_| slot.0 > 0);
            expect(DutyKind::Proposer, proposer.map(|proposer| proposer.key.into()).into_iter().collect());
            expect(DutyKind::Aggregator, seats(self.chain.aggregators(slot)));
            let members = self.chain.signing_members(slot);
            expect(DutyKind::SyncMessage, members.iter().map(|member| member.key.into()).collect());
            let contributors = self.chain.contributors(slot);
            expect(DutyKind::SyncContribution, contributors.into_iter().map(|(seat, _)| seat).collect());
        }
        expected
    }

    /// No validator client may wait for an answer for ever.
    pub fn assert_nobody_waits(&self) {
        let two_slots_ago = Time(self.now.0 - 3 * self.spec.slot_duration_ns());
        for node in &self.nodes {
            for (since, what) in node.asked.values() {
                assert!(*since > two_slots_ago, "{what:?} has waited since {since:?} and got no answer");
            }
        }
    }

    /// The round a node decided the duty in, if it did.
    pub fn decided_in(&self, node: usize, duty: Duty) -> Option<u64> {
        self.nodes[node].notices.iter().find_map(|(_, notice)| match notice {
            Notice::Decided { duty: decided, round, .. } if *decided == duty => Some(round.number()),
            _ => None,
        })
    }

    /// What a node saw of the duty, with its time.
    pub fn when(&self, node: usize, fits: impl Fn(&Notice) -> bool) -> Option<Time> {
        self.nodes[node].notices.iter().find(|(_, notice)| fits(notice)).map(|(at, _)| *at)
    }

    /// Whether the node sent its share of the duty to its peers.
    pub fn has_signed(&self, node: usize, duty: Duty) -> bool {
        self.nodes[node].sent_partials.iter().any(|(_, set)| set.duty == duty)
    }

    /// Why a node refused values for the duty.
    pub fn refused(&self, node: usize, duty: Duty) -> Vec<Reason> {
        let reason = |(_, notice): &(Time, Notice)| match notice {
            Notice::ValueRefused { duty: refused, reason, .. } if *refused == duty => Some(*reason),
            _ => None,
        };
        self.nodes[node].notices.iter().filter_map(reason).collect()
    }

    /// What a node blamed peers for.
    pub fn faults(&self, node: usize) -> Vec<(PeerIndex, duty::Why)> {
        let fault = |(_, notice): &(Time, Notice)| match notice {
            Notice::Fault { peer, why, .. } => Some((*peer, *why)),
            _ => None,
        };
        self.nodes[node].notices.iter().filter_map(fault).collect()
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

pub fn index(node: usize) -> PeerIndex {
    PeerIndex(u8::try_from(node).expect("a few nodes"))
}
