//! Aggregating attestations.

use std::collections::BTreeMap;
use std::sync::Arc;

use eth::{
    AggregateAndProof, Attestation, AttestationData, AttesterDuty, CommitteeIndex, Container, DomainType,
    SignatureBytes, SignedAggregateAndProof, is_aggregator,
};
use futures::future::join_all;

use super::Session;
use super::agreement::Kind;
use super::api::Failure;
use super::signing::off_the_loop;

type Aggregator = (AttesterDuty, SignatureBytes);

/// Aggregates the vote for every committee in which a validator was selected, when aggregates are due.
pub(super) async fn aggregate(session: &Arc<Session>, data: AttestationData, duties: Vec<AttesterDuty>) {
    let slot = data.slot;
    session.clock.until(session.spec.slot_start_ns(slot) + session.spec.aggregate_due_ns(slot)).await;
    let committees = selected(session, duties).into_iter();
    join_all(committees.map(|(committee, aggregators)| async move {
        if let Err(why) = aggregate_committee(session, data, committee, aggregators).await {
            tracing::warn!(topic = "vc", %slot, %committee, %why, "the aggregate failed");
        }
    }))
    .await;
}

/// Only a validator's whole proof tells whether it was selected.
fn selected(session: &Session, duties: Vec<AttesterDuty>) -> BTreeMap<CommitteeIndex, Vec<Aggregator>> {
    let mut committees: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for duty in duties {
        let proof = session.client.duties.selection(session.spec.epoch_of(duty.slot), &duty);
        if let Some(proof) = proof.filter(|proof| is_aggregator(duty.committee_length, proof)) {
            committees.entry(duty.committee_index).or_default().push((duty, proof));
        }
    }
    committees
}

async fn aggregate_committee(
    session: &Arc<Session>,
    data: AttestationData,
    committee: CommitteeIndex,
    aggregators: Vec<Aggregator>,
) -> Result<(), Failure> {
    let aggregate = fetch(session, &data, committee).await?;
    session.client.agreement.note(data.slot, Kind::Aggregate(committee), aggregate.root());
    let signed = off_the_loop(session, move |session| sign(session, &aggregate, &aggregators)).await?;
    let fork = session.spec.fork_at(session.spec.epoch_of(data.slot)).name();
    session.client.api.tell("eth/v2/validator/aggregate_and_proofs", Some(fork), &signed).await
}

async fn fetch(
    session: &Session,
    data: &AttestationData,
    committee: CommitteeIndex,
) -> Result<Attestation, Failure> {
    let (root, slot, preset) = (data.root(), data.slot, session.spec.preset);
    let path = format!(
        "eth/v2/validator/aggregate_attestation?attestation_data_root={root}&slot={slot}&committee_index={committee}"
    );
    let from_ssz = |ssz: &[u8]| Attestation::from_ssz(preset, ssz);
    let from_json = |json: &[u8]| Attestation::from_json(preset, json);
    let aggregate = session.client.api.get_container(&path, from_ssz, from_json).await?;
    if aggregate.data() != data || aggregate.committees() != [committee] {
        return Err(Failure::Answer("the aggregate is of another vote or committee".to_owned()));
    }
    Ok(aggregate)
}

fn sign(
    session: &Session,
    aggregate: &Attestation,
    aggregators: &[Aggregator],
) -> Result<Vec<SignedAggregateAndProof>, Failure> {
    let epoch = session.spec.epoch_of(aggregate.data().slot);
    let sign = |(duty, proof): &Aggregator| {
        let message = AggregateAndProof::new(duty.validator_index, aggregate.clone(), *proof);
        let signature = session.sign(&duty.pubkey, message.root(), DomainType::AggregateAndProof, epoch)?;
        Ok(message.sign(signature))
    };
    aggregators.iter().map(sign).collect()
}
