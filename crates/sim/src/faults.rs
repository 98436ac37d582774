//! Faults: what can be done to a world while it runs.

use eth::Epoch;

use crate::byzantine::Liar;
use crate::world::beacon::{Beacon, Nonsense};
use crate::world::client::Client;
use crate::world::clock::Clock;
use crate::world::lies::Lie;
use crate::world::{Disk, World};

/// A fault, or its end, of one node or of the whole world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Messages are delayed up to so many milliseconds, repeated and lost so many times in a thousand.
    Weather {
        /// Milliseconds.
        delay_ms: i64,
        /// Times in a thousand.
        duplicated: u64,
        /// Times in a thousand.
        lost: u64,
    },
    /// The node dies.
    Crash,
    /// The node dies in the middle of carrying out what its engine says, after so many outputs.
    CrashBetween(u32),
    /// A dead node begins a new life.
    Start,
    /// Nobody hears the node, and it hears nobody.
    Alone,
    /// The world falls in two; a bit for each node says in which half it is.
    Split(u16),
    /// The node is not heard by the next one, and neither notices.
    Unheard,
    /// The node hears nobody, and nobody notices.
    Deaf,
    /// All connections are as they should be.
    Heal,
    /// The beacon node does not answer.
    BeaconDown,
    /// The beacon node answers again, as it should.
    BeaconUp,
    /// The beacon node takes so many milliseconds to answer.
    BeaconSlow(i64),
    /// The beacon node follows another chain.
    OtherFork,
    /// The beacon node sees another head.
    OtherHead,
    /// The beacon node knows other duties.
    OtherDuties,
    /// The beacon node has no aggregates.
    NoAggregates,
    /// The beacon node has seen few votes.
    ThinAggregates,
    /// The beacon node has not seen the blocks that others build on.
    NoParents,
    /// The beacon node's blocks pay somebody else.
    ForeignFees,
    /// The beacon node answers nonsense.
    Nonsense(Nonsense),
    /// The chain is reorganised: from the next epoch on, duties are others.
    Reorganisation,
    /// The disk is in that state from now on.
    Disk(Disk),
    /// A copy is made of the disk.
    Backup,
    /// A dead node's disk is replaced by the copy that was made of it, or by an empty one.
    Restore,
    /// The validator client behaves like that.
    Client(Client),
    /// The workers lose what they are given.
    WorkersLost,
    /// The clock jumps by so many milliseconds.
    ClockJump(i64),
    /// The clock gains so many microseconds a second.
    ClockDrift(i64),
    /// The node lies when it leads.
    Lie(Lie),
    /// The node lies no more.
    Truth,
    /// The node is a liar from now on.
    Corrupt(Liar),
}

impl Fault {
    /// What it is called in reports: the kind without its details.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Weather { .. } => "weather",
            Fault::Crash => "crash",
            Fault::CrashBetween(_) => "crash between outputs",
            Fault::Start => "start",
            Fault::Alone => "alone",
            Fault::Split(_) => "split",
            Fault::Unheard => "unheard",
            Fault::Deaf => "deaf",
            Fault::Heal => "heal",
            Fault::BeaconDown => "beacon down",
            Fault::BeaconUp => "beacon up",
            Fault::BeaconSlow(_) => "beacon slow",
            Fault::OtherFork => "other fork",
            Fault::OtherHead => "other head",
            Fault::OtherDuties => "other duties",
            Fault::NoAggregates => "no aggregates",
            Fault::ThinAggregates => "thin aggregates",
            Fault::NoParents => "no parents",
            Fault::ForeignFees => "foreign fees",
            Fault::Nonsense(_) => "nonsense",
            Fault::Reorganisation => "reorganisation",
            Fault::Disk(_) => "disk",
            Fault::Backup => "backup",
            Fault::Restore => "restore",
            Fault::Client(_) => "client",
            Fault::WorkersLost => "workers lost",
            Fault::ClockJump(_) => "clock jump",
            Fault::ClockDrift(_) => "clock drift",
            Fault::Lie(_) => "lie",
            Fault::Truth => "truth",
            Fault::Corrupt(_) => "corrupt",
        }
    }
}

impl World {
    /// Does it to the node, or to the world. False when it changes nothing.
    pub fn inflict(&mut self, fault: Fault, node: usize) -> bool {
        let bodies = self.nodes.len();
        let runs = self.nodes[node].engine.is_some();
        match fault {
            Fault::Weather { delay_ms, duplicated, lost } => {
                self.settings.delay_ms = (1, delay_ms);
                (self.settings.duplicated, self.settings.lost) = (duplicated, lost);
            }
            Fault::Crash if runs => self.crash(node),
            Fault::CrashBetween(outputs) if runs => self.nodes[node].dies_after = Some(outputs),
            Fault::Start if !runs => self.start(node),
            Fault::Restore if !runs => self.restore_backup(node),
            Fault::Crash | Fault::CrashBetween(_) | Fault::Start | Fault::Restore => return false,
            Fault::Backup => self.nodes[node].copy = Some(self.backup(node)),
            Fault::Alone => {
                let others: Vec<usize> = (0..bodies).filter(|other| *other != node).collect();
                self.partition(&[&others]);
            }
            Fault::Split(halves) => {
                let is_in = |half| move |body: &usize| (halves >> body & 1 == 1) == half;
                let one: Vec<usize> = (0..bodies).filter(is_in(true)).collect();
                let other: Vec<usize> = (0..bodies).filter(is_in(false)).collect();
                self.partition(&[&one, &other]);
            }
            Fault::Unheard => self.deafen(node, (node + 1) % bodies),
            Fault::Deaf => (0..bodies).for_each(|other| self.deafen(other, node)),
            Fault::Heal => self.heal(),
            Fault::Reorganisation => {
                let epoch = self.spec.epoch_of(self.slot());
                let shuffling = self.chain.shuffling() + 1;
                self.chain.reorganise(Epoch(epoch.0 + 1), shuffling);
            }
            Fault::ClockJump(by_ms) => self.nodes[node].clock.ahead_ns += by_ms * 1_000_000,
            Fault::ClockDrift(ppm) => self.drift(node, ppm),
            // More liars than the cluster bears are a world of their own.
            Fault::Lie(_) | Fault::Corrupt(_) if !self.bears_liar(node) => return false,
            Fault::Lie(lie) => {
                self.nodes[node].lie = Some(lie);
                self.checks.liars.insert(self.nodes[node].peer);
            }
            Fault::Corrupt(liar) if self.is_honest(node) => self.make_liar(node, liar),
            Fault::Corrupt(_) => return false,
            of_node => self.inflict_on(of_node, node),
        }
        true
    }

    fn inflict_on(&mut self, fault: Fault, node: usize) {
        let it = &mut self.nodes[node];
        match fault {
            Fault::BeaconDown => it.beacon.is_up = false,
            Fault::BeaconUp => it.beacon = Beacon::default(),
            Fault::BeaconSlow(delay_ms) => it.beacon.delay_ms = delay_ms,
            Fault::OtherFork => it.beacon.fork ^= 1,
            Fault::OtherHead => it.beacon.head = (it.beacon.head + 1) % 3,
            Fault::OtherDuties => it.beacon.shuffling = Some(self.chain.shuffling() + 1),
            Fault::NoAggregates => it.beacon.aggregates = false,
            Fault::ThinAggregates => (it.beacon.votes, it.beacon.participants) = (2, 1),
            Fault::NoParents => it.beacon.knows_parents = false,
            Fault::ForeignFees => it.beacon.fee_recipient = eth::Address([0xbb; 20]),
            Fault::Nonsense(nonsense) => it.beacon.nonsense = Some(nonsense),
            Fault::Disk(disk) => it.disk = disk,
            Fault::Client(client) => it.client = client,
            Fault::WorkersLost => it.workers_are_lost = true,
            Fault::Truth => it.lie = None,
            _ => {}
        }
    }

    /// The clock does not jump when it begins to gain.
    fn drift(&mut self, node: usize, ppm: i64) {
        let before = self.nodes[node].clock.local(self.now);
        let clock = Clock { ahead_ns: 0, drift_ppm: ppm };
        let ahead_ns = before.0 - clock.local(self.now).0;
        self.nodes[node].clock = Clock { ahead_ns, ..clock };
    }

    fn bears_liar(&self, node: usize) -> bool {
        let peer = self.nodes[node].peer;
        let others = self.checks.liars.iter().filter(|liar| **liar != peer).count();
        others < self.settings.most_liars
    }

    /// Everything is as it should be, but for these nodes, which are dead.
    pub fn mend(&mut self, dead: &[usize]) {
        self.heal();
        self.settings.delay_ms = (1, 100);
        (self.settings.lost, self.settings.duplicated) = (0, 0);
        for node in 0..self.nodes.len() {
            let it = &mut self.nodes[node];
            (it.disk, it.client, it.lie) = (Disk::Good, Client::Honest, None);
            (it.workers_are_lost, it.dies_after) = (false, None);
            it.beacon = Beacon::default();
            it.clock = Clock::default();
            // A second body cannot be mended but by its end, nor can its twin's disk.
            let is_second = node >= self.settings.nodes;
            it.program = it.program.take().filter(|_| is_second || it.peer != node);
            match (dead.contains(&node) || is_second, it.engine.is_some()) {
                (true, true) => self.crash(node),
                (false, false) => self.start(node),
                _ => {}
            }
        }
    }
}
