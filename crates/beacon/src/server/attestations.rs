//! Attestation data, and the attestations made from it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::uri::Uri;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use eth::{AttestationData, Fork, SingleAttestation};
use serde_json::value::RawValue;

use super::request::{Query, fork, json, media_type, whole};
use super::{ApiError, App, Backend};
use crate::api::{Data, IndexedFailure, LIST_BODY_MAX, MediaType};

/// `GET /eth/v1/validator/attestation_data?slot&committee_index`
pub(crate) async fn data<B: Backend>(
    State(app): State<Arc<App<B>>>,
    uri: Uri,
) -> Result<Json<Data<AttestationData>>, ApiError> {
    let query = Query::of(&uri);
    let (slot, committee) = (query.required("slot")?, query.required("committee_index")?);
    Ok(Json(Data { data: app.backend.attestation_data(slot, committee).await? }))
}

/// `POST /eth/v2/beacon/pool/attestations`: every item is judged on its own.
pub(crate) async fn submit<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    media_type(&headers, &[MediaType::Json])?;
    let fork = fork(&headers)?;
    if fork < Fork::Electra {
        return Err(ApiError::bad_request(format!(
            "attestations of {fork} are not supported; Electra and later are"
        )));
    }
    let body = whole(body, LIST_BODY_MAX, app.config.body_timeout).await?;
    let items: Vec<&RawValue> = serde_json::from_slice(&body)
        .map_err(|error| ApiError::bad_request(format!("malformed JSON, expected a list: {error}")))?;
    let (read, mut failures) = read_items(&items);
    let (positions, attestations): (Vec<usize>, Vec<SingleAttestation>) = read.into_iter().unzip();
    let verdicts = if attestations.is_empty() {
        Vec::new()
    } else {
        app.backend.submit_attestations(attestations).await
    };
    for (index, verdict) in positions.into_iter().zip(verdicts) {
        if let Err(error) = verdict {
            failures.push(IndexedFailure { index, message: error.message });
        }
    }
    Ok(respond(failures, items.len()))
}

/// The readable items with their positions, and what is wrong with the others.
fn read_items(items: &[&RawValue]) -> (Vec<(usize, SingleAttestation)>, Vec<IndexedFailure>) {
    let mut read = Vec::with_capacity(items.len());
    let mut failures = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match json(item.get().as_bytes()) {
            Ok(attestation) => read.push((index, attestation)),
            Err(error) => failures.push(IndexedFailure { index, message: error.message }),
        }
    }
    (read, failures)
}

fn respond(mut failures: Vec<IndexedFailure>, submitted: usize) -> Response {
    if failures.is_empty() {
        return StatusCode::OK.into_response();
    }
    failures.sort_by_key(|failure| failure.index);
    let message = format!("{} of {submitted} attestations were refused, the others taken", failures.len());
    ApiError::new(400, "items_refused", message).with_failures(failures)
}
