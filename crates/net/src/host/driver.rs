//! The task that owns the swarm: connects, reconnects, and knows who is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, ListenError, SwarmEvent};
use libp2p::{PeerId, Swarm, identify, ping};
use qbft::PeerIndex;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::swarm::{Behaviour, BehaviourEvent, Started};
use crate::address_book::AddressBook;
use crate::config::Config;
use crate::event::Presence;
use crate::gate::Stranger;
use crate::limits::Limits;
use crate::metrics::{self, Metrics};
use crate::redial::Redial;
use crate::roster::Roster;

pub(crate) struct Driver {
    swarm: Swarm<Behaviour>,
    roster: Arc<Roster>,
    limits: Limits,
    addresses: AddressBook,
    redial: Redial,
    /// Live connections by peer, oldest first.
    connections: BTreeMap<PeerIndex, Vec<Link>>,
    presence: watch::Sender<Presence>,
    wanted: mpsc::Receiver<PeerIndex>,
    sessions: u64,
    metrics: Metrics,
}

/// One connection.
struct Link {
    id: ConnectionId,
    kind: metrics::Connection,
    since: Instant,
    failed_pings: u32,
}

impl Driver {
    pub(crate) fn new(
        started: Started,
        config: &Config,
        roster: Arc<Roster>,
        presence: watch::Sender<Presence>,
        wanted: mpsc::Receiver<PeerIndex>,
        metrics: Metrics,
    ) -> Driver {
        let limits = config.limits;
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), config.me.0);
        let redial = Redial::new(limits.redial_first, limits.redial_cap, seed);
        let mut addresses = AddressBook::new(limits.addresses_per_peer);
        for peer in &config.peers {
            addresses.configure(peer.index, &peer.addresses);
        }
        let Started { swarm, early, .. } = started;
        let connections = BTreeMap::new();
        let mut driver = Driver {
            swarm,
            roster,
            limits,
            addresses,
            redial,
            connections,
            presence,
            wanted,
            sessions: 0,
            metrics,
        };
        driver.miss_everybody();
        early.into_iter().for_each(|event| driver.on_event(event));
        driver
    }

    /// At the start nobody is there.
    fn miss_everybody(&mut self) {
        for peer in self.roster.others() {
            self.redial.lost(peer, Instant::now());
            self.show_addresses(peer);
        }
    }

    fn show_addresses(&self, peer: PeerIndex) {
        let label = metrics::Peer { peer: self.roster.name(peer).to_owned() };
        let known = i64::try_from(self.addresses.of(peer).len()).unwrap_or(i64::MAX);
        self.metrics.addresses.get_or_create(&label).set(known);
    }

    /// Drives the swarm until shutdown, then closes all connections.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let due = self.redial.next();
            tokio::select! {
                () = shutdown.cancelled() => break,
                event = self.swarm.select_next_some() => self.on_event(event),
                Some(peer) = self.wanted.recv() => self.redial.hurry(peer, Instant::now()),
                () = until(due) => self.dial_due(),
            }
        }
        self.close_all().await;
    }

    fn dial_due(&mut self) {
        for peer in self.redial.take_due(Instant::now()) {
            let addresses = self.addresses.of(peer);
            let Some(id) = self.roster.id(peer).filter(|_| !addresses.is_empty()) else { continue };
            let options = DialOpts::peer_id(id)
                .condition(PeerCondition::DisconnectedAndNotDialing)
                .addresses(addresses)
                .allocate_new_port()
                .build();
            match self.swarm.dial(options) {
                Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => {}
                Err(error) => tracing::debug!(peer = self.roster.name(peer), %error, "cannot dial"),
            }
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_connected(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
                tracing::debug!(%peer_id, ?cause, "connection closed");
                self.on_closed(peer_id, connection_id);
            }
            SwarmEvent::IncomingConnectionError {
                error: ListenError::Denied { cause },
                send_back_addr,
                ..
            } => {
                if let Some(stranger) = cause.downcast_ref::<Stranger>() {
                    tracing::debug!(from = %send_back_addr, %stranger, "connection refused");
                    self.metrics.strangers.inc();
                }
            }
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                tracing::debug!(?peer_id, %error, "dial failed");
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listener"),
            SwarmEvent::ListenerClosed { reason: Err(error), .. } => {
                tracing::error!(%error, "listener closed")
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => self.on_ping(&event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
                peer_id,
                info,
                ..
            })) => {
                self.on_identified(peer_id, &info);
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, id: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        let Some(peer) = self.roster.index(&id) else { return };
        let name = self.roster.name(peer);
        let r#type = if endpoint.is_relayed() { "relay" } else { "direct" };
        let kind = metrics::Connection { peer: name.to_owned(), r#type, protocol: "tcp" };
        self.metrics.connections.get_or_create(&kind).inc();
        self.metrics.connections_made.get_or_create(&metrics::Peer { peer: name.to_owned() }).inc();
        self.redial.reached(peer);
        let now = Instant::now();
        let links = self.connections.entry(peer).or_default();
        let comes_again = links.iter().all(|link| link.since + self.limits.same_session <= now);
        links.push(Link { id: connection, kind, since: now, failed_pings: 0 });
        let superfluous = links.len().saturating_sub(self.limits.connections_per_peer);
        // The newest has just proved that it lives; a restarted peer's old ones may be dead.
        for link in links.iter().take(superfluous) {
            self.swarm.close_connection(link.id);
        }
        if comes_again {
            tracing::info!(peer = name, index = %peer, address = %endpoint.get_remote_address(), "peer connected");
            self.sessions += 1;
            let session = self.sessions;
            self.presence.send_modify(|here| {
                here.insert(peer, session);
            });
        }
    }

    fn on_closed(&mut self, id: PeerId, connection: ConnectionId) {
        let Some(peer) = self.roster.index(&id) else { return };
        let Some(links) = self.connections.get_mut(&peer) else { return };
        for link in links.extract_if(.., |link| link.id == connection) {
            self.metrics.connections.get_or_create(&link.kind).dec();
        }
        if links.is_empty() {
            self.connections.remove(&peer);
            self.redial.lost(peer, Instant::now());
            let label = metrics::Peer { peer: self.roster.name(peer).to_owned() };
            self.metrics.ping_success.get_or_create(&label).set(0);
            tracing::info!(peer = self.roster.name(peer), index = %peer, "peer disconnected");
            self.presence.send_modify(|here| {
                here.remove(&peer);
            });
        }
    }

    fn on_ping(&mut self, event: &ping::Event) {
        let Some(peer) = self.roster.index(&event.peer) else { return };
        let label = metrics::Peer { peer: self.roster.name(peer).to_owned() };
        let links = self.connections.get_mut(&peer).into_iter().flatten();
        let link = links.into_iter().find(|link| link.id == event.connection);
        match &event.result {
            Ok(round_trip) => {
                self.metrics.ping_success.get_or_create(&label).set(1);
                self.metrics.ping_seconds.get_or_create(&label).observe(round_trip.as_secs_f64());
                if let Some(link) = link {
                    link.failed_pings = 0;
                }
            }
            Err(ping::Failure::Unsupported) => {}
            Err(error) => {
                tracing::debug!(peer = label.peer, %error, "ping failed");
                self.metrics.ping_success.get_or_create(&label).set(0);
                self.metrics.ping_errors.get_or_create(&label).inc();
                let Some(link) = link else { return };
                link.failed_pings += 1;
                if link.failed_pings >= self.limits.ping_failures {
                    self.swarm.close_connection(event.connection);
                }
            }
        }
    }

    fn on_identified(&mut self, id: PeerId, info: &identify::Info) {
        let Some(peer) = self.roster.index(&id) else { return };
        tracing::debug!(peer = self.roster.name(peer), agent = info.agent_version, "peer identified");
        self.addresses.learn(peer, &info.listen_addrs);
        self.show_addresses(peer);
    }

    async fn close_all(&mut self) {
        let ids: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for id in ids {
            // An error means that it has gone in the meantime.
            let _ = self.swarm.disconnect_peer_id(id);
        }
        let grace = tokio::time::sleep(CLOSING_GRACE);
        tokio::pin!(grace);
        while self.swarm.connected_peers().next().is_some() {
            tokio::select! {
                () = &mut grace => return,
                event = self.swarm.select_next_some() => self.on_event(event),
            }
        }
    }
}

/// How long connections may take to close.
const CLOSING_GRACE: std::time::Duration = std::time::Duration::from_secs(1);

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
