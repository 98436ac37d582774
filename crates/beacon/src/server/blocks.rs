//! Blocks: the decided one, to be signed, and the signed one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::uri::Uri;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use eth::{Proposal, SignedProposal};
use serde::Serialize;
use serde_json::value::RawValue;

use super::request::{Query, accepted, fork, media_type, parse, whole};
use super::{ApiError, App, Backend, ProposalRequest};
use crate::api::{BLOCK_BODY_MAX, BLOCK_VALUE, CONSENSUS_VERSION, MediaType, PAYLOAD_BLINDED, PAYLOAD_VALUE};
use crate::client::json_body;

/// Both values of every block, in Wei. The cluster decides on the block alone, so that its members need not agree on
/// what it is worth; all validator clients must see the same.
const VALUE_WEI: &str = "1";

/// `GET /eth/v3/validator/blocks/{slot}?randao_reveal&graffiti`, held until the cluster decided. What the validator
/// client says of builders and fee recipients is not heard: the whole cluster must build the same block.
pub(crate) async fn produce<B: Backend>(
    State(app): State<Arc<App<B>>>,
    Path(slot): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let encoding = accepted(&headers)?;
    let query = Query::of(&uri);
    let request = ProposalRequest {
        slot: parse(&slot, "slot")?,
        randao_reveal: query.required("randao_reveal")?,
        graffiti: query.optional("graffiti")?,
    };
    let proposal = app.backend.propose(request).await?;
    respond(&proposal, encoding)
}

/// `POST /eth/v1/beacon/blocks` and `/eth/v2/beacon/blocks`
pub(crate) async fn submit<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    app.take_block(&headers, body, false).await
}

/// `POST /eth/v1/beacon/blinded_blocks` and `/eth/v2/beacon/blinded_blocks`
pub(crate) async fn submit_blinded<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    app.take_block(&headers, body, true).await
}

impl<B: Backend> App<B> {
    async fn take_block(
        &self,
        headers: &HeaderMap,
        body: Body,
        blinded: bool,
    ) -> Result<StatusCode, ApiError> {
        let encoding = media_type(headers, &[MediaType::Json, MediaType::Ssz])?;
        let fork = fork(headers)?;
        let body = whole(body, BLOCK_BODY_MAX, self.config.body_timeout).await?;
        let preset = self.spec.preset;
        let block = match encoding {
            MediaType::Ssz => SignedProposal::from_ssz(preset, fork, blinded, &body),
            MediaType::Json => SignedProposal::from_json(preset, fork, blinded, &body),
        };
        let block = block.map_err(|error| ApiError::bad_request(format!("malformed block: {error}")))?;
        self.backend.submit_block(block).await?;
        Ok(StatusCode::OK)
    }
}

#[derive(Serialize)]
struct Produced<'a> {
    version: &'static str,
    execution_payload_blinded: bool,
    execution_payload_value: &'static str,
    consensus_block_value: &'static str,
    data: &'a RawValue,
}

fn respond(proposal: &Proposal, encoding: MediaType) -> Result<Response, ApiError> {
    let body = match encoding {
        MediaType::Ssz => proposal.to_ssz().to_vec().into(),
        MediaType::Json => in_json(proposal),
    };
    let mut response = body.into_response();
    let blinded = if proposal.blinded() { "true" } else { "false" };
    for (name, value) in [
        (CONTENT_TYPE.as_str(), encoding.as_str()),
        (CONSENSUS_VERSION, proposal.fork().name()),
        (PAYLOAD_BLINDED, blinded),
        (PAYLOAD_VALUE, VALUE_WEI),
        (BLOCK_VALUE, VALUE_WEI),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn in_json(proposal: &Proposal) -> bytes::Bytes {
    let data = String::from_utf8(proposal.to_json()).expect("JSON is UTF-8");
    let data = RawValue::from_string(data).expect("a block's JSON is JSON");
    json_body(&Produced {
        version: proposal.fork().name(),
        execution_payload_blinded: proposal.blinded(),
        execution_payload_value: VALUE_WEI,
        consensus_block_value: VALUE_WEI,
        data: &data,
    })
}
