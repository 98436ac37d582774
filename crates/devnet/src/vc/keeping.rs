//! Keeping up: whether the node is in sync, who does what when, and what validators announce.

use std::sync::Arc;

use eth::{AttesterDuty, Epoch, ProposerDuty, Root, Slot, SyncDuty, ValidatorIndex, is_aggregator};
use futures::future::join;
use serde_json::{Value, json};

use super::api::{Dependent, Failure};
use super::duties::Attesters;
use super::{Session, registering, selecting};

/// The questions of a slot.
pub(super) async fn keep(session: Arc<Session>, slot: Slot) {
    let epoch = session.spec.epoch_of(slot);
    let syncing = session.client.api.get::<Value>("eth/v1/node/syncing").await;
    report("syncing", syncing.map(drop));
    report("proposer duties", fetch_proposers(&session, epoch).await);
    if session.spec.epoch_of(Slot(slot.0 + 1)) != epoch {
        session.clock.until(session.spec.slot_start_ns(slot) + session.spec.aggregate_due_ns(slot)).await;
        report("next proposer duties", fetch_proposers(&session, Epoch(epoch.0 + 1)).await);
    }
}

/// The questions of an epoch that begins, and in its other slots those that had no answer yet.
pub(super) async fn keep_epoch(session: Arc<Session>, epoch: Epoch, begins: bool) {
    report("duties", fetch_duties(&session, epoch, begins).await);
    follow_up(session, epoch, begins).await;
}

/// The duties of an epoch and the next, and those of the next sync committee: all when the epoch begins, else those that
/// are not known.
pub(super) async fn fetch_duties(session: &Session, epoch: Epoch, begins: bool) -> Result<(), Failure> {
    let duties = &session.client.duties;
    for epoch in [epoch, Epoch(epoch.0 + 1)] {
        if begins || duties.attesters(epoch).is_none() {
            fetch_attesters(session, epoch).await?;
        }
    }
    for epoch in [epoch, session.first_of_next_period(epoch)] {
        if begins || duties.sync(session.period_of(epoch)).is_none() {
            fetch_sync(session, epoch).await?;
        }
    }
    Ok(())
}

/// Asks for attester duties anew when a head says that they depend on another block than when they were fetched. For
/// ever.
pub(super) async fn follow_heads(session: Arc<Session>) {
    let mut heads = session.client.heads.subscribe();
    // The sender lives as long as the session.
    while heads.changed().await.is_ok() {
        let head = *heads.borrow_and_update();
        let epoch = session.spec.epoch_of(head.slot);
        let current = (epoch, head.previous_duty_dependent_root);
        let next = (Epoch(epoch.0 + 1), head.current_duty_dependent_root);
        join(ask_anew(&session, current), ask_anew(&session, next)).await;
    }
}

async fn ask_anew(session: &Arc<Session>, (epoch, dependent_root): (Epoch, Root)) {
    if dependent_root.is_zero() || !session.client.duties.are_outdated(epoch, dependent_root) {
        return;
    }
    tracing::info!(topic = "vc", %epoch, "the duties have changed");
    report("changed duties", fetch_attesters(session, epoch).await);
    select(session, epoch).await;
}

/// What follows from the duties: announcements, selections and subscriptions.
pub(super) async fn follow_up(session: Arc<Session>, epoch: Epoch, begins: bool) {
    if begins {
        announce(&session).await;
        report("sync subscriptions", subscribe_sync(&session, epoch).await);
    }
    let select = async |epoch| {
        if begins || !session.client.duties.has_selections(epoch) {
            select(&session, epoch).await;
        }
    };
    join(select(epoch), select(Epoch(epoch.0 + 1))).await;
}

/// Finds out who aggregates, which the node holds until a threshold of clients has asked, and tells it.
async fn select(session: &Arc<Session>, epoch: Epoch) {
    report("selections", selecting::select_attesters(session, epoch).await);
    report("subscriptions", subscribe(session, epoch).await);
}

/// Duties of validators that are not the client's, by their key, are not kept.
async fn fetch_attesters(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let path = format!("eth/v1/validator/duties/attester/{epoch}");
    let answer = session.client.api.ask_dependent(&path, &indices(session)).await?;
    let Dependent::<Vec<AttesterDuty>> { dependent_root, data: mut duties } = answer;
    duties.retain(|duty| session.client.keys.contains_key(&duty.pubkey));
    session.client.duties.set_attesters(epoch, Attesters { dependent_root, duties });
    Ok(())
}

/// As [`fetch_attesters`].
pub(super) async fn fetch_proposers(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let path = format!("eth/v1/validator/duties/proposer/{epoch}");
    let mut duties: Vec<ProposerDuty> = session.client.api.get(&path).await?;
    duties.retain(|duty| session.client.keys.contains_key(&duty.pubkey));
    session.client.duties.set_proposers(epoch, duties);
    Ok(())
}

/// As [`fetch_attesters`], for the epoch's sync committee period.
async fn fetch_sync(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let path = format!("eth/v1/validator/duties/sync/{epoch}");
    let mut duties: Vec<SyncDuty> = session.client.api.ask(&path, &indices(session)).await?;
    duties.retain(|duty| session.client.keys.contains_key(&duty.pubkey));
    session.client.duties.set_sync(session.period_of(epoch), duties);
    Ok(())
}

/// Says who is to get the fees, and to builders if there are any.
async fn announce(session: &Arc<Session>) {
    let fee_recipient = session.client.fee_recipient;
    let preparation = |index| json!({ "validator_index": index, "fee_recipient": fee_recipient });
    let preparations: Vec<Value> = indices(session).into_iter().map(preparation).collect();
    let path = "eth/v1/validator/prepare_beacon_proposer";
    report("preparation", session.client.api.tell(path, None, &preparations).await);
    if session.client.builder {
        report("registration", registering::register(session).await);
    }
}

/// Which subnets matter, and where the client will aggregate.
async fn subscribe(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let duties = session.client.duties.attesters(epoch).unwrap_or_default().duties;
    let subscription = |duty: AttesterDuty| {
        let proof = session.client.duties.selection(epoch, &duty);
        json!({
            "validator_index": duty.validator_index,
            "committee_index": duty.committee_index,
            "committees_at_slot": duty.committees_at_slot.to_string(),
            "slot": duty.slot,
            "is_aggregator": proof.is_some_and(|proof| is_aggregator(duty.committee_length, &proof)),
        })
    };
    let subscriptions: Vec<Value> = duties.into_iter().map(subscription).collect();
    session.client.api.tell("eth/v1/validator/beacon_committee_subscriptions", None, &subscriptions).await
}

async fn subscribe_sync(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let duties = session.client.duties.sync(session.period_of(epoch)).unwrap_or_default();
    let until_epoch = session.first_of_next_period(epoch);
    let subscription = |duty: SyncDuty| {
        json!({
            "validator_index": duty.validator_index,
            "sync_committee_indices": duty.validator_sync_committee_indices,
            "until_epoch": until_epoch,
        })
    };
    let subscriptions: Vec<Value> = duties.into_iter().map(subscription).collect();
    session.client.api.tell("eth/v1/validator/sync_committee_subscriptions", None, &subscriptions).await
}

fn indices(session: &Session) -> Vec<ValidatorIndex> {
    session.client.duties.validators().into_keys().collect()
}

/// Failures are the node's business; its ledger of truth will show what was missed.
fn report(what: &str, result: Result<(), Failure>) {
    if let Err(why) = result {
        tracing::debug!(topic = "vc", what, %why, "failed");
    }
}

impl Session {
    /// The sync committee period of an epoch.
    pub(super) fn period_of(&self, epoch: Epoch) -> u64 {
        epoch.0 / self.spec.epochs_per_sync_committee_period
    }

    fn first_of_next_period(&self, epoch: Epoch) -> Epoch {
        let next = self.period_of(epoch).saturating_add(1);
        Epoch(next.saturating_mul(self.spec.epochs_per_sync_committee_period))
    }
}
