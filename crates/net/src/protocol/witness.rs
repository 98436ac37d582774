//! Hellos between Phalanx nodes, each answered with a testimony on the same stream (docs/decisions/0011).
//!
//! A peer that runs twice has connections of both its lives, so that only the stream leads back to the one that asked.

use std::sync::Arc;

use bytes::Bytes;
use duty::{Hello, Testimony};
use futures::AsyncWriteExt;
use libp2p::{PeerId, Stream};
use qbft::PeerIndex;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout};

use super::Class;
use crate::event::{Event, Lanes};
use crate::fault::Why;
use crate::frame::{self, Budget, Frame, FrameError};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::receive::Reception;
use crate::send::{SendError, stream_error};
use crate::streams::{Control, OpenError};
use crate::wire;

/// Hellos to one peer that wait for an answer, at most.
const WAITING: usize = 8;

/// Where the answer to a hello goes.
#[derive(Debug)]
pub struct Reply(oneshot::Sender<Testimony>);

impl Reply {
    /// Answers. A peer that has not waited needs no answer.
    pub fn send(self, testimony: Testimony) {
        let _ = self.0.send(testimony);
    }
}

/// Why a hello was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The peer does not speak the protocol.
    #[error("the peer does not speak {}", Class::Witness.id())]
    Unsupported,
    /// It is away, slow, or answered nonsense, which is reported as its fault.
    #[error("the peer did not answer")]
    Failed,
}

/// Hands a hello on and carries the answer back.
pub(crate) async fn receive(
    reception: &Reception,
    from: PeerIndex,
    bytes: Bytes,
    stream: &mut Stream,
) -> Result<(), Why> {
    let class = Class::Witness;
    let hello = reception.decode(from, class, bytes, |_, bytes| wire::decode_hello(bytes)).await?;
    let hello = hello.map_err(|reject| Why::Message { class, reject })?;
    let (reply, answer) = oneshot::channel();
    reception.lanes.send(from, class, Event::Hello { from, hello, reply: Reply(reply) }).await;
    if let Ok(testimony) = answer.await {
        // A peer that is gone needs no answer.
        let _ = Frame::new(&wire::encode_testimony(&testimony)).write(stream).await;
    }
    Ok(())
}

/// Says hello to one peer.
pub(crate) struct Greeter {
    pub(crate) peer: PeerIndex,
    pub(crate) id: PeerId,
    pub(crate) name: String,
    pub(crate) limits: Limits,
    pub(crate) control: Control,
    pub(crate) lanes: Lanes,
    pub(crate) metrics: Metrics,
    turns: Semaphore,
}

impl Greeter {
    pub(crate) fn new(
        (peer, id, name): (PeerIndex, PeerId, &str),
        limits: Limits,
        control: &Control,
        lanes: &Lanes,
        metrics: &Metrics,
    ) -> Arc<Greeter> {
        Arc::new(Greeter {
            peer,
            id,
            name: name.to_owned(),
            limits,
            control: control.clone(),
            lanes: lanes.clone(),
            metrics: metrics.clone(),
            turns: Semaphore::new(WAITING),
        })
    }

    /// Says hello and waits for the answer.
    pub(crate) async fn greet(&self, hello: &Hello) -> Result<Testimony, Unanswered> {
        let Ok(_turn) = self.turns.try_acquire() else { return Err(Unanswered::Failed) };
        let answer = timeout(self.limits.send_deadline, self.request(hello)).await;
        match answer.unwrap_or(Err(Failure::Peer(Why::Stalled(Class::Witness)))) {
            Ok(testimony) => Ok(testimony),
            Err(Failure::Peer(why)) => {
                self.lanes.report(self.peer, why);
                Err(Unanswered::Failed)
            }
            Err(Failure::Network(SendError::Open(OpenError::Unsupported))) => Err(Unanswered::Unsupported),
            Err(Failure::Network(error)) => {
                tracing::debug!(peer = self.name, %error, "the hello was not answered");
                Err(Unanswered::Failed)
            }
        }
    }

    async fn request(&self, hello: &Hello) -> Result<Testimony, Failure> {
        let class = Class::Witness;
        let (_, mut stream) =
            self.control.open(self.id, vec![class.protocol()]).await.map_err(SendError::from)?;
        let _counted = self.metrics.stream(&self.name, class, "outbound");
        let begun = Instant::now();
        let frame = Frame::new(&wire::encode_hello(hello));
        frame.write(&mut stream).await.map_err(stream_error)?;
        stream.close().await.map_err(stream_error)?;
        self.metrics.sent(&self.name, class, frame.len(), begun.elapsed());
        let limit = self.limits.witness_frame;
        let answer =
            frame::read(&mut stream, limit, &Budget::new(limit)).await.map_err(|error| match error {
                // Whether the peer speaks the protocol shows when the stream is read.
                FrameError::Io(error) => Failure::Network(stream_error(error)),
                error => Failure::Peer(Why::Frame { class, error }),
            })?;
        self.metrics.received(&self.name, class, answer.bytes.len());
        let testimony = wire::decode_testimony(&answer.bytes);
        testimony.map_err(|reject| Failure::Peer(Why::Message { class, reject }))
    }
}

/// What stood in the way of an answer.
enum Failure {
    /// The peer answered nonsense.
    Peer(Why),
    /// It could not be asked.
    Network(SendError),
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Failure {
        Failure::Network(error)
    }
}
