//! Attesting.

use std::sync::Arc;

use eth::{AttestationData, AttesterDuty, Container, DomainType, SingleAttestation, Slot};

use super::agreement::Kind;
use super::api::Failure;
use super::signing::off_the_loop;
use super::{Session, aggregating, events};

/// Attests for every validator on duty in the slot, and aggregates for those that were selected.
pub(super) async fn attest(session: Arc<Session>, slot: Slot) {
    // Its root is not asked for: the node knows best what to vote for.
    let _ = events::head_of(&session, slot, session.spec.attestation_due_ns(slot)).await;
    let attesters = session.client.duties.attesters(session.spec.epoch_of(slot)).unwrap_or_default();
    let duties: Vec<AttesterDuty> = attesters.duties.into_iter().filter(|duty| duty.slot == slot).collect();
    if duties.is_empty() {
        return;
    }
    match vote(&session, slot, duties.clone()).await {
        Ok(data) => aggregating::aggregate(&session, data, duties).await,
        Err(why) => tracing::warn!(topic = "vc", %slot, %why, "attestations failed"),
    }
}

async fn vote(
    session: &Arc<Session>,
    slot: Slot,
    duties: Vec<AttesterDuty>,
) -> Result<AttestationData, Failure> {
    let data = fetch(session, slot).await?;
    if data.slot != slot {
        return Err(Failure::Answer(format!("attestation data of slot {}", data.slot)));
    }
    session.client.agreement.note(slot, Kind::Attestation, data.root());
    let attestations = off_the_loop(session, move |session| sign(session, &data, &duties)).await?;
    if attestations.is_empty() {
        return Err(Failure::Own("it has signed in that epoch before".to_owned()));
    }
    let fork = session.spec.fork_at(session.spec.epoch_of(slot)).name();
    session.client.api.tell("eth/v2/beacon/pool/attestations", Some(fork), &attestations).await?;
    Ok(data)
}

async fn fetch(session: &Session, slot: Slot) -> Result<AttestationData, Failure> {
    let path = format!("eth/v1/validator/attestation_data?slot={slot}&committee_index=0");
    let from_json = |json: &[u8]| Ok(serde_json::from_slice(json)?);
    session.client.api.get_container(&path, AttestationData::from_ssz, from_json).await
}

fn sign(
    session: &Session,
    data: &AttestationData,
    duties: &[AttesterDuty],
) -> Result<Vec<SingleAttestation>, Failure> {
    let allowed = duties.iter().filter(|duty| session.client.guard.allow_vote(duty.pubkey, data));
    let attestation = |duty: &AttesterDuty| {
        let purpose = DomainType::BeaconAttester;
        Ok(SingleAttestation {
            committee_index: duty.committee_index,
            attester_index: duty.validator_index,
            data: *data,
            signature: session.sign(&duty.pubkey, data.root(), purpose, data.target.epoch)?,
        })
    };
    allowed.map(attestation).collect()
}
