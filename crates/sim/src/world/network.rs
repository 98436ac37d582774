//! The network: connections that delay, repeat, reorder and lose, and that break when they lose.

use std::collections::{BTreeMap, BTreeSet};

use duty::{ConsensusMessage, Duty, Hello, HelloId, Input, PartialSet, Testimony, Time};
use qbft::{Hash, Kind, Message, PeerIndex, Round};

use super::{Event, World};

/// The connections between bodies.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    /// Directions that are cut; both ends know.
    cut: BTreeSet<(usize, usize)>,
    /// Directions in which everything is lost and nobody notices.
    deaf: BTreeSet<(usize, usize)>,
    /// Until when a connection is broken; what is sent meanwhile is lost.
    broken: BTreeMap<(usize, usize), Time>,
    /// What each operator ever signed of consensus: nobody can say it in another's name.
    signed: BTreeSet<(Duty, PeerIndex, Words)>,
}

/// What the signature of a consensus message covers.
type Words = (Kind, Round, Option<Hash>, u64, Option<Hash>);

/// What travels.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A consensus message.
    Consensus(ConsensusMessage),
    /// Partial signatures.
    Partials(PartialSet),
    /// A hello of that body.
    Hello {
        /// Who asks.
        asker: usize,
        /// Names it.
        id: HelloId,
        /// What it says.
        hello: Hello,
    },
    /// The answer to a hello.
    Testimony(Testimony),
}

impl World {
    /// Lets only nodes of the same group talk to each other; who is in none is alone.
    pub fn partition(&mut self, groups: &[&[usize]]) {
        let together =
            |a: usize, b: usize| groups.iter().any(|group| group.contains(&a) && group.contains(&b));
        for a in 0..self.nodes.len() {
            for b in self.peers_of(a) {
                if !together(a, b) {
                    self.cut(a, b);
                }
            }
        }
    }

    /// Nothing gets from one to the other any more, and they know.
    fn cut(&mut self, from: usize, to: usize) {
        if self.network.cut.insert((from, to)) {
            let peer = self.peer(to);
            self.input_in(from, 0, Input::Disconnected(peer));
        }
    }

    /// Nothing gets from one to the other any more, and neither notices.
    pub fn deafen(&mut self, from: usize, to: usize) {
        if from != to {
            self.network.deaf.insert((from, to));
        }
    }

    /// Lets everybody talk to everybody again.
    pub fn heal(&mut self) {
        let deaf = std::mem::take(&mut self.network.deaf);
        // Whoever was not heard is found to be gone, and comes back.
        let pairs: BTreeSet<_> = deaf.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
        for pair in pairs {
            self.break_connection(pair);
        }
        for (a, b) in std::mem::take(&mut self.network.cut) {
            if a < b {
                self.connect(a, b);
            }
        }
    }

    /// Both ends will learn that there is a connection.
    pub(super) fn connect(&mut self, a: usize, b: usize) {
        let is_possible = !self.network.cut.contains(&(a, b)) && self.is_running(a) && self.is_running(b);
        if is_possible {
            let after_ms = self.random.between(20, 200);
            let broken = self.network.broken.get(&(a.min(b), a.max(b))).copied().unwrap_or(self.now);
            self.schedule(self.now.plus_ms(after_ms).max(broken), Event::Meet(a, b));
            self.tell_what_it_reads(a, b);
            self.tell_what_it_reads(b, a);
        }
    }

    /// Both ends learn that there is a connection, unless it is gone again.
    pub(super) fn meet(&mut self, a: usize, b: usize) {
        let is_cut = self.network.cut.contains(&(a, b)) || self.network.cut.contains(&(b, a));
        if is_cut || self.is_broken(a, b) || !self.is_running(a) || !self.is_running(b) {
            return;
        }
        let (peer_a, peer_b) = (self.peer(a), self.peer(b));
        self.step(a, Input::Connected(peer_b));
        self.step(b, Input::Connected(peer_a));
    }

    fn is_broken(&self, a: usize, b: usize) -> bool {
        self.network.broken.get(&(a.min(b), a.max(b))).is_some_and(|until| self.now < *until)
    }

    /// Peers exchange versions once they are connected.
    fn tell_what_it_reads(&mut self, from: usize, to: usize) {
        if let Some(reads_plural_contributions) = self.nodes[from].reads_plurals {
            let peer = self.peer(from);
            self.input_in(to, 250, Input::PeerTold { peer, reads_plural_contributions });
        }
    }

    pub(super) fn broadcast(&mut self, from: usize, parcel: &Parcel) {
        for to in self.peers_of(from) {
            self.deliver(from, to, parcel.clone());
        }
    }

    /// To every body of the operator.
    pub(super) fn deliver_to_peer(&mut self, from: usize, to: PeerIndex, parcel: Parcel) {
        for body in self.bodies_of(to) {
            self.deliver(from, body, parcel.clone());
        }
    }

    /// What an honest body sends goes its way; a liar's program makes of it what it will.
    pub(super) fn deliver(&mut self, from: usize, to: usize, parcel: Parcel) {
        if self.nodes[from].program.is_some() {
            return self.liar_sends(from, to, parcel);
        }
        self.post(from, to, 0, parcel);
    }

    /// Gives a parcel to the network.
    pub(crate) fn post(&mut self, from: usize, to: usize, after_ms: i64, parcel: Parcel) {
        if let Parcel::Consensus(message) = &parcel {
            self.register(message);
        }
        let is_lost = self.network.cut.contains(&(from, to)) || self.network.deaf.contains(&(from, to));
        if is_lost || !self.is_running(to) {
            return;
        }
        if self.is_broken(from, to) {
            return;
        }
        let pair = (from.min(to), from.max(to));
        if self.random.per_mille(self.settings.lost) {
            return self.break_connection(pair);
        }
        if self.random.per_mille(self.settings.duplicated) {
            self.arrive_later(from, to, after_ms, parcel.clone());
        }
        self.arrive_later(from, to, after_ms, parcel);
    }

    fn arrive_later(&mut self, from: usize, to: usize, after_ms: i64, parcel: Parcel) {
        let (least, greatest) = self.settings.delay_ms;
        let after_ms = after_ms + self.random.between(least, greatest);
        if self.nodes[to].program.is_some() {
            let parcel = Box::new(parcel.clone());
            self.schedule(self.now.plus_ms(after_ms), Event::Overheard { node: to, from, parcel });
        }
        let input = match parcel {
            Parcel::Consensus(message) => Input::Consensus(message),
            Parcel::Partials(set) => Input::Partials { from: self.peer(from), set },
            Parcel::Hello { asker, id, hello } => {
                self.askers.insert(id, asker);
                Input::Hello { from: self.peer(from), id, hello }
            }
            Parcel::Testimony(testimony) => Input::Witnessed { from: self.peer(from), testimony },
        };
        self.input_in(to, after_ms, input);
    }

    /// A stream loses nothing but with its connection; both ends notice, and connect again.
    fn break_connection(&mut self, (a, b): (usize, usize)) {
        if self.is_broken(a, b) {
            return;
        }
        let after_ms = self.random.between(10, 300);
        let until = self.now.plus_ms(after_ms + 50);
        self.network.broken.insert((a, b), until);
        let (peer_a, peer_b) = (self.peer(a), self.peer(b));
        self.input_in(a, after_ms, Input::Disconnected(peer_b));
        self.input_in(b, after_ms, Input::Disconnected(peer_a));
        self.schedule(until, Event::Meet(a, b));
    }

    fn is_running(&self, node: usize) -> bool {
        self.nodes[node].engine.is_some()
    }

    /// Remembers what was signed, where somebody might want to forge it.
    fn register(&mut self, message: &ConsensusMessage) {
        if !self.checks.liars.is_empty() {
            let of_sender = &message.message;
            self.network.signed.insert((message.duty, of_sender.source, words(of_sender)));
        }
    }

    /// Whether every signature in the message is one that its signer made, or the liar's own.
    pub(crate) fn is_authentic(&self, liar: PeerIndex, message: &ConsensusMessage) -> bool {
        let mut entries = std::iter::once(&message.message).chain(&message.message.justification);
        entries.all(|entry| {
            entry.source == liar
                || self.is_liar(entry.source)
                || self.network.signed.contains(&(message.duty, entry.source, words(entry)))
        })
    }

    /// Liars share their keys.
    fn is_liar(&self, peer: PeerIndex) -> bool {
        self.checks.liars.contains(&usize::from(peer.0))
    }
}

fn words(message: &Message) -> Words {
    (message.kind, message.round, message.value, message.prepared_round, message.prepared_value)
}
