//! Peer information: each node asks each peer once a minute, and tells about itself in the request (charon-wire 2.7).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::AsyncWriteExt;
use libp2p::{PeerId, Stream};
use qbft::PeerIndex;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::Class;
use crate::config::Config;
use crate::event::{Event, Lanes, Presence};
use crate::fault::Why;
use crate::frame::{self, Budget, Frame};
use crate::limits::Limits;
use crate::metrics::{Client, Commit, Metrics, Nickname, Peer, Version};
use crate::send::{SendError, stream_error};
use crate::streams::Control;
use crate::wire::{PeerInfo, Reject};

/// The version of the protocol suite we claim; older peers accept only versions of this form (charon-wire 2.7).
const SUITE_VERSION: &str = "v1.10.0";
/// What we are.
const CLIENT: &str = "phalanx";

/// What we tell about ourselves; only the clock moves.
#[derive(Clone)]
pub(crate) struct Myself(PeerInfo);

impl Myself {
    pub(crate) fn new(config: &Config) -> Myself {
        let now_ns = now_ns();
        Myself(PeerInfo {
            version: SUITE_VERSION.to_owned(),
            lock_hash: config.lock_hash.to_vec(),
            sent_at_ns: now_ns,
            git_hash: proper_git_hash(&config.about.git_hash),
            started_at_ns: now_ns,
            builder_api: config.about.builder_api,
            nickname: config.about.nickname.clone(),
            client: CLIENT.to_owned(),
        })
    }

    fn now(&self) -> Frame {
        let info = PeerInfo { sent_at_ns: now_ns(), ..self.0.clone() };
        Frame::new(&info.encode())
    }
}

/// Peers stop at a hash that is neither 7 hex digits nor this word.
fn proper_git_hash(hash: &str) -> String {
    let proper = hash.len() == 7 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if proper { hash } else { "unknown" }.to_owned()
}

fn now_ns() -> i64 {
    // A clock before 1970 or after 2262 is shown as 1970.
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_nanos()).unwrap_or(0)
}

/// Answers a request, whose content does not matter. A peer that is gone needs no answer.
pub(crate) async fn respond(myself: &Myself, stream: &mut Stream) {
    let _ = myself.now().write(stream).await;
}

/// Asks one peer whenever it has come, and then at intervals.
pub(crate) struct Asker {
    pub(crate) peer: PeerIndex,
    pub(crate) id: PeerId,
    pub(crate) name: String,
    pub(crate) myself: Myself,
    pub(crate) limits: Limits,
    pub(crate) control: Control,
    pub(crate) presence: watch::Receiver<Presence>,
    pub(crate) lanes: Lanes,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
}

impl Asker {
    pub(crate) async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        shutdown.run_until_cancelled(self.ask_again_and_again()).await;
    }

    async fn ask_again_and_again(&mut self) {
        let mut shown = None;
        loop {
            let peer = self.peer;
            let Ok(session) =
                self.presence.wait_for(|here| here.contains_key(&peer)).await.map(|h| h.get(&peer).copied())
            else {
                return;
            };
            self.ask(&mut shown).await;
            // Ask again when the interval is over, or at once when the peer has come again.
            let comes_again =
                self.presence.wait_for(|here| here.get(&peer).is_some_and(|now| Some(*now) != session));
            let _ = timeout(self.limits.peer_info_interval, comes_again).await;
        }
    }

    async fn ask(&self, shown: &mut Option<PeerInfo>) {
        let begun = Instant::now();
        let Ok(answer) = timeout(self.limits.send_deadline, self.request()).await else {
            return self.lanes.report(self.peer, Why::Stalled(Class::PeerInfo));
        };
        match answer {
            Ok(info) => {
                let round_trip = begun.elapsed();
                let clock_offset_ns = clock_offset_ns(info.sent_at_ns, now_ns(), round_trip);
                self.show(&info, clock_offset_ns, shown.replace(info.clone()));
                let event = Event::PeerInfo { peer: self.peer, info, clock_offset_ns, round_trip };
                self.lanes.send(self.peer, Class::PeerInfo, event).await;
            }
            Err(Unanswered::Peer(why)) => self.lanes.report(self.peer, why),
            Err(Unanswered::Network(error)) => {
                tracing::debug!(peer = self.name, %error, "peer information not sent")
            }
        }
    }

    async fn request(&self) -> Result<PeerInfo, Unanswered> {
        let class = Class::PeerInfo;
        let (_, mut stream) =
            self.control.open(self.id, vec![class.protocol()]).await.map_err(SendError::from)?;
        let _counted = self.metrics.stream(&self.name, class, "outbound");
        let begun = Instant::now();
        let frame = self.myself.now();
        frame.write(&mut stream).await.map_err(stream_error)?;
        stream.close().await.map_err(stream_error)?;
        self.metrics.sent(&self.name, class, frame.len(), begun.elapsed());
        let budget = Budget::new(self.limits.peer_info_frame);
        let answer = frame::read(&mut stream, self.limits.peer_info_frame, &budget).await;
        let answer = answer.map_err(|error| Unanswered::Peer(Why::Frame { class, error }))?;
        self.metrics.received(&self.name, class, answer.bytes.len());
        PeerInfo::decode(&answer.bytes).map_err(Unanswered::from)
    }

    fn show(&self, info: &PeerInfo, clock_offset_ns: i64, before: Option<PeerInfo>) {
        let metrics = &self.metrics.peer_info;
        if let Some(before) = before {
            metrics.version.remove(&self.version(&before));
            metrics.commit.remove(&self.commit(&before));
            metrics.nickname.remove(&self.nickname(&before));
            metrics.client.remove(&self.client(&before));
        }
        metrics.version.get_or_create(&self.version(info)).set(1);
        metrics.commit.get_or_create(&self.commit(info)).set(1);
        metrics.nickname.get_or_create(&self.nickname(info)).set(1);
        metrics.client.get_or_create(&self.client(info)).set(1);
        let peer = Peer { peer: self.name.clone() };
        metrics.index.get_or_create(&peer).set(i64::from(self.peer.0));
        metrics.builder.get_or_create(&peer).set(i64::from(info.builder_api));
        metrics.start_time.get_or_create(&peer).set(info.started_at_ns / 1_000_000_000);
        metrics.clock_offset.get_or_create(&peer).set(clock_offset_ns as f64 / 1e9);
        metrics.version_support.get_or_create(&peer).set(i64::from(info.is_supported()));
    }

    fn version(&self, info: &PeerInfo) -> Version {
        Version { peer: self.name.clone(), version: info.version.clone() }
    }

    fn commit(&self, info: &PeerInfo) -> Commit {
        Commit { peer: self.name.clone(), git_hash: info.git_hash.clone() }
    }

    fn nickname(&self, info: &PeerInfo) -> Nickname {
        Nickname { peer: self.name.clone(), peer_nickname: info.nickname.clone() }
    }

    fn client(&self, info: &PeerInfo) -> Client {
        Client { peer: self.name.clone(), dv_client: info.client.clone() }
    }
}

/// Why a request brought nothing.
enum Unanswered {
    /// The peer answered nonsense.
    Peer(Why),
    /// It could not be asked.
    Network(SendError),
}

impl From<SendError> for Unanswered {
    fn from(error: SendError) -> Unanswered {
        Unanswered::Network(error)
    }
}

impl From<Reject> for Unanswered {
    fn from(reject: Reject) -> Unanswered {
        Unanswered::Peer(Why::Message { class: Class::PeerInfo, reject })
    }
}

/// The peer's clock minus ours, taking half the round trip for the answer's way.
fn clock_offset_ns(sent_at_ns: i64, now_ns: i64, round_trip: Duration) -> i64 {
    let half = i64::try_from(round_trip.as_nanos() / 2).unwrap_or(i64::MAX);
    sent_at_ns.saturating_sub(now_ns.saturating_sub(half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_way_is_half_the_round_trip() {
        assert_eq!(clock_offset_ns(1_000, 1_300, Duration::from_nanos(400)), -100);
        assert_eq!(
            clock_offset_ns(i64::MIN, i64::MAX, Duration::MAX),
            i64::MIN,
            "absurd clocks do not overflow"
        );
    }

    #[test]
    fn an_improper_git_hash_is_told_as_unknown() {
        assert_eq!(proper_git_hash("0123abc"), "0123abc");
        for improper in ["", "0123ABC", "0123abcd", "main"] {
            assert_eq!(proper_git_hash(improper), "unknown");
        }
    }
}
