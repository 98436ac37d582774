//! What operators' dashboards show of the network, under the names they know (facts/operators-interface.md).

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::protocol::Class;
use crate::roster::Roster;

type SecondsByPeer<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Peer {
    pub(crate) peer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Connection {
    pub(crate) peer: String,
    pub(crate) r#type: &'static str,
    pub(crate) protocol: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Traffic {
    pub(crate) peer: String,
    pub(crate) protocol: &'static str,
    pub(crate) transport: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct StreamKind {
    pub(crate) peer: String,
    pub(crate) direction: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) transport: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Sent {
    pub(crate) peer: String,
    pub(crate) protocol: &'static str,
    pub(crate) topic: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Loss {
    pub(crate) peer: String,
    pub(crate) topic: &'static str,
    pub(crate) reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Offence {
    pub(crate) peer: String,
    pub(crate) topic: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Version {
    pub(crate) peer: String,
    pub(crate) version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Commit {
    pub(crate) peer: String,
    pub(crate) git_hash: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Nickname {
    pub(crate) peer: String,
    pub(crate) peer_nickname: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Client {
    pub(crate) peer: String,
    pub(crate) dv_client: String,
}

/// The metrics of one host.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) connections: Family<Connection, Gauge>,
    pub(crate) connections_made: Family<Peer, Counter>,
    pub(crate) addresses: Family<Peer, Gauge>,
    pub(crate) strangers: Counter,
    pub(crate) received_bytes: Family<Traffic, Counter>,
    pub(crate) sent_bytes: Family<Traffic, Counter>,
    pub(crate) streams: Family<StreamKind, Gauge>,
    pub(crate) ping_errors: Family<Peer, Counter>,
    pub(crate) ping_seconds: SecondsByPeer<Peer>,
    pub(crate) ping_success: Family<Peer, Gauge>,
    pub(crate) send_seconds: SecondsByPeer<Sent>,
    pub(crate) lost: Family<Loss, Counter>,
    pub(crate) faults: Family<Offence, Counter>,
    pub(crate) peer_info: PeerInfoMetrics,
}

/// What peers tell about themselves.
#[derive(Clone, Default)]
pub(crate) struct PeerInfoMetrics {
    pub(crate) builder: Family<Peer, Gauge>,
    pub(crate) clock_offset: Family<Peer, Gauge<f64, AtomicU64>>,
    pub(crate) client: Family<Client, Gauge>,
    pub(crate) commit: Family<Commit, Gauge>,
    pub(crate) index: Family<Peer, Gauge>,
    pub(crate) nickname: Family<Nickname, Gauge>,
    pub(crate) start_time: Family<Peer, Gauge>,
    pub(crate) version: Family<Version, Gauge>,
    pub(crate) version_support: Family<Peer, Gauge>,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Metrics {
        let metrics = Metrics {
            connections: Family::default(),
            connections_made: Family::default(),
            addresses: Family::default(),
            strangers: Counter::default(),
            received_bytes: Family::default(),
            sent_bytes: Family::default(),
            streams: Family::default(),
            ping_errors: Family::default(),
            ping_seconds: Family::new_with_constructor(round_trip_histogram),
            ping_success: Family::default(),
            send_seconds: Family::new_with_constructor(send_histogram),
            lost: Family::default(),
            faults: Family::default(),
            peer_info: PeerInfoMetrics::default(),
        };
        metrics.register_host(registry);
        metrics.peer_info.register(registry);
        metrics
    }

    fn register_host(&self, to: &mut Registry) {
        let m = self.clone();
        to.register(
            "p2p_peer_connection_types",
            "Open connections by peer, type and protocol",
            m.connections,
        );
        to.register("p2p_peer_connection", "Connections made", m.connections_made);
        to.register("p2p_peer_addresses", "Addresses at which a peer may be dialled", m.addresses);
        to.register("p2p_refused_strangers", "Secured connections refused to strangers", m.strangers);
        to.register("p2p_peer_network_receive_bytes", "Bytes of received messages", m.received_bytes);
        to.register("p2p_peer_network_sent_bytes", "Bytes of sent messages", m.sent_bytes);
        to.register("p2p_peer_streams", "Open streams", m.streams);
        to.register("p2p_ping_error", "Failed pings", m.ping_errors);
        to.register("p2p_ping_latency_secs", "Round trip of pings in seconds", m.ping_seconds);
        to.register("p2p_ping_success", "1 when the last ping succeeded, 0 when not", m.ping_success);
        to.register("p2p_send_duration_seconds", "Time to send a message, with its stream", m.send_seconds);
        to.register("p2p_messages_lost", "Messages not sent, by reason", m.lost);
        to.register("p2p_peer_faults", "Messages of a peer that were refused", m.faults);
    }

    /// Shows every peer, before the first of them comes.
    pub(crate) fn introduce(&self, roster: &Roster) {
        for peer in roster.others() {
            self.ping_success.get_or_create(&Peer { peer: roster.name(peer).to_owned() }).set(0);
        }
    }

    /// The pieces of one message were written to a peer.
    pub(crate) fn sent(&self, peer: &str, class: Class, bytes: usize, took: Duration) {
        let (peer, protocol) = (peer.to_owned(), class.id());
        let traffic = Traffic { peer: peer.clone(), protocol, transport: "tcp" };
        self.sent_bytes.get_or_create(&traffic).inc_by(bytes as u64);
        let sent = Sent { peer, protocol, topic: class.name() };
        self.send_seconds.get_or_create(&sent).observe(took.as_secs_f64());
    }

    /// A message came in.
    pub(crate) fn received(&self, peer: &str, class: Class, bytes: usize) {
        let traffic = Traffic { peer: peer.to_owned(), protocol: class.id(), transport: "tcp" };
        self.received_bytes.get_or_create(&traffic).inc_by(bytes as u64);
    }

    /// Messages were dropped unsent.
    pub(crate) fn lose(&self, peer: &str, class: Class, reason: &'static str, count: u64) {
        if count > 0 {
            let loss = Loss { peer: peer.to_owned(), topic: class.name(), reason };
            self.lost.get_or_create(&loss).inc_by(count);
        }
    }

    /// Counts a stream for as long as the guard lives.
    pub(crate) fn stream(&self, peer: &str, class: Class, direction: &'static str) -> StreamGuard {
        let kind = StreamKind { peer: peer.to_owned(), direction, protocol: class.id(), transport: "tcp" };
        let gauge = self.streams.get_or_create_owned(&kind);
        gauge.inc();
        StreamGuard(gauge)
    }
}

impl PeerInfoMetrics {
    fn register(&self, to: &mut Registry) {
        let m = self.clone();
        to.register("app_peerinfo_builder_api_enabled", "1 when the peer wants builder blocks", m.builder);
        to.register("app_peerinfo_clock_offset_seconds", "The peer's clock minus ours", m.clock_offset);
        to.register("app_peerinfo_dv_client", "The peer's program", m.client);
        to.register("app_peerinfo_git_commit", "The commit of the peer's program", m.commit);
        to.register("app_peerinfo_index", "The peer's position in the cluster", m.index);
        to.register("app_peerinfo_nickname", "The peer's own name", m.nickname);
        to.register("app_peerinfo_start_time_secs", "When the peer started, unix seconds", m.start_time);
        to.register("app_peerinfo_version", "The version of the peer's program", m.version);
        to.register(
            "app_peerinfo_version_support",
            "1 when the peer's version is supported",
            m.version_support,
        );
    }
}

/// One open stream in the gauge.
pub(crate) struct StreamGuard(Gauge);

impl Drop for StreamGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// From 1 ms to 4 s.
fn round_trip_histogram() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0])
}

/// From 1 ms to the send deadline.
fn send_histogram() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 7.0])
}
