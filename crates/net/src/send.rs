//! The way out: one worker per peer and class of work empties the outbox while the peer is there.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::core::upgrade::NegotiationError;
use libp2p::{PeerId, Stream};
use qbft::PeerIndex;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::event::Presence;
use crate::frame::Frame;
use crate::limits::Limits;
use crate::line::{Line, Ticket};
use crate::metrics::Metrics;
use crate::outbox::{Outbox, Parcel};
use crate::protocol::Class;
use crate::streams::{Control, OpenError};

/// How often a message is tried; peers ignore what they already have.
const ATTEMPTS: usize = 3;

/// Why a message did not get out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("no stream: {0}")]
    Open(#[from] OpenError),
    #[error("the stream broke: {0}")]
    Stream(#[from] io::Error),
    #[error("not sent in time")]
    Timeout,
    #[error("sent, but the peer did not say in time that it has read it")]
    Unconfirmed,
}

impl SendError {
    /// Whether trying again may help. What was sent but not confirmed has probably arrived, unless the connection was
    /// dead and the peer `came_again`.
    fn is_worth_a_retry(&self, came_again: bool) -> bool {
        match self {
            SendError::Open(OpenError::Unsupported) => false,
            SendError::Unconfirmed => came_again,
            _ => true,
        }
    }

    /// The word in the metrics.
    fn reason(&self) -> &'static str {
        match self {
            SendError::Unconfirmed => "unconfirmed",
            _ => "failed",
        }
    }
}

/// Carries the messages of one class of work to one peer.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) peer: PeerIndex,
    pub(crate) id: PeerId,
    pub(crate) name: String,
    pub(crate) class: Class,
    pub(crate) limits: Limits,
    pub(crate) outbox: Arc<Outbox>,
    /// Where large messages wait until those before them are written.
    pub(crate) line: Line,
    pub(crate) control: Control,
    pub(crate) presence: watch::Receiver<Presence>,
    /// Asks for a peer to be dialled soon.
    pub(crate) wanted: mpsc::Sender<PeerIndex>,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
}

impl Worker {
    /// Works until the host shuts down. Sends run in parallel up to the limit, so one slow stream holds up nothing.
    pub(crate) async fn run(self) {
        let tasks = TaskTracker::new();
        let shutdown = self.shutdown.clone();
        shutdown.run_until_cancelled(self.empty_outbox(&tasks)).await;
        tasks.close();
        tasks.wait().await;
    }

    async fn empty_outbox(self, tasks: &TaskTracker) {
        let slots = Arc::new(Semaphore::new(self.limits.parallel_sends));
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await.expect("the semaphore is never closed");
            let parcel = self.next_parcel().await;
            // Drawn here, where parcels come in their order: tasks run in any.
            let ticket = self.line.ticket(parcel.frame.len());
            let worker = self.clone();
            tasks.spawn(async move {
                let shutdown = worker.shutdown.clone();
                shutdown.run_until_cancelled(worker.deliver(parcel, ticket)).await;
                drop(slot);
            });
        }
    }

    /// The next message worth sending, once there is one and the peer is there.
    async fn next_parcel(&self) -> Parcel {
        let mut presence = self.presence.clone();
        loop {
            if presence.borrow_and_update().contains_key(&self.peer) {
                let (parcel, expired) = self.outbox.pop(Instant::now());
                self.metrics.lose(&self.name, self.class, "expired", expired);
                if let Some(parcel) = parcel {
                    return parcel;
                }
                self.outbox.arrived().await;
            } else {
                if !self.outbox.is_empty() {
                    // A full channel means that a dial is on its way anyway.
                    let _ = self.wanted.try_send(self.peer);
                }
                tokio::select! {
                    () = self.outbox.arrived() => {}
                    Ok(()) = presence.changed() => {}
                }
            }
        }
    }

    /// Sends the message, in its turn if it has a ticket, and gives the turn away once it is written or given up.
    async fn deliver(&self, parcel: Parcel, mut ticket: Option<Ticket>) {
        let mut presence = self.presence.clone();
        for attempt in 1..=ATTEMPTS {
            let here = presence.wait_for(|presence| presence.contains_key(&self.peer));
            let Ok(Ok(session)) =
                timeout_at(parcel.expires, here).await.map(|here| here.map(|here| self.session(&here)))
            else {
                return self.metrics.lose(&self.name, self.class, "expired", 1);
            };
            if let Some(ticket) = &mut ticket
                && timeout_at(parcel.expires, ticket.turn()).await.is_err()
            {
                return self.metrics.lose(&self.name, self.class, "expired", 1);
            }
            let begun = Instant::now();
            let deadline = parcel.expires.min(begun + self.limits.send_deadline);
            let Err(error) = self.send(&parcel.frame, &mut ticket, deadline).await else {
                return self.metrics.sent(&self.name, self.class, parcel.frame.len(), begun.elapsed());
            };
            tracing::debug!(peer = self.name, topic = self.class.name(), attempt, %error, "send failed");
            let came_again = self.session(&presence.borrow()) != session;
            if attempt == ATTEMPTS || Instant::now() >= parcel.expires || !error.is_worth_a_retry(came_again)
            {
                return self.metrics.lose(&self.name, self.class, error.reason(), 1);
            }
            tokio::time::sleep(RETRY_PAUSE).await;
            // Until it is written it keeps its turn; what was written in vain stands in line once more.
            ticket = ticket.or_else(|| self.line.ticket(parcel.frame.len()));
        }
    }

    fn session(&self, presence: &Presence) -> Option<u64> {
        presence.get(&self.peer).copied()
    }

    async fn send(
        &self,
        frame: &Frame,
        ticket: &mut Option<Ticket>,
        deadline: Instant,
    ) -> Result<(), SendError> {
        let opening = self.control.open(self.id, vec![self.class.protocol()]);
        let (_, mut stream) = timeout_at(deadline, opening).await.map_err(|_| SendError::Timeout)??;
        let _counted = self.metrics.stream(&self.name, self.class, "outbound");
        let writing = async {
            frame.write(&mut stream).await?;
            stream.close().await
        };
        timeout_at(deadline, writing).await.map_err(|_| SendError::Timeout)?.map_err(stream_error)?;
        // The next one need not wait until this one is confirmed.
        drop(ticket.take());
        timeout_at(deadline, read_to_end(&mut stream)).await.unwrap_or(Err(SendError::Unconfirmed))
    }
}

/// The pause before a failed send is tried again (charon-wire 2.4).
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Waits until the peer ends the stream, which says that it has read the message.
///
/// Dropping the stream earlier could reset it before a peer has read it. The first read also completes the
/// negotiation, which was sent along with the message.
async fn read_to_end(stream: &mut Stream) -> Result<(), SendError> {
    let mut ignored = [0; 64];
    while stream.read(&mut ignored).await.map_err(stream_error)? > 0 {}
    Ok(())
}

pub(crate) fn stream_error(error: io::Error) -> SendError {
    let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<NegotiationError>());
    match refused {
        Some(NegotiationError::Failed) => SendError::Open(OpenError::Unsupported),
        _ => SendError::Stream(error),
    }
}
