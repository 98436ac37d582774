//! An embedded validator client that holds only key shares.
//!
//! ```text
//!   start ── genesis, spec, validators
//!   every epoch: attester duties ─► beacon_committee_selections ─► subscriptions; sync duties; prepare, register
//!   every slot:  syncing, proposer duties
//!     0      block v3 ─► sign ─► blocks or blinded_blocks          sync_committee_selections ─► who contributes
//!     head   attester duties and selections anew if others depend on it
//!     head   attestation_data ─► sign ─► pool/attestations         head ─► sign ─► pool/sync_committees
//!     2/3    aggregate_attestation ─► sign ─► aggregate_and_proofs  sync_committee_contribution ─► sign
//!                                                                     ─► contribution_and_proofs
//! ```
//!
//! It asks what a recorded Lodestar client in distributed mode asks, in the same encodings, and takes its node for a
//! beacon node. While its node is down it goes on asking.
//!
//! **Words.** A *selection* is a selection proof: whoever has it by the right hash aggregates. Of a share it proves
//! nothing; the node completes it, and only then the client knows whether it was selected.

mod aggregating;
mod agreement;
mod api;
mod contributing;
mod duties;
mod events;
mod exiting;
mod guard;
mod keeping;
mod proposing;
mod registering;
mod selecting;
mod setup;
mod signing;
mod sync_voting;
mod voting;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bls::SecretKey;
use eth::{Address, Epoch, PublicKeyBytes, Slot, Spec, ValidatorIndex};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use agreement::{Agreement, Kind};
pub use api::Failure;

use self::api::Api;
use self::duties::Duties;
use self::events::Head;
use self::guard::Guard;
use crate::chain::Clock;

/// The pause before what failed is tried again at the start.
const PAUSE: Duration = Duration::from_millis(500);

/// What a validator client is started with.
#[derive(Debug)]
pub struct ValidatorClientConfig {
    /// Its node's validator API.
    pub node: Url,
    /// Its share of each validator, or the whole keys.
    pub shares: Vec<SecretKey>,
    /// Whether the keys are shares, so that the node has to complete selections. With whole keys the client knows by
    /// itself when it aggregates, and may talk to a plain beacon node.
    pub distributed: bool,
    /// Whether it registers with builders and takes their blocks.
    pub builder: bool,
    /// Whom it asks the node to pay.
    pub fee_recipient: Address,
    /// Where it tells what it was asked to sign.
    pub agreement: Arc<Agreement>,
    /// Its clock, if that is not the machine's.
    pub clock: Option<Clock>,
}

/// A running validator client. Ends when dropped.
#[derive(Debug)]
pub struct ValidatorClient {
    session: Arc<OnceLock<Arc<Session>>>,
    ended: CancellationToken,
    task: JoinHandle<()>,
}

/// What every part of a client needs.
#[derive(Debug)]
struct Client {
    api: Api,
    keys: BTreeMap<PublicKeyBytes, SecretKey>,
    distributed: bool,
    builder: bool,
    fee_recipient: Address,
    agreement: Arc<Agreement>,
    guard: Guard,
    duties: Duties,
    /// The latest head heard of.
    heads: watch::Sender<Head>,
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
        let session = Arc::new(OnceLock::new());
        let ended = CancellationToken::new();
        let run = run(config, Arc::clone(&session), ended.clone());
        ValidatorClient { session, ended, task: tokio::spawn(run) }
    }

    /// Whether it found its validators and their first duties.
    pub fn is_ready(&self) -> bool {
        self.session.get().is_some()
    }

    /// Signs a validator's wish to exit from an epoch on, and hands it to the node. All clients of a cluster have to
    /// name the same epoch.
    ///
    /// # Errors
    /// The client is not ready or has no key of the validator, or the node refuses.
    pub async fn exit(&self, validator: ValidatorIndex, epoch: Epoch) -> Result<(), Failure> {
        let session = self.session.get().ok_or_else(|| Failure::Own("it is not ready".to_owned()))?;
        exiting::exit(session, validator, epoch).await
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

async fn run(config: ValidatorClientConfig, ready: Arc<OnceLock<Arc<Session>>>, ended: CancellationToken) {
    let work = async {
        let session = Arc::new(setup::start(config).await);
        let mut tasks = JoinSet::new();
        tasks.spawn(events::follow(Arc::clone(&session)));
        setup::learn(&session).await;
        tasks.spawn(keeping::follow_heads(Arc::clone(&session)));
        tasks.spawn(keeping::follow_up(Arc::clone(&session), session.epoch_now(), true));
        let first = session.next_slot();
        // Nobody else sets it.
        let _ = ready.set(Arc::clone(&session));
        slots(session, tasks, first).await;
    };
    tokio::select! {
        () = work => {}
        () = ended.cancelled() => {}
    }
}

/// Does every slot's work from the first on, for ever; a slot that takes long does not delay the next, and who wakes late
/// goes on with the running one.
async fn slots(session: Arc<Session>, mut tasks: JoinSet<()>, first: Slot) {
    let mut slot = first;
    loop {
        session.clock.until(session.spec.slot_start_ns(slot)).await;
        let epoch = session.spec.epoch_of(slot);
        let begins = session.spec.first_slot(epoch) == slot;
        tasks.spawn(keeping::keep(Arc::clone(&session), slot));
        tasks.spawn(keeping::keep_epoch(Arc::clone(&session), epoch, begins));
        tasks.spawn(proposing::propose(Arc::clone(&session), slot));
        tasks.spawn(voting::attest(Arc::clone(&session), slot));
        tasks.spawn(sync_voting::serve(Arc::clone(&session), slot));
        while tasks.try_join_next().is_some() {}
        slot = Slot(slot.0 + 1).max(session.slot_now());
    }
}

impl Session {
    /// The first slot that has not begun.
    fn next_slot(&self) -> Slot {
        let now = self.clock.now_ns();
        if now < 0 { Slot(0) } else { Slot(self.spec.slot_at_ns(now).0 + 1) }
    }

    /// The slot of now; slot 0 before genesis.
    fn slot_now(&self) -> Slot {
        self.spec.slot_at_ns(self.clock.now_ns())
    }

    /// The epoch of now; epoch 0 before genesis.
    fn epoch_now(&self) -> Epoch {
        self.spec.epoch_of(self.slot_now())
    }

    /// Unix time, seconds.
    fn unix_now(&self) -> u64 {
        self.spec.genesis.genesis_time.saturating_add_signed(self.clock.now_ns() / 1_000_000_000)
    }
}
