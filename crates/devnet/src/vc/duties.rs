//! What is to be done when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use eth::{AttesterDuty, Epoch, ProposerDuty, Slot, ValidatorIndex};
use serde_json::{Value, json};

use super::Session;
use super::api::Failure;

/// Epochs whose duties are kept.
const EPOCHS_KEPT: usize = 4;

/// The duties known so far.
#[derive(Debug, Default)]
pub(super) struct Duties {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    validators: Vec<ValidatorIndex>,
    attesters: BTreeMap<Epoch, Vec<AttesterDuty>>,
    proposers: BTreeMap<Epoch, Vec<ProposerDuty>>,
}

impl Duties {
    pub(super) fn set_validators(&self, validators: Vec<ValidatorIndex>) {
        self.known().validators = validators;
    }

    pub(super) fn validators(&self) -> Vec<ValidatorIndex> {
        self.known().validators.clone()
    }

    pub(super) fn attesters(&self, epoch: Epoch, slot: Slot) -> Vec<AttesterDuty> {
        let known = self.known();
        known.attesters.get(&epoch).into_iter().flatten().filter(|duty| duty.slot == slot).copied().collect()
    }

    /// Who proposes in a slot; none if nobody of ours, an error if the epoch is not known.
    pub(super) fn proposer(&self, epoch: Epoch, slot: Slot) -> Result<Option<ProposerDuty>, UnknownEpoch> {
        let known = self.known();
        let duties = known.proposers.get(&epoch).ok_or(UnknownEpoch)?;
        Ok(duties.iter().find(|duty| duty.slot == slot).copied())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nothing panics while holding the duties")
    }
}

/// The duties of that epoch have not been fetched.
#[derive(Debug)]
pub(super) struct UnknownEpoch;

/// The questions of a slot: whether the node is in sync, who proposes, and at the start of an epoch the rest.
pub(super) async fn keep(session: Arc<Session>, slot: Slot) {
    let epoch = session.spec.epoch_of(slot);
    let syncing = session.client.api.get::<Value>("eth/v1/node/syncing").await;
    report("syncing", syncing.map(drop));
    report("proposer duties", fetch_proposers(&session, epoch).await);
    let is_first = session.spec.first_slot(epoch) == slot;
    for epoch in [epoch, Epoch(epoch.0 + 1)] {
        if is_first || !session.client.duties.known().attesters.contains_key(&epoch) {
            report("attester duties", fetch_attesters(&session, epoch).await);
        }
    }
    if is_first {
        report("sync duties", fetch_sync(&session, epoch).await);
        prepare(&session).await;
        report("subscriptions", subscribe(&session, epoch).await);
    }
    let next = Slot(slot.0 + 1);
    if session.spec.epoch_of(next) != epoch {
        session.sleep_until(session.spec.slot_start_ns(slot) + session.spec.aggregate_due_ns(slot)).await;
        report("next proposer duties", fetch_proposers(&session, Epoch(epoch.0 + 1)).await);
    }
}

/// Duties of validators that are not the client's, by their key, are not kept.
pub(super) async fn fetch_attesters(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let path = format!("eth/v1/validator/duties/attester/{epoch}");
    let mut duties: Vec<AttesterDuty> =
        session.client.api.ask(&path, &session.client.duties.validators()).await?;
    duties.retain(|duty| session.client.keys.contains_key(&duty.pubkey));
    let mut known = session.client.duties.known();
    known.attesters.insert(epoch, duties);
    while known.attesters.len() > EPOCHS_KEPT {
        known.attesters.pop_first();
    }
    Ok(())
}

/// As [`fetch_attesters`].
pub(super) async fn fetch_proposers(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let path = format!("eth/v1/validator/duties/proposer/{epoch}");
    let mut duties: Vec<ProposerDuty> = session.client.api.get(&path).await?;
    duties.retain(|duty| session.client.keys.contains_key(&duty.pubkey));
    let mut known = session.client.duties.known();
    known.proposers.insert(epoch, duties);
    while known.proposers.len() > EPOCHS_KEPT {
        known.proposers.pop_first();
    }
    Ok(())
}

/// Says who is to get the fees.
pub(super) async fn prepare(session: &Session) {
    let validators = session.client.duties.validators();
    let fee_recipient = session.client.fee_recipient;
    let preparation = |index| json!({ "validator_index": index, "fee_recipient": fee_recipient });
    let preparations: Vec<Value> = validators.into_iter().map(preparation).collect();
    let path = "eth/v1/validator/prepare_beacon_proposer";
    report("preparation", session.client.api.tell(path, None, &preparations).await);
}

/// Which subnets matter. The client never aggregates.
async fn subscribe(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let duties = session.client.duties.known().attesters.get(&epoch).cloned().unwrap_or_default();
    let subscription = |duty: AttesterDuty| {
        json!({
            "validator_index": duty.validator_index,
            "committee_index": duty.committee_index,
            "committees_at_slot": duty.committees_at_slot.to_string(),
            "slot": duty.slot,
            "is_aggregator": false,
        })
    };
    let subscriptions: Vec<Value> = duties.into_iter().map(subscription).collect();
    session.client.api.tell("eth/v1/validator/beacon_committee_subscriptions", None, &subscriptions).await
}

/// Asked for as the recorded client does; the client serves in no sync committee.
async fn fetch_sync(session: &Session, epoch: Epoch) -> Result<(), Failure> {
    let path = format!("eth/v1/validator/duties/sync/{epoch}");
    let _: Value = session.client.api.ask(&path, &session.client.duties.validators()).await?;
    Ok(())
}

/// Failures are the node's business; its ledger of truth will show what was missed.
fn report(what: &str, result: Result<(), Failure>) {
    if let Err(why) = result {
        tracing::debug!(topic = "vc", what, %why, "failed");
    }
}
