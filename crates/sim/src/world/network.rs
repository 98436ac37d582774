//! The network: connections that delay, repeat and lose, and that break when they lose.

use std::collections::{BTreeMap, BTreeSet};

use duty::{ConsensusMessage, Input, PartialSet, Time};

use super::{World, index};

/// Which connections are cut.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    cut: BTreeSet<(usize, usize)>,
    /// Until when a connection is broken; what is sent meanwhile is lost.
    broken: BTreeMap<(usize, usize), Time>,
}

/// What travels.
#[derive(Clone, Debug)]
pub(super) enum Parcel {
    Consensus(ConsensusMessage),
    Partials(PartialSet),
}

impl World {
    /// Lets only nodes of the same group talk to each other; who is in none is alone.
    pub fn partition(&mut self, groups: &[&[usize]]) {
        let together =
            |a: usize, b: usize| groups.iter().any(|group| group.contains(&a) && group.contains(&b));
        for a in 0..self.settings.nodes {
            for b in self.peers_of(a) {
                if !together(a, b) && self.network.cut.insert((a, b)) {
                    self.input_in(a, 0, Input::Disconnected(index(b)));
                }
            }
        }
    }

    /// Lets everybody talk to everybody again.
    pub fn heal(&mut self) {
        for (a, b) in std::mem::take(&mut self.network.cut) {
            if a < b {
                self.connect(a, b);
            }
        }
    }

    /// Both ends learn that there is a connection.
    pub(super) fn connect(&mut self, a: usize, b: usize) {
        let is_possible = !self.network.cut.contains(&(a, b)) && self.is_running(a) && self.is_running(b);
        if is_possible {
            let after_ms = self.random.between(20, 200);
            self.input_in(a, after_ms, Input::Connected(index(b)));
            self.input_in(b, after_ms, Input::Connected(index(a)));
            self.tell_what_it_reads(a, b);
            self.tell_what_it_reads(b, a);
        }
    }

    /// Peers exchange versions once they are connected.
    fn tell_what_it_reads(&mut self, from: usize, to: usize) {
        if let Some(reads_plural_contributions) = self.nodes[from].reads_plurals {
            self.input_in(to, 250, Input::PeerTold { peer: index(from), reads_plural_contributions });
        }
    }

    pub(super) fn broadcast(&mut self, from: usize, parcel: &Parcel) {
        for to in self.peers_of(from) {
            self.deliver(from, to, parcel.clone());
        }
    }

    pub(super) fn deliver(&mut self, from: usize, to: usize, parcel: Parcel) {
        if self.network.cut.contains(&(from, to)) || !self.is_running(to) {
            return;
        }
        let pair = (from.min(to), from.max(to));
        if self.network.broken.get(&pair).is_some_and(|until| self.now < *until) {
            return;
        }
        if self.random.per_mille(self.settings.lost) {
            return self.break_connection(pair);
        }
        if self.random.per_mille(self.settings.duplicated) {
            self.arrive_later(from, to, parcel.clone());
        }
        self.arrive_later(from, to, parcel);
    }

    fn arrive_later(&mut self, from: usize, to: usize, parcel: Parcel) {
        let (least, greatest) = self.settings.delay_ms;
        let after_ms = self.random.between(least, greatest);
        let input = match parcel {
            Parcel::Consensus(message) => Input::Consensus(message),
            Parcel::Partials(set) => Input::Partials { from: index(from), set },
        };
        self.input_in(to, after_ms, input);
    }

    /// A stream loses nothing but with its connection; both ends notice, and connect again.
    fn break_connection(&mut self, (a, b): (usize, usize)) {
        let after_ms = self.random.between(10, 300);
        self.network.broken.insert((a, b), self.now.plus_ms(after_ms + 50));
        self.input_in(a, after_ms, Input::Disconnected(index(b)));
        self.input_in(b, after_ms, Input::Disconnected(index(a)));
        self.input_in(a, after_ms + 50, Input::Connected(index(b)));
        self.input_in(b, after_ms + 50, Input::Connected(index(a)));
    }

    fn is_running(&self, node: usize) -> bool {
        self.nodes[node].engine.is_some()
    }
}
