//! Attestations.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eth::{CommitteeIndex, Container, SingleAttestation, Slot};
use serde::Deserialize;

use super::Api;
use super::reply::{CONSENSUS_VERSION, Refusal, data, is_ssz, read_json, text, wants_ssz};
use crate::chain::judge;

/// Bytes of a `SingleAttestation`'s SSZ.
const ATTESTATION_BYTES: usize = 240;

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
    if wants_ssz(&headers) { Ok(super::reply::ssz(vote.to_ssz())) } else { Ok(data(vote)) }
}

pub(super) async fn publish(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    if text(&headers, CONSENSUS_VERSION) != Some("fulu") {
        return Err(Refusal::bad_request("Eth-Consensus-Version must be fulu"));
    }
    let attestations = if is_ssz(&headers) { read_ssz(&body)? } else { read_json(&body)? };
    if attestations.len() as u64 > chain.world().validator_count() {
        return Err(Refusal::bad_request("more attestations than there are validators"));
    }
    let verdicts = judge::attestations(&chain, attestations).await;
    let refused =
        verdicts.into_iter().enumerate().filter_map(|(index, verdict)| Some((index, verdict.err()?)));
    let failures: Vec<(usize, String)> = refused.map(|(index, why)| (index, why.to_string())).collect();
    if failures.is_empty() { Ok(StatusCode::OK) } else { Err(Refusal::of_items(failures)) }
}

/// A list of items of fixed size is the items, one after the other.
fn read_ssz(body: &Bytes) -> Result<Vec<SingleAttestation>, Refusal> {
    let items = body.chunks(ATTESTATION_BYTES).map(SingleAttestation::from_ssz);
    items.collect::<Result<_, _>>().map_err(|why| Refusal::bad_request(format!("invalid body: {why}")))
}
