//! Whether the node is ready, and why not: the codes operators' alerts know.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use duty::{Reason, Time};
use eth::Spec;

/// Slots without a quorum of peers before the node counts as not ready: restarts of a peer must not alert.
const PEERLESS_SLOTS: i64 = 6;

/// Why the node is ready or not. The numbers are those of `app_monitoring_readyz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// All is well.
    Ready = 1,
    /// No beacon node answers.
    BeaconNodeDown = 2,
    /// The beacon node is syncing.
    BeaconNodeSyncing = 3,
    /// A quorum of peers has not been connected for some slots.
    TooFewPeers = 4,
    /// No validator client has called for an epoch.
    ValidatorClientSilent = 5,
    /// The beacon node has no peers.
    BeaconNodeAlone = 7,
    /// The beacon node is far behind.
    BeaconNodeFarBehind = 8,
    /// Another node runs with this node's key, and was there first.
    RunsTwice = 9,
    /// Whether the slashing ledger is the latest is not known yet.
    LedgerUnwitnessed = 10,
}

impl Readiness {
    /// What it means, in words.
    pub fn text(self) -> &'static str {
        match self {
            Readiness::Ready => "ok",
            Readiness::BeaconNodeDown => "no beacon node answers: check --beacon-node-endpoints",
            Readiness::BeaconNodeSyncing => "the beacon node is syncing",
            Readiness::TooFewPeers => "too few peers of the cluster are connected",
            Readiness::ValidatorClientSilent => "no validator client has called for an epoch",
            Readiness::BeaconNodeAlone => "the beacon node has no peers",
            Readiness::BeaconNodeFarBehind => "the beacon node is more than 320 slots behind",
            Readiness::RunsTwice => {
                "another node runs with this node's key and was started earlier: stop one of the two"
            }
            Readiness::LedgerUnwitnessed => {
                "no peer has told yet what it has seen of this node, so nothing slashable is signed"
            }
        }
    }
}

/// What the beacon node last said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeaconNode {
    /// It does not answer.
    Down,
    /// It answers.
    Up {
        /// Whether it is syncing.
        syncing: bool,
        /// Slots it is behind.
        behind: u64,
        /// Its peers; none when it does not tell.
        peers: Option<u64>,
    },
}

/// What is known of the node's surroundings. Written by many, read by the health endpoint.
#[derive(Debug)]
pub struct Status {
    /// Other peers needed for a quorum.
    needed: usize,
    connected: AtomicUsize,
    /// When a quorum of peers was last connected, nanoseconds since genesis.
    quorum_at: AtomicI64,
    client_heard_at: AtomicI64,
    beacon_up: AtomicBool,
    beacon_syncing: AtomicBool,
    beacon_behind: AtomicI64,
    beacon_alone: AtomicBool,
    runs_twice: AtomicBool,
    unwitnessed: AtomicBool,
}

impl Status {
    /// The status of a node that starts now, in a cluster whose quorum needs so many other peers.
    pub fn new(needed: usize, now: Time) -> Status {
        Status {
            needed,
            connected: AtomicUsize::new(0),
            quorum_at: AtomicI64::new(now.0),
            client_heard_at: AtomicI64::new(now.0),
            beacon_up: AtomicBool::new(true),
            beacon_syncing: AtomicBool::new(false),
            beacon_behind: AtomicI64::new(0),
            beacon_alone: AtomicBool::new(false),
            runs_twice: AtomicBool::new(false),
            unwitnessed: AtomicBool::new(false),
        }
    }

    /// So many other peers are connected from now on.
    pub fn set_connected(&self, peers: usize, now: Time) {
        let before = self.connected.swap(peers, Ordering::Relaxed);
        if before.max(peers) >= self.needed {
            self.quorum_at.store(now.0, Ordering::Relaxed);
        }
    }

    /// A validator client called.
    pub fn heard_validator_client(&self, now: Time) {
        self.client_heard_at.store(now.0, Ordering::Relaxed);
    }

    /// The beacon node was asked about itself.
    pub fn set_beacon(&self, beacon: BeaconNode) {
        if let BeaconNode::Up { syncing, behind, peers } = beacon {
            self.beacon_syncing.store(syncing, Ordering::Relaxed);
            self.beacon_behind.store(i64::try_from(behind).unwrap_or(i64::MAX), Ordering::Relaxed);
            self.beacon_alone.store(peers == Some(0), Ordering::Relaxed);
        }
        self.beacon_up.store(beacon != BeaconNode::Down, Ordering::Relaxed);
    }

    /// Why nothing slashable may be signed now, if so.
    pub fn set_withheld(&self, why: Option<Reason>) {
        self.runs_twice.store(why == Some(Reason::RunTwice), Ordering::Relaxed);
        self.unwitnessed.store(why == Some(Reason::LedgerUnwitnessed), Ordering::Relaxed);
    }

    /// Whether the node is ready now.
    pub fn readiness(&self, now: Time, spec: &Spec) -> Readiness {
        let slot_ns = spec.slot_duration_ns();
        let epoch_ns = slot_ns.saturating_mul(spec.slots_per_epoch as i64);
        let has_quorum = self.connected.load(Ordering::Relaxed) >= self.needed;
        let peerless_ns = if has_quorum { 0 } else { now.0 - self.quorum_at.load(Ordering::Relaxed) };
        let silent_ns = now.0 - self.client_heard_at.load(Ordering::Relaxed);
        match () {
            () if !self.beacon_up.load(Ordering::Relaxed) => Readiness::BeaconNodeDown,
            () if self.beacon_behind.load(Ordering::Relaxed) > 320 => Readiness::BeaconNodeFarBehind,
            () if self.beacon_syncing.load(Ordering::Relaxed) => Readiness::BeaconNodeSyncing,
            () if self.beacon_alone.load(Ordering::Relaxed) => Readiness::BeaconNodeAlone,
            () if peerless_ns > PEERLESS_SLOTS * slot_ns => Readiness::TooFewPeers,
            () if self.runs_twice.load(Ordering::Relaxed) => Readiness::RunsTwice,
            () if self.unwitnessed.load(Ordering::Relaxed) => Readiness::LedgerUnwitnessed,
            () if silent_ns > 2 * epoch_ns => Readiness::ValidatorClientSilent,
            () => Readiness::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eth::{Fork, Genesis, Preset};

    fn spec() -> Spec {
        let genesis = Genesis {
            genesis_time: 0,
            genesis_validators_root: eth::Root::ZERO,
            genesis_fork_version: eth::Version([0, 0, 0, 1]),
        };
        Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu)
    }

    fn slots(count: i64) -> Time {
        Time(count * 12_000_000_000)
    }

    #[test]
    fn a_node_without_a_quorum_of_peers_is_given_six_slots() {
        let status = Status::new(2, slots(0));
        assert_eq!(status.readiness(slots(6), &spec()), Readiness::Ready);
        assert_eq!(status.readiness(slots(7), &spec()), Readiness::TooFewPeers);
        status.set_connected(2, slots(7));
        assert_eq!(status.readiness(slots(7), &spec()), Readiness::Ready);
    }

    #[test]
    fn the_six_slots_begin_when_the_quorum_is_lost_not_when_somebody_last_asked() {
        let status = Status::new(2, slots(0));
        status.set_connected(2, slots(1));
        status.heard_validator_client(slots(15));
        status.set_connected(1, slots(15));
        assert_eq!(status.readiness(slots(21), &spec()), Readiness::Ready);
        assert_eq!(status.readiness(slots(22), &spec()), Readiness::TooFewPeers);
    }

    #[test]
    fn a_silent_validator_client_is_told() {
        let status = Status::new(0, slots(0));
        assert_eq!(status.readiness(slots(17), &spec()), Readiness::ValidatorClientSilent);
        status.heard_validator_client(slots(17));
        assert_eq!(status.readiness(slots(18), &spec()), Readiness::Ready);
    }

    #[test]
    fn a_node_that_may_not_sign_is_not_ready() {
        let status = Status::new(0, slots(0));
        for (why, readiness) in [
            (Some(Reason::LedgerUnwitnessed), Readiness::LedgerUnwitnessed),
            (Some(Reason::RunTwice), Readiness::RunsTwice),
            (None, Readiness::Ready),
        ] {
            status.set_withheld(why);
            assert_eq!(status.readiness(slots(0), &spec()), readiness);
        }
    }

    #[test]
    fn the_beacon_node_comes_first() {
        let status = Status::new(2, slots(0));
        status.set_beacon(BeaconNode::Down);
        assert_eq!(status.readiness(slots(100), &spec()), Readiness::BeaconNodeDown);
        status.set_beacon(BeaconNode::Up { syncing: true, behind: 400, peers: Some(3) });
        assert_eq!(status.readiness(slots(0), &spec()), Readiness::BeaconNodeFarBehind);
        status.set_beacon(BeaconNode::Up { syncing: false, behind: 0, peers: Some(0) });
        assert_eq!(status.readiness(slots(0), &spec()), Readiness::BeaconNodeAlone);
    }
}
