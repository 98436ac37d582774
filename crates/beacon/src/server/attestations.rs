//! Attestation data, and the attestations made from it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::uri::Uri;
use axum::response::Response;
use eth::{CommitteeIndex, Container, SingleAttestation};

use super::batch::{Kind, plain_json, plain_ssz};
use super::request::{Query, accepted, fork};
use super::{ApiError, App, Backend, answer};

const ATTESTATIONS: Kind<SingleAttestation> =
    Kind { name: "attestations", from_json: plain_json, ssz: plain_ssz() };

/// `GET /eth/v1/validator/attestation_data?slot&committee_index`. Since Electra the committee may be left out: there is
/// none in the data.
pub(crate) async fn data<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let encoding = accepted(&headers)?;
    let query = Query::of(&uri);
    let committee = query.optional("committee_index")?.unwrap_or(CommitteeIndex(0));
    let data = app.backend.attestation_data(query.required("slot")?, committee).await?;
    Ok(answer::plain(encoding, data, Container::to_ssz))
}

/// `POST /eth/v2/beacon/pool/attestations`: every item is judged on its own.
pub(crate) async fn submit<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    fork(&headers)?;
    let batch = app.batch(&ATTESTATIONS, &headers, body).await?;
    Ok(batch.judged(|items| app.backend.submit_attestations(items)).await)
}
