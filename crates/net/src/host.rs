//! The host: starts everything, and is the handle to it.

mod driver;
mod swarm;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use duty::{ConsensusMessage, Hello, PartialSet, Testimony};
use libp2p::Multiaddr;
use prometheus_client::registry::Registry;
use qbft::PeerIndex;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::driver::Driver;
use crate::config::Config;
use crate::error::Error;
use crate::event::{Event, Lanes, Presence};
use crate::frame::Frame;
use crate::limits::Limits;
use crate::line::Line;
use crate::metrics::Metrics;
use crate::outbox::{Outbox, Parcel};
use crate::protocol::Class;
use crate::protocol::peer_info::{Asker, Myself};
use crate::protocol::witness::{Greeter, Unanswered};
use crate::receive::Reception;
use crate::roster::Roster;
use crate::send::Worker;
use crate::streams::{self, Control};
use crate::wire::{self, Codec};

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Every peer but ourselves.
    All,
    /// One peer.
    Peer(PeerIndex),
}

/// A running network. Clones share it; it ends with [`Host::shutdown`] or when the last clone is dropped.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

struct Shared {
    roster: Arc<Roster>,
    codec: Arc<Codec>,
    outboxes: BTreeMap<(PeerIndex, Class), Arc<Outbox>>,
    greeters: BTreeMap<PeerIndex, Arc<Greeter>>,
    presence: watch::Receiver<Presence>,
    listening: Vec<Multiaddr>,
    metrics: Metrics,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Events that wait for the node between the lanes and its loop.
const EVENTS: usize = 16;
/// Wishes to dial somebody soon; more at once say nothing new.
const WANTED: usize = 16;

impl Host {
    /// Listens, connects to the peers, and tells the node what happens.
    ///
    /// # Errors
    /// When the peers, the key or the limits contradict each other, or an address cannot be listened on. Peers that
    /// cannot be reached are no error; they are dialled again and again.
    pub async fn start(
        config: Config,
        registry: &mut Registry,
    ) -> Result<(Host, mpsc::Receiver<Event>), Error> {
        config.limits.check()?;
        let roster = Arc::new(Roster::new(&config)?);
        let others: Vec<_> = roster.others().filter_map(|peer| roster.id(peer)).collect();
        let protocols = Class::ALL.map(Class::protocol).to_vec();
        let (behaviour, control, inbound) = streams::Behaviour::new(protocols, &others, config.limits);
        let started = swarm::start(&config, &others, behaviour).await?;
        let listening = started.listening.clone();

        let metrics = Metrics::register(registry);
        metrics.introduce(&roster);
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (told, presence) = watch::channel(Presence::new());
        let (wanted, wishes) = mpsc::channel(WANTED);
        let (lanes, exits) = Lanes::new(&roster, config.limits.inbox_messages);
        let (events, node) = mpsc::channel(EVENTS);
        let driver = Driver::new(started, &config, Arc::clone(&roster), told, wishes, metrics.clone());
        tasks.spawn(driver.run(shutdown.clone()));
        tasks.spawn(exits.carry(presence.clone(), events, shutdown.clone()));

        let crew = Crew {
            codec: codec(&config),
            myself: Myself::new(&config),
            limits: config.limits,
            roster,
            control,
            presence,
            wanted,
            metrics,
            shutdown,
            lanes,
        };
        tasks.spawn(crew.reception().run(inbound, crew.shutdown.clone()));
        let outboxes = crew.start(&tasks);
        let greeters = crew.greeters();
        tasks.close();
        let Crew { roster, codec, presence, metrics, shutdown, .. } = crew;
        let shared =
            Shared { roster, codec, outboxes, greeters, presence, listening, metrics, tasks, shutdown };
        Ok((Host(Arc::new(shared)), node))
    }

    /// Sends a consensus message until it expires. `message.message` must be signed, see [`wire::sign`].
    pub fn send_consensus(&self, to: To, message: &ConsensusMessage, expires: Instant) {
        let frame = Frame::new(&wire::encode_consensus(message));
        self.send(Class::Consensus, to, frame, expires);
    }

    /// Sends our own partial signatures until they expire.
    pub fn send_partials(&self, to: To, set: &PartialSet, expires: Instant) {
        let frame = Frame::new(&self.0.codec.encode_partials(set));
        self.send(Class::Partials, to, frame, expires);
    }

    /// Says hello to a peer and waits for its answer.
    ///
    /// # Errors
    /// The peer does not speak the protocol, or does not answer.
    pub async fn say_hello(&self, peer: PeerIndex, hello: &Hello) -> Result<Testimony, Unanswered> {
        let greeter = self.0.greeters.get(&peer).ok_or(Unanswered::Failed)?;
        let greeting = self.0.shutdown.run_until_cancelled(greeter.greet(hello));
        greeting.await.unwrap_or(Err(Unanswered::Failed))
    }

    /// The peers that are connected now.
    pub fn connected(&self) -> BTreeSet<PeerIndex> {
        self.0.presence.borrow().keys().copied().collect()
    }

    /// The addresses that are listened on, with the real ports.
    pub fn listening(&self) -> &[Multiaddr] {
        &self.0.listening
    }

    /// The name of a peer in logs and metrics; the same on every node. Empty for a position outside the cluster.
    pub fn peer_name(&self, peer: PeerIndex) -> &str {
        self.0.roster.name(peer)
    }

    /// What encodes and decodes this cluster's messages.
    pub fn codec(&self) -> &Codec {
        &self.0.codec
    }

    /// Ends all connections and tasks, and waits for them. Messages that wait are not sent any more.
    pub async fn shutdown(&self) {
        self.0.shutdown.cancel();
        self.0.tasks.wait().await;
    }

    fn send(&self, class: Class, to: To, frame: Frame, expires: Instant) {
        let now = Instant::now();
        for peer in self.0.roster.others().filter(|peer| matches!(to, To::All) || to == To::Peer(*peer)) {
            let Some(outbox) = self.0.outboxes.get(&(peer, class)) else { continue };
            let dropped = outbox.push(Parcel { frame: frame.clone(), expires }, now);
            let name = self.0.roster.name(peer);
            self.0.metrics.lose(name, class, "expired", dropped.expired);
            self.0.metrics.lose(name, class, "overflow", dropped.overflowed);
        }
    }
}

fn codec(config: &Config) -> Arc<Codec> {
    let keys = config.peers.iter().map(|peer| peer.public_key).collect();
    Arc::new(Codec::new(keys, Arc::clone(&config.spec)))
}

/// What the tasks that serve peers have in common.
struct Crew {
    roster: Arc<Roster>,
    codec: Arc<Codec>,
    limits: Limits,
    control: Control,
    presence: watch::Receiver<Presence>,
    wanted: mpsc::Sender<PeerIndex>,
    metrics: Metrics,
    shutdown: CancellationToken,
    lanes: Lanes,
    myself: Myself,
}

impl Crew {
    fn reception(&self) -> Reception {
        Reception::new(
            Arc::clone(&self.roster),
            self.limits,
            Arc::clone(&self.codec),
            self.lanes.clone(),
            self.myself.clone(),
            self.metrics.clone(),
        )
    }

    /// Starts every peer's senders and asker; returns the outboxes they empty.
    fn start(&self, tasks: &TaskTracker) -> BTreeMap<(PeerIndex, Class), Arc<Outbox>> {
        let mut outboxes = BTreeMap::new();
        for peer in self.roster.others() {
            for class in [Class::Consensus, Class::Partials] {
                let outbox = Arc::new(Outbox::new(self.limits.outbox_messages, self.limits.outbox_bytes));
                tasks.spawn(self.worker(peer, class, Arc::clone(&outbox)).run());
                outboxes.insert((peer, class), outbox);
            }
            tasks.spawn(self.asker(peer).run());
        }
        outboxes
    }

    fn greeters(&self) -> BTreeMap<PeerIndex, Arc<Greeter>> {
        let greeter = |peer| {
            let who = (peer, self.id(peer), self.roster.name(peer));
            (peer, Greeter::new(who, self.limits, &self.control, &self.lanes, &self.metrics))
        };
        self.roster.others().map(greeter).collect()
    }

    fn worker(&self, peer: PeerIndex, class: Class, outbox: Arc<Outbox>) -> Worker {
        Worker {
            peer,
            id: self.id(peer),
            name: self.roster.name(peer).to_owned(),
            class,
            limits: self.limits,
            outbox,
            line: Line::new(),
            control: self.control.clone(),
            presence: self.presence.clone(),
            wanted: self.wanted.clone(),
            metrics: self.metrics.clone(),
            shutdown: self.shutdown.clone(),
        }
    }

    fn asker(&self, peer: PeerIndex) -> Asker {
        Asker {
            peer,
            id: self.id(peer),
            name: self.roster.name(peer).to_owned(),
            myself: self.myself.clone(),
            limits: self.limits,
            control: self.control.clone(),
            presence: self.presence.clone(),
            lanes: self.lanes.clone(),
            metrics: self.metrics.clone(),
            shutdown: self.shutdown.clone(),
        }
    }

    fn id(&self, peer: PeerIndex) -> libp2p::PeerId {
        self.roster.id(peer).expect("every peer of the roster has an identity")
    }
}
