//! Blocks made and taken.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use eth::{Fork, Graffiti, Preset, Proposal, SignatureBytes, SignedProposal, Slot};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Api;
use super::body::check_version;
use super::reply::{Refusal, consensus_version, is_ssz, ssz, wants_ssz};
use crate::chain::constants::BLOCK_VALUE_WEI;
use crate::chain::judge;
use crate::chain::world::Wish;

#[derive(Deserialize)]
pub(super) struct BlockQuery {
    randao_reveal: SignatureBytes,
    #[serde(default)]
    graffiti: Graffiti,
    #[serde(default = "as_the_market_says")]
    builder_boost_factor: u64,
}

/// Percent: whichever block pays more.
fn as_the_market_says() -> u64 {
    100
}

pub(super) async fn produce(
    State(chain): Api,
    headers: HeaderMap,
    Path(slot): Path<Slot>,
    Query(query): Query<BlockQuery>,
) -> Result<Response, Refusal> {
    let BlockQuery { randao_reveal, graffiti, builder_boost_factor } = query;
    let wish = Wish { slot, randao_reveal, graffiti, builder_boost_factor };
    let proposal = judge::produce(&chain, wish).await?;
    let body = if wants_ssz(&headers) { ssz(proposal.to_ssz().to_vec()) } else { to_json(&proposal)? };
    let value = BLOCK_VALUE_WEI.to_string();
    let headers = [
        ("eth-execution-payload-blinded", proposal.blinded().to_string()),
        ("eth-execution-payload-value", value.clone()),
        ("eth-consensus-block-value", value),
        ("eth-execution-payload-source", source(&proposal).to_owned()),
    ];
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value));
    Ok((consensus_version(), headers, body).into_response())
}

pub(super) async fn publish(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let preset = chain.world().spec().preset;
    judge::block(&chain, read(preset, false, &headers, &body)?).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn publish_blinded(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let preset = chain.world().spec().preset;
    judge::blinded_block(&chain, read(preset, true, &headers, &body)?).await?;
    Ok(StatusCode::OK)
}

fn to_json(proposal: &Proposal) -> Result<Response, Refusal> {
    let contents =
        String::from_utf8(proposal.to_json()).map_err(|why| Refusal::bad_request(why.to_string()))?;
    let contents = RawValue::from_string(contents).map_err(|why| Refusal::bad_request(why.to_string()))?;
    let value = BLOCK_VALUE_WEI.to_string();
    let answer = Produced {
        version: Fork::Fulu.name(),
        execution_payload_blinded: proposal.blinded(),
        execution_payload_value: &value,
        consensus_block_value: &value,
        execution_payload_source: source(proposal),
        data: &contents,
    };
    Ok(axum::Json(answer).into_response())
}

fn source(proposal: &Proposal) -> &'static str {
    if proposal.blinded() { "builder" } else { "engine" }
}

#[derive(serde::Serialize)]
struct Produced<'a> {
    version: &'a str,
    execution_payload_blinded: bool,
    execution_payload_value: &'a str,
    consensus_block_value: &'a str,
    execution_payload_source: &'a str,
    data: &'a RawValue,
}

fn read(preset: Preset, blinded: bool, headers: &HeaderMap, body: &Bytes) -> Result<SignedProposal, Refusal> {
    check_version(headers)?;
    let signed = if is_ssz(headers) {
        SignedProposal::from_ssz(preset, Fork::Fulu, blinded, body)
    } else {
        SignedProposal::from_json(preset, Fork::Fulu, blinded, body)
    };
    signed.map_err(|why| Refusal::bad_request(format!("invalid block: {why}")))
}
