//! Hellos between bodies and what becomes of them; ledgers that are rolled back, and identities that run twice.

use cluster::GroupKey;
use duty::{Hello, HelloId, Input, Marks, PartialSet, Sightings, Testimony};
use eth::Slot;
use qbft::PeerIndex;
use slashing::{Ledger, MemoryStore, Refusal, Watermark};

use super::network::Parcel;
use super::{Node, World};

/// What a node has of the witness beside its engine.
#[derive(Debug)]
pub struct Witness {
    /// Whether it speaks the witness's protocol: Charon's nodes do not.
    pub speaks: bool,
    /// Whether its operator vouches for its ledger.
    pub trusts_ledger: bool,
    /// What its disk keeps of its peers' signatures.
    pub sightings: Sightings,
}

impl Default for Witness {
    fn default() -> Witness {
        Witness { speaks: true, trusts_ledger: false, sightings: Sightings::new() }
    }
}

impl Node {
    /// No other life of any body has that.
    pub(super) fn nonce(&self, node: usize) -> [u8; 16] {
        let mut nonce = [0; 16];
        nonce[0] = u8::try_from(node).expect("a few nodes");
        nonce[1..5].copy_from_slice(&self.life.to_be_bytes());
        nonce
    }
}

impl World {
    pub(super) fn say_hello(&mut self, node: usize, to: PeerIndex, hello: Hello) {
        if !self.nodes[node].witness.speaks {
            return;
        }
        for body in self.bodies_of(to) {
            if self.nodes[body].witness.speaks {
                self.hellos += 1;
                let id = HelloId(self.hellos);
                self.deliver(node, body, Parcel::Hello { asker: node, id, hello });
            } else if self.nodes[body].engine.is_some() {
                self.input_in(node, 100, Input::WitnessUnsupported(to));
            }
        }
    }

    /// The answer goes back to the body that asked.
    pub(super) fn testify(&mut self, node: usize, id: HelloId, testimony: Testimony) {
        if let Some(asker) = self.askers.remove(&id) {
            self.deliver(node, asker, Parcel::Testimony(testimony));
        }
    }

    pub(super) fn fast_forward(&mut self, node: usize, seen: &[(GroupKey, Watermark)]) {
        let closed = |_| Refusal::LedgerClosed;
        let behind = match self.open_ledger(node) {
            Some(ledger) => ledger.fast_forward(seen).map_err(closed),
            None => Err(Refusal::LedgerClosed),
        };
        self.input_soon(node, Input::FastForwarded(behind));
    }

    /// A copy of the node's disk at this moment.
    pub fn backup(&self, node: usize) -> MemoryStore {
        self.nodes[node].ledger.as_ref().expect("a node has a ledger").store().clone()
    }

    /// The disk of a node that is down is replaced, by an older copy for instance.
    pub fn restore(&mut self, node: usize, store: MemoryStore) {
        let ledger = Ledger::open(store).expect("a copy can be read");
        self.nodes[node].ledger = Some(ledger);
    }

    /// The disk of a node that is down is replaced by the copy that was made of it, or by an empty one.
    pub(crate) fn restore_backup(&mut self, node: usize) {
        let store = self.nodes[node].copy.clone().unwrap_or_else(|| self.empty_disk());
        self.checks.forgetful.insert(self.nodes[node].peer);
        self.restore(node, store);
    }

    /// An empty disk.
    pub fn empty_disk(&self) -> MemoryStore {
        super::disk::empty(&self.spec, self.settings.validators).into_store()
    }

    /// One more body of the operator, with that disk; it is not running yet.
    pub fn add_body(&mut self, peer: usize, store: MemoryStore) -> usize {
        let mut body = Node::new(peer, &self.spec, self.settings.validators);
        body.ledger = Some(Ledger::open(store).expect("a copy can be read"));
        self.nodes.push(body);
        self.nodes.len() - 1
    }

    /// The highest that bodies of the operator have sent their peers, up to now.
    pub fn sent_marks(&self, peer: usize) -> Marks {
        let bodies = self.nodes.iter().filter(|body| body.peer == peer);
        let mut highest = Marks::new();
        for (key, mark) in bodies.flat_map(|body| &body.sent_partials).flat_map(|(_, set)| marks(set)) {
            let known: &mut Watermark = highest.entry(key).or_default();
            *known = known.raised_to(mark);
        }
        highest
    }

    /// The slots of slashable things that the body sent, from one of its parcels on.
    pub fn signed_since(&self, node: usize, parcels: usize) -> Vec<Slot> {
        let sets = self.nodes[node].sent_partials[parcels..].iter();
        let slashable = sets.filter(|(_, set)| set.duty.kind.is_slashable());
        slashable.map(|(_, set)| set.duty.slot).collect()
    }

    pub(super) fn bodies_of(&self, peer: PeerIndex) -> Vec<usize> {
        (0..self.nodes.len()).filter(|body| self.peer(*body) == peer).collect()
    }
}

/// The marks that the set leaves.
pub fn marks(set: &PartialSet) -> Marks {
    let mark = |(key, partial): (&GroupKey, &duty::Partial)| {
        crate::checker::slashable(&partial.signed).map(|what| (*key, Watermark::of(what)))
    };
    set.partials.iter().filter_map(mark).collect()
}
