//! Attestations and aggregates of them.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use eth::{CommitteeIndex, Container, Fork, Root, SignedAggregateAndProof, SingleAttestation, Slot};
use serde::Deserialize;
use serde_json::json;

use super::Api;
use super::body::{Reader, check_version, judge_each, read_list, read_list_of_preset};
use super::reply::{Refusal, consensus_version, data, json_body, ssz, wants_ssz};
use crate::chain::world::HandedIn;

#[derive(Deserialize)]
pub(super) struct AttestationQuery {
    slot: Slot,
    #[serde(default, rename = "committee_index")]
    _committee_index: CommitteeIndex,
}

pub(super) async fn attestation_data(
    State(chain): Api,
    headers: HeaderMap,
    Query(query): Query<AttestationQuery>,
) -> Result<Response, Refusal> {
    let vote = chain.world().attestation_data(chain.now_ns(), query.slot)?;
    if wants_ssz(&headers) { Ok(ssz(vote.to_ssz())) } else { Ok(data(vote)) }
}

pub(super) async fn publish(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    check_version(&headers)?;
    let attestations: Vec<SingleAttestation> = read_list(&headers, &body)?;
    if attestations.len() as u64 > chain.world().validator_count() {
        return Err(Refusal::bad_request("more attestations than there are validators"));
    }
    judge_each(&chain, attestations).await
}

#[derive(Deserialize)]
pub(super) struct AggregateQuery {
    attestation_data_root: Root,
    slot: Slot,
    committee_index: CommitteeIndex,
}

/// What the chain has received singly.
pub(super) async fn aggregate(
    State(chain): Api,
    headers: HeaderMap,
    Query(query): Query<AggregateQuery>,
) -> Result<Response, Refusal> {
    let AggregateQuery { attestation_data_root, slot, committee_index } = query;
    let aggregate = chain.world().aggregate(slot, attestation_data_root, committee_index);
    let aggregate = aggregate.ok_or_else(|| {
        Refusal::not_found(format!(
            "no attestation of committee {committee_index} in slot {slot} for that data"
        ))
    })?;
    let body = if wants_ssz(&headers) {
        ssz(aggregate.to_ssz())
    } else {
        json_body(json!({ "version": Fork::Fulu, "data": aggregate }))
    };
    Ok((consensus_version(), body).into_response())
}

pub(super) async fn publish_aggregates(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    check_version(&headers)?;
    let reader = Reader {
        from_json: SignedAggregateAndProof::from_json,
        from_ssz: SignedAggregateAndProof::from_ssz,
        size: SignedAggregateAndProof::ssz_size,
    };
    let preset = chain.world().spec().preset;
    let aggregates = read_list_of_preset(&headers, &body, preset, reader)?;
    judge_each(&chain, aggregates.into_iter().map(HandedIn::new).collect()).await
}
