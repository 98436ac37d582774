//! What the network tells the node, and the lanes on which it waits.
//!
//! Each peer has one bounded lane per class of work. The lanes are emptied in turn, so a peer that floods fills its
//! own lane and nobody else's.

use std::collections::BTreeMap;
use std::time::Duration;

use duty::{ConsensusMessage, Hello, PartialSet};
use futures::StreamExt;
use futures::stream::{self, BoxStream, SelectAll};
use qbft::PeerIndex;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::fault::Why;
use crate::protocol::Class;
use crate::protocol::witness::Reply;
use crate::roster::Roster;
use crate::wire::PeerInfo;

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A verified consensus message. Whoever signed it, `from` delivered it.
    Consensus {
        /// The peer that sent it.
        from: PeerIndex,
        /// The message.
        message: ConsensusMessage,
    },
    /// Partial signatures of the peer's own share, not verified yet.
    Partials {
        /// The peer that sent them.
        from: PeerIndex,
        /// The signatures.
        set: PartialSet,
    },
    /// A peer is connected, perhaps again.
    Connected(PeerIndex),
    /// The last connection to a peer is gone.
    Disconnected(PeerIndex),
    /// A peer told about itself.
    PeerInfo {
        /// The peer.
        peer: PeerIndex,
        /// What it told.
        info: PeerInfo,
        /// Its clock minus ours, in nanoseconds.
        clock_offset_ns: i64,
        /// How long the answer took.
        round_trip: Duration,
    },
    /// A peer says hello and waits for an answer.
    Hello {
        /// The peer.
        from: PeerIndex,
        /// What it says.
        hello: Hello,
        /// Where the answer goes.
        reply: Reply,
    },
    /// A peer did something wrong.
    Fault {
        /// The peer.
        peer: PeerIndex,
        /// What it did.
        why: Why,
    },
}

/// The connected peers. The number differs for each time a peer came.
pub(crate) type Presence = BTreeMap<PeerIndex, u64>;

/// Where each peer's events wait.
#[derive(Clone)]
pub(crate) struct Lanes(BTreeMap<(PeerIndex, Class), mpsc::Sender<Event>>);

impl Lanes {
    /// Lanes for all of `roster`, `capacity` events each, and what empties them.
    pub(crate) fn new(roster: &Roster, capacity: usize) -> (Lanes, Exits) {
        let mut senders = BTreeMap::new();
        let mut exits = SelectAll::new();
        for peer in roster.others() {
            for class in Class::ALL {
                let (sender, receiver) = mpsc::channel(capacity);
                senders.insert((peer, class), sender);
                exits.push(exit(receiver));
            }
        }
        (Lanes(senders), Exits(exits))
    }

    /// Waits for room in the lane.
    pub(crate) async fn send(&self, peer: PeerIndex, class: Class, event: Event) {
        if let Some(lane) = self.0.get(&(peer, class)) {
            // It fails only when the host shuts down.
            let _ = lane.send(event).await;
        }
    }

    /// Reports a fault, unless the peer's lane is full of worse.
    pub(crate) fn report(&self, peer: PeerIndex, why: Why) {
        tracing::debug!(%peer, %why, "peer at fault");
        if let Some(lane) = self.0.get(&(peer, why.class())) {
            let _ = lane.try_send(Event::Fault { peer, why });
        }
    }
}

/// The ends of all lanes.
pub(crate) struct Exits(SelectAll<BoxStream<'static, Event>>);

fn exit(mut lane: mpsc::Receiver<Event>) -> BoxStream<'static, Event> {
    stream::poll_fn(move |cx| lane.poll_recv(cx)).boxed()
}

impl Exits {
    /// Carries events from the lanes to the node, and tells who comes and goes, until the host shuts down.
    pub(crate) async fn carry(
        mut self,
        mut presence: watch::Receiver<Presence>,
        node: mpsc::Sender<Event>,
        shutdown: CancellationToken,
    ) {
        let mut known = Presence::new();
        loop {
            let events = tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                Ok(()) = presence.changed() => {
                    let current = presence.borrow_and_update().clone();
                    let events = differences(&known, &current);
                    known = current;
                    events
                }
                Some(event) = self.0.next() => vec![event],
                else => return,
            };
            for event in events {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    sent = node.send(event) => if sent.is_err() { return },
                }
            }
        }
    }
}

fn differences(known: &Presence, current: &Presence) -> Vec<Event> {
    let gone = known.iter().filter(|(peer, session)| current.get(peer) != Some(session));
    let came = current.iter().filter(|(peer, session)| known.get(peer) != Some(session));
    let gone = gone.map(|(peer, _)| Event::Disconnected(*peer));
    gone.chain(came.map(|(peer, _)| Event::Connected(*peer))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: PeerIndex = PeerIndex(2);

    #[test]
    fn a_quick_reconnection_is_told_as_one() {
        let events = differences(&Presence::from([(PEER, 1)]), &Presence::from([(PEER, 2)]));
        assert!(matches!(events[..], [Event::Disconnected(PEER), Event::Connected(PEER)]));
    }

    #[test]
    fn those_who_stay_are_not_told() {
        let stays = Presence::from([(PEER, 1)]);
        assert!(differences(&stays, &stays).is_empty());
    }
}
