//! The part of the stream behaviour that lives on one connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound, StreamUpgradeError,
};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, StreamProtocol, SubstreamProtocol};
use libp2p::{PeerId, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::{Inbound, Open, OpenError};

type Event = ConnectionHandlerEvent<Offer, Open, Infallible>;

/// Negotiates the streams of one connection.
pub(crate) struct Handler {
    peer: PeerId,
    protocols: Arc<[StreamProtocol]>,
    places: Arc<Semaphore>,
    inbound: mpsc::Sender<Inbound>,
    /// How long an inbound stream may negotiate and wait for its place.
    inbound_timeout: Duration,
    /// How long an outbound stream may negotiate.
    outbound_timeout: Duration,
    /// Wishes not yet handed to the connection; it takes one at each poll, so this holds a single burst.
    wishes: VecDeque<Open>,
    waker: Option<Waker>,
}

impl Handler {
    pub(crate) fn new(
        peer: PeerId,
        protocols: Arc<[StreamProtocol]>,
        places: Arc<Semaphore>,
        inbound: mpsc::Sender<Inbound>,
        inbound_timeout: Duration,
        outbound_timeout: Duration,
    ) -> Handler {
        let (wishes, waker) = (VecDeque::new(), None);
        Handler { peer, protocols, places, inbound, inbound_timeout, outbound_timeout, wishes, waker }
    }

    fn hand_over(&mut self, (protocol, stream, place): (StreamProtocol, Stream, OwnedSemaphorePermit)) {
        let inbound = Inbound { peer: self.peer, protocol, stream, place };
        // The channel is as wide as there are places, so it only fails when the host shuts down.
        if self.inbound.try_send(inbound).is_err() {
            tracing::debug!(peer = %self.peer, "stream refused: the host is shutting down");
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = Infallible;
    type InboundProtocol = Accept;
    type OutboundProtocol = Offer;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Open;

    fn listen_protocol(&self) -> SubstreamProtocol<Accept> {
        let accept = Accept { protocols: Arc::clone(&self.protocols), places: Arc::clone(&self.places) };
        SubstreamProtocol::new(accept, ()).with_timeout(self.inbound_timeout)
    }

    /// Connections to cluster peers are permanent.
    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn on_behaviour_event(&mut self, open: Open) {
        self.wishes.push_back(open);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        while let Some(open) = self.wishes.pop_front() {
            if open.reply.is_closed() {
                continue;
            }
            let offer = Offer(open.protocols.clone());
            let protocol = SubstreamProtocol::new(offer, open).with_timeout(self.outbound_timeout);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Accept, Offer, (), Open>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. }) => {
                self.hand_over(protocol);
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, info }) => {
                // An opener that has given up drops the stream, which resets it.
                let _ = info.reply.send(Ok(protocol));
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) => {
                let _ = info.reply.send(Err(open_error(&error)));
            }
            _ => {}
        }
    }
}

fn open_error(error: &StreamUpgradeError<Infallible>) -> OpenError {
    match error {
        StreamUpgradeError::Timeout => OpenError::Timeout,
        StreamUpgradeError::NegotiationFailed => OpenError::Unsupported,
        StreamUpgradeError::Io(_) => OpenError::ConnectionClosed,
        StreamUpgradeError::Apply(never) => match *never {},
    }
}

/// Accepts any of our protocols, once the peer has a place for one more stream.
pub(crate) struct Accept {
    protocols: Arc<[StreamProtocol]>,
    places: Arc<Semaphore>,
}

impl UpgradeInfo for Accept {
    type Info = StreamProtocol;
    type InfoIter = Vec<StreamProtocol>;

    fn protocol_info(&self) -> Vec<StreamProtocol> {
        self.protocols.to_vec()
    }
}

impl InboundUpgrade<Stream> for Accept {
    type Output = (StreamProtocol, Stream, OwnedSemaphorePermit);
    type Error = tokio::sync::AcquireError;
    type Future = BoxFuture<'static, Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        let place = self.places.acquire_owned();
        place.map(|place| Ok((protocol, stream, place?))).boxed()
    }
}

/// Offers protocols in order of preference.
pub(crate) struct Offer(Vec<StreamProtocol>);

impl UpgradeInfo for Offer {
    type Info = StreamProtocol;
    type InfoIter = Vec<StreamProtocol>;

    fn protocol_info(&self) -> Vec<StreamProtocol> {
        self.0.clone()
    }
}

impl OutboundUpgrade<Stream> for Offer {
    type Output = (StreamProtocol, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((protocol, stream)))
    }
}
