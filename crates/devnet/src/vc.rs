//! An embedded validator client that holds only key shares.
//!
//! ```text
//!   start ── genesis, spec, validators ──► every slot: syncing, proposer duties ──► propose
//!                                          every epoch: attester duties, prepare      │ block v3, sign, publish
//!   events ── head of the slot ──────────► or a third into the slot ──► attest        │
//!                                          attestation data, sign, publish ◄──────────┘
//! ```
//!
//! It asks what a recorded Lodestar client asks, in the same encodings, and takes its node for a beacon node. While its
//! node is down it goes on asking.

mod agreement;
mod api;
mod duties;
mod events;
mod guard;
mod proposing;
mod setup;
mod voting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bls::SecretKey;
use eth::{Address, PublicKeyBytes, Slot, Spec};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use agreement::{Agreement, Kind};

use self::api::Api;
use self::duties::Duties;
use self::guard::Guard;
use crate::chain::Clock;

/// The pause before what failed is tried again at the start.
const PAUSE: Duration = Duration::from_millis(500);

/// What a validator client is started with.
#[derive(Debug)]
pub struct ValidatorClientConfig {
    /// Its node's validator API.
    pub node: Url,
    /// Its share of each validator.
    pub shares: Vec<SecretKey>,
    /// Whom it asks the node to pay.
    pub fee_recipient: Address,
    /// Where it tells what it was asked to sign.
    pub agreement: Arc<Agreement>,
}

/// A running validator client. Ends when dropped.
#[derive(Debug)]
pub struct ValidatorClient {
    ready: Arc<AtomicBool>,
    ended: CancellationToken,
    task: JoinHandle<()>,
}

/// What every part of a client needs.
#[derive(Debug)]
struct Client {
    api: Api,
    keys: BTreeMap<PublicKeyBytes, SecretKey>,
    fee_recipient: Address,
    agreement: Arc<Agreement>,
    guard: Guard,
    duties: Duties,
    heads: watch::Sender<Slot>,
}

/// A client that knows its chain.
#[derive(Debug)]
struct Session {
    client: Client,
    spec: Spec,
    clock: Clock,
}

impl ValidatorClient {
    /// Starts a client.
    pub fn start(config: ValidatorClientConfig) -> ValidatorClient {
        let ready = Arc::new(AtomicBool::new(false));
        let ended = CancellationToken::new();
        let run = run(config, Arc::clone(&ready), ended.clone());
        ValidatorClient { ready, ended, task: tokio::spawn(run) }
    }

    /// Whether it found its validators and their first duties.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Ends the client.
    pub async fn stop(mut self) {
        self.ended.cancel();
        // A client's panic was its own; there is nothing left to do for it.
        let _ = (&mut self.task).await;
    }
}

impl Drop for ValidatorClient {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

async fn run(config: ValidatorClientConfig, ready: Arc<AtomicBool>, ended: CancellationToken) {
    let work = async {
        let session = Arc::new(setup::start(config).await);
        let mut tasks = JoinSet::new();
        tasks.spawn(events::follow(Arc::clone(&session)));
        setup::learn(&session).await;
        ready.store(true, Ordering::Relaxed);
        slots(session, tasks).await;
    };
    tokio::select! {
        () = work => {}
        () = ended.cancelled() => {}
    }
}

/// Does every slot's work, for ever; a slot that takes long does not delay the next.
async fn slots(session: Arc<Session>, mut tasks: JoinSet<()>) {
    let mut slot = session.next_slot();
    loop {
        session.sleep_until(session.spec.slot_start_ns(slot)).await;
        tasks.spawn(duties::keep(Arc::clone(&session), slot));
        tasks.spawn(proposing::propose(Arc::clone(&session), slot));
        tasks.spawn(voting::attest(Arc::clone(&session), slot));
        while tasks.try_join_next().is_some() {}
        slot = Slot(slot.0 + 1).max(session.next_slot());
    }
}

impl Session {
    /// The first slot that has not begun.
    fn next_slot(&self) -> Slot {
        let now = self.clock.now_ns();
        if now < 0 { Slot(0) } else { Slot(self.spec.slot_at_ns(now).0 + 1) }
    }

    /// Sleeps until a time, nanoseconds since genesis.
    async fn sleep_until(&self, time_ns: i64) {
        let left = time_ns.saturating_sub(self.clock.now_ns());
        tokio::time::sleep(Duration::from_nanos(u64::try_from(left).unwrap_or(0))).await;
    }
}
