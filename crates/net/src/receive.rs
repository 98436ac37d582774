//! The way in: every stream a peer opens is read, checked and handed on within the receive deadline.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::AsyncWriteExt;
use qbft::PeerIndex;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::event::Lanes;
use crate::fault::Why;
use crate::frame::{self, Budget};
use crate::limits::Limits;
use crate::metrics::{Metrics, Offence};
use crate::protocol::{self, Class, peer_info, witness};
use crate::rate::Rate;
use crate::roster::Roster;
use crate::streams::Inbound;
use crate::wire::Codec;

/// What every inbound stream needs.
pub(crate) struct Reception {
    pub(crate) roster: Arc<Roster>,
    pub(crate) limits: Limits,
    pub(crate) codec: Arc<Codec>,
    pub(crate) lanes: Lanes,
    pub(crate) myself: peer_info::Myself,
    pub(crate) metrics: Metrics,
    budgets: BTreeMap<PeerIndex, Budget>,
    /// One message per peer and class is decoded at a time, at no more than its rate.
    turns: BTreeMap<(PeerIndex, Class), Arc<Mutex<Rate>>>,
}

impl Reception {
    pub(crate) fn new(
        roster: Arc<Roster>,
        limits: Limits,
        codec: Arc<Codec>,
        lanes: Lanes,
        myself: peer_info::Myself,
        metrics: Metrics,
    ) -> Reception {
        let budgets = roster.others().map(|peer| (peer, Budget::new(limits.bytes_per_peer))).collect();
        let rate = || Rate::new(limits.messages_per_second, limits.burst, Instant::now());
        let turns = roster.others().flat_map(|peer| Class::ALL.map(|class| (peer, class)));
        let turns = turns.map(|turn| (turn, Arc::new(Mutex::new(rate())))).collect();
        Reception { roster, limits, codec, lanes, myself, metrics, budgets, turns }
    }

    /// Serves streams until the host shuts down.
    pub(crate) async fn run(self, mut streams: mpsc::Receiver<Inbound>, shutdown: CancellationToken) {
        let reception = Arc::new(self);
        let tasks = TaskTracker::new();
        while let Some(Some(inbound)) = shutdown.run_until_cancelled(streams.recv()).await {
            let (reception, shutdown) = (Arc::clone(&reception), shutdown.clone());
            tasks.spawn(async move { shutdown.run_until_cancelled(reception.serve(inbound)).await });
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn serve(&self, inbound: Inbound) {
        let Inbound { peer, protocol, mut stream, place } = inbound;
        let (Some(from), Some(class)) = (self.roster.index(&peer), Class::of(&protocol)) else {
            return;
        };
        let _counted = self.metrics.stream(self.roster.name(from), class, "inbound");
        if let Err(why) = self.handle(from, class, &mut stream).await {
            self.fault(from, why);
        }
        drop(place);
    }

    /// Counts and reports what a peer did wrong, if it was the peer.
    pub(crate) fn fault(&self, peer: PeerIndex, why: Why) {
        if !why.is_the_peers() {
            return tracing::debug!(peer = self.roster.name(peer), %why, "message dropped");
        }
        let offence = Offence { peer: self.roster.name(peer).to_owned(), topic: why.class().name() };
        self.metrics.faults.get_or_create(&offence).inc();
        self.lanes.report(peer, why);
    }

    async fn handle(&self, from: PeerIndex, class: Class, stream: &mut libp2p::Stream) -> Result<(), Why> {
        let deadline = Instant::now() + self.limits.receive_deadline;
        let budget = self.budgets.get(&from).ok_or(Why::Overrun(class))?;
        let reading = frame::read(stream, class.frame_limit(&self.limits), budget);
        let received = timeout_at(deadline, reading).await.map_err(|_| Why::Stalled(class))?;
        let received = received.map_err(|error| Why::Frame { class, error })?;
        self.metrics.received(self.roster.name(from), class, received.bytes.len());
        let handling = async {
            match class {
                Class::Consensus => protocol::receive_consensus(self, from, received.bytes.clone()).await?,
                Class::Partials => protocol::receive_partials(self, from, received.bytes.clone()).await?,
                Class::PeerInfo => peer_info::respond(&self.myself, stream).await,
                Class::Witness => witness::receive(self, from, received.bytes.clone(), stream).await?,
            }
            // A peer that is gone no longer needs to know that its message was read.
            let _ = stream.close().await;
            Ok(())
        };
        timeout_at(deadline, handling).await.unwrap_or(Err(Why::Overrun(class)))
    }

    /// Decodes a message off the network tasks, when it is its peer's turn.
    pub(crate) async fn decode<T: Send + 'static>(
        &self,
        from: PeerIndex,
        class: Class,
        bytes: Bytes,
        decoder: impl FnOnce(&Codec, &[u8]) -> T + Send + 'static,
    ) -> Result<T, Why> {
        let turn = self.turns.get(&(from, class)).ok_or(Why::Overrun(class))?;
        let mut turn = Arc::clone(turn).lock_owned().await;
        tokio::time::sleep(turn.take(bytes.len(), Instant::now())).await;
        let codec = Arc::clone(&self.codec);
        let decoded = tokio::task::spawn_blocking(move || {
            let decoded = decoder(&codec, &bytes);
            drop(turn);
            decoded
        });
        decoded.await.map_err(|_| Why::BrokeDecoder(class))
    }
}
