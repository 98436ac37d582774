//! Attesting.

use std::sync::Arc;

use eth::{
    AttestationData, AttesterDuty, Container, DomainType, SignatureBytes, SingleAttestation, Slot,
    signing_root,
};

use super::Session;
use super::agreement::Kind;
use super::api::{Failure, data};

/// Attests for every validator on duty in the slot.
pub(super) async fn attest(session: Arc<Session>, slot: Slot) {
    let epoch = session.spec.epoch_of(slot);
    wait_for_head(&session, slot).await;
    let duties = session.client.duties.attesters(epoch, slot);
    if duties.is_empty() {
        return;
    }
    if let Err(why) = attest_now(&session, slot, duties).await {
        tracing::warn!(topic = "vc", %slot, %why, "attestations failed");
    }
}

/// Until the slot's block is there, or a third of the slot is over.
async fn wait_for_head(session: &Session, slot: Slot) {
    let mut heads = session.client.heads.subscribe();
    let due_ns = session.spec.slot_start_ns(slot) + session.spec.attestation_due_ns(slot);
    tokio::select! {
        // The sender lives as long as the session.
        _ = heads.wait_for(|head| *head >= slot && slot > Slot(0)) => {}
        () = session.sleep_until(due_ns) => {}
    }
}

async fn attest_now(session: &Arc<Session>, slot: Slot, duties: Vec<AttesterDuty>) -> Result<(), Failure> {
    let data = fetch(session, slot).await?;
    if data.slot != slot {
        return Err(Failure::Answer(format!("attestation data of slot {}", data.slot)));
    }
    session.client.agreement.note(slot, Kind::Attestation, data.root());
    let signer = Arc::clone(session);
    let signed = tokio::task::spawn_blocking(move || sign(&signer, &data, &duties)).await;
    let attestations = signed.expect("signing does not panic");
    if attestations.is_empty() {
        return Err(Failure::Answer("the client has signed in that epoch before".to_owned()));
    }
    let fork = session.spec.fork_at(session.spec.epoch_of(slot)).name();
    session.client.api.tell("eth/v2/beacon/pool/attestations", Some(fork), &attestations).await
}

async fn fetch(session: &Session, slot: Slot) -> Result<AttestationData, Failure> {
    let path = format!("eth/v1/validator/attestation_data?slot={slot}&committee_index=0");
    let (form, body) = session.client.api.get_any(&path).await?;
    if form.is_ssz {
        return AttestationData::from_ssz(&body).map_err(|why| Failure::Answer(why.to_string()));
    }
    data(&body)
}

fn sign(session: &Session, data: &AttestationData, duties: &[AttesterDuty]) -> Vec<SingleAttestation> {
    let domain = session.spec.domain(DomainType::BeaconAttester, data.target.epoch);
    let root = signing_root(data.root(), domain);
    let attestation = |duty: &AttesterDuty| {
        let key = session.client.keys.get(&duty.pubkey)?;
        session.client.guard.allow_vote(duty.pubkey, data).then(|| SingleAttestation {
            committee_index: duty.committee_index,
            attester_index: duty.validator_index,
            data: *data,
            signature: SignatureBytes(key.sign(root.as_bytes()).to_bytes()),
        })
    };
    duties.iter().filter_map(attestation).collect()
}
