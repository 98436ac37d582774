//! What the node counts, under the names operators' dashboards know.

mod witness;

use std::sync::atomic::AtomicU64;

use duty::{Duty, DutyReport, Notice, Time};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use self::witness::Witness;

/// The only consensus protocol and timer there are.
const PROTOCOL: &str = "/charon/consensus/qbft/2.0.0";
const TIMER: &str = "eager_dlinear";

/// Seconds into a slot at which duties usually move.
const SLOT_SECONDS: [f64; 14] = [0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 8.0, 12.0];
const SHORT_SECONDS: [f64; 15] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0];

type FloatGauge = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfDuty {
    duty: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProtocol {
    protocol: &'static str,
    duty: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTimer {
    protocol: &'static str,
    duty: &'static str,
    timer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPeer {
    duty: &'static str,
    peer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPeerIndex {
    duty: &'static str,
    peer_idx: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    duty: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfValueRefused {
    duty: &'static str,
    reason: &'static str,
    leader: String,
}

/// What identifies the node to a dashboard; all of it constant.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The network's name.
    pub(crate) network: String,
    /// How many operators there are.
    pub(crate) operators: usize,
    /// Partial signatures that make a group signature.
    pub(crate) threshold: usize,
    /// How many validators there are.
    pub(crate) validators: usize,
    /// This node's name among its peers.
    pub(crate) peer_name: String,
    /// The version of this program.
    pub(crate) version: String,
    /// Every peer's name, in the operators' order.
    pub(crate) peers: Vec<String>,
}

/// The node's own metrics. Those of the hands are registered by the hands.
#[derive(Clone)]
pub(crate) struct Metrics {
    peers: Vec<String>,
    slot: Gauge,
    epoch: Gauge,
    active: Gauge,
    readyz: Gauge,
    clock_drift: FloatGauge,
    duties: Family<OfDuty, Counter>,
    decided_rounds: Family<OfTimer, Gauge>,
    decided_leader: Family<OfProtocol, Gauge>,
    consensus_seconds: Family<OfTimer, Histogram>,
    consensus_timeouts: Family<OfTimer, Counter>,
    values_refused: Family<OfValueRefused, Counter>,
    faults: Family<OfPeer, Counter>,
    heads_differed: Family<OfDuty, Counter>,
    unacknowledged_fees: Gauge,
    registrations: Counter,
    refusals: Family<OfReason, Counter>,
    stored: Family<OfPeerIndex, Histogram>,
    aggregated: Family<OfDuty, Histogram>,
    broadcasts: Family<OfDuty, Counter>,
    broadcast_delay: Family<OfDuty, Histogram>,
    expected: Family<OfDuty, Counter>,
    succeeded: Family<OfDuty, Counter>,
    failed: Family<OfDuty, Counter>,
    failed_reasons: Family<OfReason, Counter>,
    participation_expected: Family<OfPeer, Counter>,
    participation_success: Family<OfPeer, Counter>,
    participation_missed: Family<OfPeer, Counter>,
    witness: Witness,
}

fn slot_histogram() -> Histogram {
    Histogram::new(SLOT_SECONDS)
}

fn short_histogram() -> Histogram {
    Histogram::new(SHORT_SECONDS)
}

impl Metrics {
    /// Registers the metrics and sets those that never change.
    pub(crate) fn register(registry: &mut Registry, identity: &Identity, started_unix_s: u64) -> Metrics {
        register_identity(registry, identity, started_unix_s);
        let metrics = Metrics {
            peers: identity.peers.clone(),
            slot: Gauge::default(),
            epoch: Gauge::default(),
            active: Gauge::default(),
            readyz: Gauge::default(),
            clock_drift: FloatGauge::default(),
            duties: Family::default(),
            decided_rounds: Family::default(),
            decided_leader: Family::default(),
            consensus_seconds: Family::new_with_constructor(short_histogram),
            consensus_timeouts: Family::default(),
            values_refused: Family::default(),
            faults: Family::default(),
            heads_differed: Family::default(),
            unacknowledged_fees: Gauge::default(),
            registrations: Counter::default(),
            refusals: Family::default(),
            stored: Family::new_with_constructor(slot_histogram),
            aggregated: Family::new_with_constructor(slot_histogram),
            broadcasts: Family::default(),
            broadcast_delay: Family::new_with_constructor(slot_histogram),
            expected: Family::default(),
            succeeded: Family::default(),
            failed: Family::default(),
            failed_reasons: Family::default(),
            participation_expected: Family::default(),
            participation_success: Family::default(),
            participation_missed: Family::default(),
            witness: Witness::default(),
        };
        metrics.witness.register(registry);
        metrics.register_chain(registry);
        metrics.register_duties(registry);
        metrics.register_tracker(registry);
        metrics
    }

    fn register_chain(&self, registry: &mut Registry) {
        registry.register("core_scheduler_current_slot", "The current slot", self.slot.clone());
        registry.register("core_scheduler_current_epoch", "The current epoch", self.epoch.clone());
        let active = "Validators of the cluster that the beacon node knows as active";
        registry.register("core_scheduler_validators_active", active, self.active.clone());
        registry.register("app_monitoring_readyz", "1 when ready, otherwise why not", self.readyz.clone());
        let drift = "Wall clock minus the node's clock, in seconds";
        registry.register("phalanx_clock_drift_seconds", drift, self.clock_drift.clone());
    }

    fn register_duties(&self, registry: &mut Registry) {
        registry.register("core_scheduler_duty", "Duties begun", self.duties.clone());
        let rounds = "Rounds the latest decision took";
        registry.register("core_consensus_decided_rounds", rounds, self.decided_rounds.clone());
        let leader = "Leader of the latest decision";
        registry.register("core_consensus_decided_leader_index", leader, self.decided_leader.clone());
        let seconds = "From the start of an instance to its decision";
        registry.register("core_consensus_duration_seconds", seconds, self.consensus_seconds.clone());
        registry.register("core_consensus_timeout", "Rounds that timed out", self.consensus_timeouts.clone());
        registry.register("phalanx_values_refused", "Leaders' values refused", self.values_refused.clone());
        registry.register("phalanx_peer_faults", "What peers did wrong", self.faults.clone());
        let heads = "Slots in which validator clients signed different head blocks";
        registry.register("phalanx_sync_heads_differed", heads, self.heads_differed.clone());
        let fees = "Beacon nodes that have not acknowledged where the fees go";
        registry.register("phalanx_fee_recipients_unacknowledged", fees, self.unacknowledged_fees.clone());
        let sent = "Times the registrations with builders were taken by a beacon node";
        registry.register("phalanx_builder_registrations", sent, self.registrations.clone());
        let refusals = "Signatures the slashing ledger refused";
        registry.register("phalanx_ledger_refusals", refusals, self.refusals.clone());
        let stored = "Seconds into the slot at which partial signatures arrived";
        registry.register("core_parsigdb_store", stored, self.stored.clone());
        let aggregated = "Seconds into the slot at which signatures were complete";
        registry.register("core_sigagg_slot_aggregation_seconds", aggregated, self.aggregated.clone());
        registry.register("core_bcast_broadcast", "Duties published", self.broadcasts.clone());
        let delay = "Seconds into the slot at which duties were published";
        registry.register("core_bcast_broadcast_delay_seconds", delay, self.broadcast_delay.clone());
    }

    fn register_tracker(&self, registry: &mut Registry) {
        registry.register("core_tracker_expect_duties", "Duties expected", self.expected.clone());
        registry.register("core_tracker_success_duties", "Duties done", self.succeeded.clone());
        registry.register("core_tracker_failed_duties", "Duties missed", self.failed.clone());
        let reasons = "Duties missed, by reason";
        registry.register("core_tracker_failed_duty_reasons", reasons, self.failed_reasons.clone());
        let expected = "Partial signatures expected of a peer";
        registry.register(
            "core_tracker_participation_expected",
            expected,
            self.participation_expected.clone(),
        );
        let success = "Partial signatures of a peer that came";
        registry.register("core_tracker_participation_success", success, self.participation_success.clone());
        registry.register("core_tracker_participation", success, self.participation_success.clone());
        let missed = "Partial signatures of a peer that did not come in time";
        registry.register("core_tracker_participation_missed", missed, self.participation_missed.clone());
    }

    /// A slot began.
    pub(crate) fn slot(&self, slot: u64, epoch: u64) {
        self.slot.set(slot as i64);
        self.epoch.set(epoch as i64);
    }

    /// So many validators are active.
    pub(crate) fn active(&self, count: usize) {
        self.active.set(count as i64);
    }

    /// The state of readiness.
    pub(crate) fn ready(&self, code: i64) {
        self.readyz.set(code);
    }

    /// Whether nothing slashable is signed at the moment.
    pub(crate) fn withhold(&self, withholds: bool) {
        self.witness.withhold(withholds);
    }

    /// How many beacon nodes have not acknowledged where the fees go.
    pub(crate) fn unacknowledged_fees(&self, endpoints: usize) {
        self.unacknowledged_fees.set(endpoints as i64);
    }

    /// A beacon node took the registrations with builders.
    pub(crate) fn registered(&self) {
        self.registrations.inc();
    }

    /// How far wall time is ahead of the node's clock.
    pub(crate) fn clock_drift(&self, drift_ns: i64) {
        self.clock_drift.set(drift_ns as f64 / 1e9);
    }

    /// The beacon node took publications of the duty.
    pub(crate) fn published(&self, duty: Duty, count: usize, since_slot_start_s: f64) {
        let label = of(duty);
        self.broadcasts.get_or_create(&label).inc_by(count as u64);
        self.broadcast_delay.get_or_create(&label).observe(since_slot_start_s);
    }

    /// Counts what the engine noticed. `into_slot_s` gives the seconds since the duty's slot began.
    pub(crate) fn notice(&self, notice: &Notice, now: Time, slot_start: impl Fn(Duty) -> Time) {
        let into_slot_s = |duty: Duty| (now.0 - slot_start(duty).0).max(0) as f64 / 1e9;
        match notice {
            Notice::Started(duty) => {
                self.duties.get_or_create(&of(*duty)).inc();
            }
            Notice::RoundTimeout { duty, .. } => {
                self.consensus_timeouts.get_or_create(&timer(*duty)).inc();
            }
            Notice::Decided { duty, round, leader, duration_ns } => {
                self.decided_rounds.get_or_create(&timer(*duty)).set(round.number() as i64);
                self.decided_leader.get_or_create(&protocol(*duty)).set(i64::from(leader.0));
                if let Some(duration_ns) = duration_ns {
                    self.consensus_seconds.get_or_create(&timer(*duty)).observe(*duration_ns as f64 / 1e9);
                }
            }
            Notice::ValueRefused { duty, leader, reason, .. } => {
                let leader = leader.to_string();
                let label = OfValueRefused { duty: duty.kind.name(), reason: reason.code(), leader };
                self.values_refused.get_or_create(&label).inc();
            }
            Notice::SigningRefused { duty, refusal, .. } => {
                let label = OfReason { duty: duty.kind.name(), reason: refusal.code() };
                self.refusals.get_or_create(&label).inc();
            }
            Notice::Fault { peer, duty, .. } => {
                self.faults.get_or_create(&self.of_peer(*duty, usize::from(peer.0))).inc();
            }
            Notice::PartialsStored { duty, share, .. } => {
                let peer_idx = (share.number() - 1).to_string();
                let label = OfPeerIndex { duty: duty.kind.name(), peer_idx };
                self.stored.get_or_create(&label).observe(into_slot_s(*duty));
            }
            Notice::HeadsDiffered { duty, .. } => {
                self.heads_differed.get_or_create(&of(*duty)).inc();
            }
            Notice::Aggregated { duty, .. } => {
                self.aggregated.get_or_create(&of(*duty)).observe(into_slot_s(*duty));
            }
            Notice::Expected { duty, .. } => {
                self.expected.get_or_create(&of(*duty)).inc();
            }
            Notice::Over(report) => self.over(report),
            Notice::LedgerTrusted(_)
            | Notice::LedgerBehind { .. }
            | Notice::FalseTestimony(_)
            | Notice::RunsTwice { .. }
            | Notice::PeerRunsTwice { .. }
            | Notice::PeerRunsOnce(_) => self.witness.notice(notice, |peer| self.name(usize::from(peer.0))),
        }
    }

    fn over(&self, report: &DutyReport) {
        let label = of(report.duty);
        match report.missed {
            None => {
                self.succeeded.get_or_create(&label).inc();
            }
            Some(reason) => {
                self.failed.get_or_create(&label).inc();
                let label = OfReason { duty: report.duty.kind.name(), reason: reason.code() };
                self.failed_reasons.get_or_create(&label).inc();
            }
        }
        for peer in 0..self.peers.len() {
            let came = report.participants.iter().any(|share| usize::from(share.number()) == peer + 1);
            let label = self.of_peer(report.duty, peer);
            self.participation_expected.get_or_create(&label).inc();
            let counter = if came { &self.participation_success } else { &self.participation_missed };
            counter.get_or_create(&label).inc();
        }
    }

    fn of_peer(&self, duty: Duty, peer: usize) -> OfPeer {
        OfPeer { duty: duty.kind.name(), peer: self.name(peer) }
    }

    fn name(&self, peer: usize) -> String {
        self.peers.get(peer).cloned().unwrap_or_default()
    }
}

fn of(duty: Duty) -> OfDuty {
    OfDuty { duty: duty.kind.name() }
}

fn protocol(duty: Duty) -> OfProtocol {
    OfProtocol { protocol: PROTOCOL, duty: duty.kind.name() }
}

fn timer(duty: Duty) -> OfTimer {
    OfTimer { protocol: PROTOCOL, duty: duty.kind.name(), timer: TIMER }
}

fn register_identity(registry: &mut Registry, identity: &Identity, started_unix_s: u64) {
    let constant = |registry: &mut Registry, name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    constant(registry, "cluster_operators", "Operators of the cluster", identity.operators as i64);
    constant(registry, "cluster_threshold", "Partial signatures that make one", identity.threshold as i64);
    constant(registry, "cluster_validators", "Validators of the cluster", identity.validators as i64);
    constant(registry, "app_start_time_secs", "Unix time of the start", started_unix_s as i64);
    for (name, help, label, value) in [
        ("app_version", "The version", "version", &identity.version),
        ("app_peer_name", "This node's name among its peers", "peer_name", &identity.peer_name),
        ("cluster_network", "The network", "network", &identity.network),
    ] {
        let family = Family::<Vec<(String, String)>, Gauge>::default();
        family.get_or_create(&vec![(label.to_owned(), value.clone())]).set(1);
        registry.register(name, help, family);
    }
}
