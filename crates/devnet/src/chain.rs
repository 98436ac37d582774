//! The embedded beacon chain: a Beacon API server that judges like a real one.
//!
//! ```text
//!   server ── requests ──► judge ── signatures verified ──► world ── events ──► server (SSE)
//!                                                             │
//!                    schedule   tree   finality   history   pool   truth
//! ```
//!
//! It is at Fulu from genesis on and has no states: validators do not come or earn, and the "state root" of a block is a
//! hash over the blocks before it. All that duties depend on is as on a real chain: committees, aggregators, the sync
//! committee, proposers, parents, checkpoints, justification, exits, and what gets a validator slashed. A [`Scenario`]
//! adds a builder, blobs, a reorg, and a network that includes only what was aggregated.

mod clock;
mod config;
mod constants;
mod event;
mod finality;
mod forge;
mod history;
mod judge;
mod known;
mod pool;
mod rejection;
mod scenario;
mod schedule;
mod server;
mod tree;
mod truth;
mod world;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use eth::{Address, Epoch, Root, Slot, Spec, ValidatorIndex};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, broadcast};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use clock::Clock;
pub use config::ChainConfig;
pub use event::{Event, Reorganization};
pub use rejection::Rejection;
pub use scenario::{Reorg, Scenario};
pub use truth::*;

use self::world::World;
use crate::Error;

/// Batches of signatures verified at the same time.
const VERIFICATIONS: usize = 2;

/// A running chain. Ends when dropped.
#[derive(Debug)]
pub struct Chain {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    clock: Clock,
    events: broadcast::Sender<Event>,
    verifications: Semaphore,
    /// Messages of validators are judged one request at a time.
    turn: Semaphore,
    ended: CancellationToken,
}

/// Where the chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Slot of the head block.
    pub head: Slot,
    /// The justified epoch.
    pub justified: Epoch,
    /// The finalized epoch.
    pub finalized: Epoch,
}

impl Chain {
    /// Starts a chain by the machine's clock.
    ///
    /// # Errors
    /// [`Error::Options`] when the configuration makes no chain, [`Error::Listen`] when the address is taken.
    pub async fn start(config: ChainConfig) -> Result<Chain, Error> {
        let clock = Clock::Wall { genesis_time: config.genesis_time };
        Chain::start_by(clock, config).await
    }

    /// Starts a chain by a clock of the caller's.
    ///
    /// # Errors
    /// As [`Chain::start`].
    pub async fn start_by(clock: Clock, config: ChainConfig) -> Result<Chain, Error> {
        let world = World::new(&config)?;
        let listen_error = |why| Error::Listen { address: config.listen, why };
        let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            clock,
            events: broadcast::Sender::new(constants::EVENTS_BUFFERED),
            verifications: Semaphore::new(VERIFICATIONS),
            turn: Semaphore::new(1),
            ended: CancellationToken::new(),
        });
        let server = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Chain { shared, address, server })
    }

    /// Where the Beacon API is.
    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}/", self.address)).expect("an address makes a URL")
    }

    /// The chain's configuration.
    pub fn spec(&self) -> Spec {
        self.shared.world().spec().clone()
    }

    /// Nanoseconds since genesis.
    pub fn now_ns(&self) -> i64 {
        self.shared.clock.now_ns()
    }

    /// Where the chain stands.
    pub fn standing(&self) -> Standing {
        let world = self.shared.world();
        let head = world.tree().head();
        Standing {
            head: head.header.slot,
            justified: head.finality.current_justified.epoch,
            finalized: head.finality.finalized.epoch,
        }
    }

    /// A copy of the ledger of truth.
    pub fn truth(&self) -> Truth {
        self.shared.world().truth().clone()
    }

    /// What became of a slot's duties so far.
    pub fn slot(&self, slot: Slot) -> SlotTruth {
        self.shared.world().slot_truth(slot)
    }

    /// Whose duty it is to attest in a slot.
    pub fn attesters(&self, slot: Slot) -> Vec<ValidatorIndex> {
        self.shared.world().attesters(slot)
    }

    /// Whose duty it is to propose in a slot.
    pub fn proposer(&self, slot: Slot) -> ValidatorIndex {
        self.shared.world().schedule().proposer(slot)
    }

    /// Who sits in the sync committee that signs in a slot, seat by seat: in the last slot of a period it is the next
    /// period's, as on a real chain.
    pub fn sync_committee(&self, slot: Slot) -> Vec<ValidatorIndex> {
        self.shared.world().schedule().sync_committee_signing(slot).seats().to_vec()
    }

    /// Whether a validator has duties in an epoch, other than those of a sync committee that it still sits in.
    pub fn is_active(&self, validator: ValidatorIndex, epoch: Epoch) -> bool {
        self.shared.world().schedule().is_active(validator, epoch)
    }

    /// Who gets the fees of a validator's block in a slot, if that was announced in its epoch or the two before.
    pub fn prepared(&self, validator: ValidatorIndex, slot: Slot) -> Option<Address> {
        self.shared.world().prepared(validator, slot)
    }

    /// The slot of the block that included a validator's attestation, if the head's branch has one.
    pub fn inclusion(&self, slot: Slot, validator: ValidatorIndex) -> Option<Slot> {
        self.shared.world().tree().inclusion(slot, validator)
    }

    /// The block on the branch of the head that a right vote in a slot names.
    pub fn right_head(&self, slot: Slot) -> Option<Root> {
        let world = self.shared.world();
        world.tree().ancestor(&world.tree().head().root, slot).map(|block| block.root)
    }

    /// What happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// Ends the chain; open requests are cut off.
    pub async fn stop(mut self) {
        self.shared.ended.cancel();
        // The server ends by itself once its streams have; what it returns says nothing.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.shared.ended.cancel();
    }
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nothing panics while holding the world")
    }

    pub(crate) fn now_ns(&self) -> i64 {
        self.clock.now_ns()
    }

    /// Tells whoever listens; it does not matter if nobody does.
    pub(crate) fn tell(&self, events: Vec<Event>) {
        for event in events {
            let _ = self.events.send(event);
        }
    }
}
