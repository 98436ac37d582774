//! The witness: what nodes of a cluster remember of each other, so that a ledger that was rolled back and a node that
//! runs twice are noticed (docs/decisions/0011).
//!
//! Three parts that know nothing of each other: `lives` tells who of the peers runs twice, `twins` whether we do,
//! `trust` whether our own ledger may be trusted.

pub(crate) mod lives;
pub(crate) mod trust;
pub(crate) mod twins;

use std::collections::BTreeMap;

use cluster::GroupKey;
use qbft::{PeerIndex, Time};
use slashing::Watermark;

use crate::Reason;
use crate::window::Window;
use lives::Lives;
use trust::Trust;
use twins::Twins;

/// What has been seen of one node's signatures: by validator the highest epochs of votes and the highest slot of a
/// block.
pub type Marks = BTreeMap<GroupKey, Watermark>;

/// The marks of each peer.
pub type Sightings = BTreeMap<PeerIndex, Marks>;

/// One life of a node, from its start to its end. The earlier of two is the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life {
    /// When it began, by its own clock.
    pub began: Time,
    /// A number that no other life has.
    pub nonce: [u8; 16],
}

/// What a node says to each peer twice a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The life that speaks.
    pub life: Life,
    /// The time in the peer's last answer to this life: only who lived then can repeat it.
    pub echo: Option<Time>,
    /// Whether it asks what the peer has seen of it.
    pub asks: bool,
}

/// What the peer answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// When it answered, by its own clock; to be repeated in the next hello.
    pub at: Time,
    /// What it has seen of the asking node, if that asked.
    pub seen: Option<Marks>,
    /// The oldest other life of the same node that is alive.
    pub twin: Option<Life>,
}

/// Names a hello, so that its answer finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HelloId(pub u64);

/// All that a node knows as a witness, and of itself from its witnesses.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) life: Life,
    /// Bounded by peers × validators: only what passed the checks of partial signatures comes in.
    seen: Sightings,
    has_news: bool,
    pub(crate) lives: Lives,
    pub(crate) trust: Trust,
    pub(crate) twins: Twins,
    echoes: BTreeMap<PeerIndex, Time>,
    hello_at: Time,
}

impl Witness {
    pub(crate) fn new(life: Life, trust: Trust, peers: usize, window: &Window) -> Witness {
        Witness {
            life,
            seen: Sightings::new(),
            has_news: false,
            lives: Lives::new(2 * window.slot_ns()),
            trust,
            twins: Twins::new(life, qbft::faults(peers), 2 * window.slot_ns()),
            echoes: BTreeMap::new(),
            hello_at: life.began,
        }
    }

    /// Takes in what a former life of this witness has seen.
    pub(crate) fn remember(&mut self, sightings: Sightings) {
        for (peer, marks) in sightings {
            marks.into_iter().for_each(|(key, mark)| self.see(peer, key, mark));
        }
        self.has_news = false;
    }

    /// Notes a signature of a peer.
    pub(crate) fn see(&mut self, peer: PeerIndex, key: GroupKey, mark: Watermark) {
        let known = self.seen.entry(peer).or_default().entry(key).or_default();
        let higher = known.raised_to(mark);
        self.has_news |= higher != *known;
        *known = higher;
    }

    /// What has been seen, if there is more than when this was last asked.
    pub(crate) fn news(&mut self) -> Option<Sightings> {
        std::mem::take(&mut self.has_news).then(|| self.seen.clone())
    }

    pub(crate) fn all_seen(&self) -> &Sightings {
        &self.seen
    }

    /// How many marks are kept.
    pub(crate) fn sightings(&self) -> usize {
        self.seen.values().map(Marks::len).sum()
    }

    /// The answer to a peer's hello.
    pub(crate) fn testimony(&self, to: PeerIndex, hello: &Hello, now: Time) -> Testimony {
        let seen = || self.seen.get(&to).cloned().unwrap_or_default();
        Testimony { at: now, seen: hello.asks.then(seen), twin: self.lives.twin(to, &hello.life, now) }
    }

    /// What to say to the peer.
    pub(crate) fn hello(&self, to: PeerIndex) -> Hello {
        Hello { life: self.life, echo: self.echoes.get(&to).copied(), asks: self.trust.asks(to) }
    }

    /// Keeps what is to be repeated to the peer.
    pub(crate) fn echo(&mut self, peer: PeerIndex, at: Time) {
        self.echoes.insert(peer, at);
    }

    /// Whether it is time to say hello; the next time is twice a slot, or soon while answers are missing.
    pub(crate) fn is_hello_due(&mut self, now: Time, window: &Window) -> bool {
        if now < self.hello_at {
            return false;
        }
        let pause_ns = if self.trust.is_settled() { window.slot_ns() / 2 } else { window.slot_ns() / 12 };
        self.hello_at = Time(now.0.saturating_add(pause_ns.max(1)));
        true
    }

    /// Whether slashable things may be signed.
    pub(crate) fn allows_signing(&self) -> Result<(), Reason> {
        if self.twins.forbid_signing() {
            Err(Reason::RunTwice)
        } else if self.trust.is_settled() {
            Ok(())
        } else {
            Err(Reason::LedgerUnwitnessed)
        }
    }

    /// When time alone changes something.
    pub(crate) fn deadline(&self, now: Time) -> Time {
        self.trust.deadline(now).map_or(self.hello_at, |at| at.min(self.hello_at))
    }
}
