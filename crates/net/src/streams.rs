//! The stream behaviour: opens streams in parallel and hands inbound ones over without loss.
//!
//! One message travels per stream, so a dropped stream is a lost vote. An inbound stream therefore waits in its
//! negotiation for a place among its peer's streams ([`Places`]); while it waits, the multiplexer holds the peer back.

mod handler;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished, FromSwarm};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, NetworkBehaviour, NotifyHandler, StreamProtocol, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::limits::Limits;
pub(crate) use handler::Handler;

/// A stream a peer opened, with its place among the peer's concurrent streams.
pub(crate) struct Inbound {
    pub(crate) peer: PeerId,
    pub(crate) protocol: StreamProtocol,
    pub(crate) stream: Stream,
    /// Given back when the stream is done; only then may the peer's next one come in.
    pub(crate) place: OwnedSemaphorePermit,
}

/// Why a stream could not be opened. None of them is the caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the peer is not connected")]
    NotConnected,
    #[error("the connection closed while the stream was opening")]
    ConnectionClosed,
    #[error("the peer speaks none of the offered protocols")]
    Unsupported,
    #[error("the peer did not answer the negotiation in time")]
    Timeout,
}

/// A wish for a stream: the protocols in the order they are offered.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) protocols: Vec<StreamProtocol>,
    pub(crate) reply: oneshot::Sender<Result<(StreamProtocol, Stream), OpenError>>,
}

/// Opens streams on the connections of the swarm that owns the behaviour.
#[derive(Clone)]
pub(crate) struct Control {
    requests: mpsc::Sender<(PeerId, Open)>,
}

impl Control {
    /// Opens a stream to a connected peer, offering `protocols` in order.
    ///
    /// With a single protocol the negotiation costs no round trip: it travels with the first bytes written, and a
    /// refusal shows when the stream is read.
    pub(crate) async fn open(
        &self,
        peer: PeerId,
        protocols: Vec<StreamProtocol>,
    ) -> Result<(StreamProtocol, Stream), OpenError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send((peer, Open { protocols, reply })).await.map_err(|_| OpenError::NotConnected)?;
        answer.await.unwrap_or(Err(OpenError::ConnectionClosed))
    }
}

/// How many streams each peer may have open towards us, over all its connections.
#[derive(Clone)]
pub(crate) struct Places(Arc<BTreeMap<PeerId, Arc<Semaphore>>>);

impl Places {
    pub(crate) fn new(peers: impl IntoIterator<Item = PeerId>, streams_per_peer: usize) -> Places {
        let semaphores = peers.into_iter().map(|peer| (peer, Arc::new(Semaphore::new(streams_per_peer))));
        Places(Arc::new(semaphores.collect()))
    }

    fn of(&self, peer: &PeerId) -> Arc<Semaphore> {
        // The gate lets nobody else in; should it ever, a stranger's streams never get a place.
        self.0.get(peer).cloned().unwrap_or_else(|| Arc::new(Semaphore::new(0)))
    }
}

/// The behaviour that owns the streams of all connections.
pub(crate) struct Behaviour {
    protocols: Arc<[StreamProtocol]>,
    limits: Limits,
    places: Places,
    inbound: mpsc::Sender<Inbound>,
    requests: mpsc::Receiver<(PeerId, Open)>,
    /// Live connections by peer, oldest first; true when the connection runs through a relay.
    connections: BTreeMap<PeerId, Vec<(ConnectionId, bool)>>,
}

/// Requests for streams that wait for the swarm task; each waits at most for one turn of its loop.
const OPEN_REQUESTS: usize = 256;

impl Behaviour {
    /// A behaviour that serves `protocols` to `peers`. Inbound streams come out of the receiver.
    pub(crate) fn new(
        protocols: Vec<StreamProtocol>,
        peers: &[PeerId],
        limits: Limits,
    ) -> (Behaviour, Control, mpsc::Receiver<Inbound>) {
        let places = Places::new(peers.iter().copied(), limits.streams_per_peer);
        // As many as there are places, so that handing over never fails.
        let (inbound, receiver) = mpsc::channel(peers.len().max(1) * limits.streams_per_peer);
        let (sender, requests) = mpsc::channel(OPEN_REQUESTS);
        let behaviour = Behaviour {
            protocols: protocols.into(),
            limits,
            places,
            inbound,
            requests,
            connections: BTreeMap::new(),
        };
        (behaviour, Control { requests: sender }, receiver)
    }

    fn handler(&self, peer: PeerId) -> Handler {
        Handler::new(
            peer,
            Arc::clone(&self.protocols),
            self.places.of(&peer),
            self.inbound.clone(),
            self.limits.receive_deadline,
            self.limits.send_deadline,
        )
    }

    /// The connection to open a stream on: a direct one before a relayed one, then the one that proved alive last.
    fn best_connection(&self, peer: &PeerId) -> Option<ConnectionId> {
        let connections = self.connections.get(peer)?;
        let direct = connections.iter().rev().find(|(_, relayed)| !relayed);
        direct.or(connections.last()).map(|(connection, _)| *connection)
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = std::convert::Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _connection: ConnectionId,
        peer: PeerId,
        _local: &Multiaddr,
        _remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _connection: ConnectionId,
        peer: PeerId,
        _remote: &Multiaddr,
        _role: Endpoint,
        _port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            }) => {
                let connections = self.connections.entry(peer_id).or_default();
                connections.push((connection_id, endpoint.is_relayed()));
            }
            FromSwarm::ConnectionClosed(ConnectionClosed { peer_id, connection_id, .. }) => {
                if let Some(connections) = self.connections.get_mut(&peer_id) {
                    connections.retain(|(connection, _)| *connection != connection_id);
                }
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        while let Poll::Ready(Some((peer, open))) = self.requests.poll_recv(cx) {
            match self.best_connection(&peer) {
                Some(connection) => {
                    let handler = NotifyHandler::One(connection);
                    return Poll::Ready(ToSwarm::NotifyHandler { peer_id: peer, handler, event: open });
                }
                // The opener may have given up; then nobody needs to know.
                None => {
                    let _ = open.reply.send(Err(OpenError::NotConnected));
                }
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
