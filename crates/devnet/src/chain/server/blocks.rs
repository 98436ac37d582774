//! Blocks: made, taken, looked up.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use eth::{Fork, Graffiti, Proposal, SignatureBytes, SignedProposal, Slot};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Api;
use super::reply::{CONSENSUS_VERSION, Refusal, is_ssz, json_body, ssz, state_data, text, wants_ssz};
use crate::chain::constants::BLOCK_VALUE_WEI;
use crate::chain::tree::{Block, Tree};
use crate::chain::{Shared, judge};

#[derive(Deserialize)]
pub(super) struct BlockQuery {
    randao_reveal: SignatureBytes,
    #[serde(default)]
    graffiti: Graffiti,
}

pub(super) async fn produce(
    State(chain): Api,
    headers: HeaderMap,
    Path(slot): Path<Slot>,
    Query(query): Query<BlockQuery>,
) -> Result<Response, Refusal> {
    let proposal = judge::produce(&chain, slot, query.randao_reveal, query.graffiti).await?;
    let body = if wants_ssz(&headers) { ssz(proposal.to_ssz().to_vec()) } else { proposal_json(&proposal)? };
    let value = BLOCK_VALUE_WEI.to_string();
    let headers = [
        (CONSENSUS_VERSION, Fork::Fulu.name().to_owned()),
        ("eth-execution-payload-blinded", "false".to_owned()),
        ("eth-execution-payload-value", value.clone()),
        ("eth-consensus-block-value", value),
        ("eth-execution-payload-source", "engine".to_owned()),
    ];
    Ok((headers.map(|(name, value)| (axum::http::HeaderName::from_static(name), value)), body)
        .into_response())
}

pub(super) async fn publish(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let signed = read_block(&chain, &headers, &body)?;
    judge::block(&chain, signed).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn root(State(chain): Api, Path(id): Path<String>) -> Result<Response, Refusal> {
    let world = chain.world();
    let block = find(world.tree(), world.spec().slots_per_epoch, &id)?;
    Ok(state_data(json!({ "root": block.root })))
}

pub(super) async fn header(State(chain): Api, Path(id): Path<String>) -> Result<Response, Refusal> {
    let world = chain.world();
    let tree = world.tree();
    Ok(state_data(header_of(tree, find(tree, world.spec().slots_per_epoch, &id)?)))
}

/// The latest blocks only; the one at genesis has no body to show.
pub(super) async fn block(State(chain): Api, Path(id): Path<String>) -> Result<Response, Refusal> {
    let world = chain.world();
    let block = find(world.tree(), world.spec().slots_per_epoch, &id)?;
    let gone = || Refusal::not_found(format!("the body of block {id} is not kept"));
    let contents: Value = serde_json::from_slice(&world.body(&block.root).ok_or_else(gone)?.to_json())
        .map_err(|why| Refusal::bad_request(why.to_string()))?;
    let answer = json!({
        "version": Fork::Fulu,
        "execution_optimistic": false,
        "finalized": false,
        "data": contents["signed_block"],
    });
    let version = (axum::http::HeaderName::from_static(CONSENSUS_VERSION), Fork::Fulu.name());
    Ok(([version], json_body(answer)).into_response())
}

/// Without filters: the head.
pub(super) async fn headers(State(chain): Api) -> Response {
    let world = chain.world();
    state_data([header_of(world.tree(), world.tree().head())])
}

/// The block that an identifier of the Beacon API names; where it names a slot, one on the branch of the head.
pub(super) fn find<'a>(tree: &'a Tree, slots_per_epoch: u64, id: &str) -> Result<&'a Block, Refusal> {
    let head = tree.head();
    let checkpoint = |checkpoint: eth::Checkpoint| {
        tree.ancestor(&head.root, Slot(checkpoint.epoch.0.saturating_mul(slots_per_epoch)))
    };
    let block = match id {
        "head" => Some(head),
        "genesis" => tree.block(&tree.genesis()),
        "finalized" => checkpoint(head.finality.finalized),
        "justified" => checkpoint(head.finality.current_justified),
        root if root.starts_with("0x") => {
            let root = root.parse().map_err(|why| Refusal::bad_request(format!("block {id}: {why}")))?;
            tree.block(&root)
        }
        slot => {
            let slot = slot.parse().map_err(|_| Refusal::bad_request(format!("{id} names no block")))?;
            tree.canonical(slot)
        }
    };
    block.ok_or_else(|| Refusal::not_found(format!("no block {id}")))
}

fn header_of(tree: &Tree, block: &Block) -> Value {
    let canonical = tree.canonical(block.header.slot).is_some_and(|there| there.root == block.root);
    let header = json!({ "message": block.header, "signature": block.signature });
    json!({ "root": block.root, "canonical": canonical, "header": header })
}

fn proposal_json(proposal: &Proposal) -> Result<Response, Refusal> {
    let contents =
        String::from_utf8(proposal.to_json()).map_err(|why| Refusal::bad_request(why.to_string()))?;
    let contents = RawValue::from_string(contents).map_err(|why| Refusal::bad_request(why.to_string()))?;
    let value = BLOCK_VALUE_WEI.to_string();
    let answer = Produced {
        version: Fork::Fulu.name(),
        execution_payload_blinded: false,
        execution_payload_value: &value,
        consensus_block_value: &value,
        execution_payload_source: "engine",
        data: &contents,
    };
    Ok(axum::Json(answer).into_response())
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

fn read_block(chain: &Arc<Shared>, headers: &HeaderMap, body: &Bytes) -> Result<SignedProposal, Refusal> {
    let preset = chain.world().spec().preset;
    match text(headers, CONSENSUS_VERSION) {
        Some("fulu") => {}
        Some(other) => return Err(Refusal::bad_request(format!("this chain is at fulu, not at {other}"))),
        None => return Err(Refusal::bad_request("Eth-Consensus-Version is missing")),
    }
    let signed = if is_ssz(headers) {
        SignedProposal::from_ssz(preset, Fork::Fulu, false, body)
    } else {
        SignedProposal::from_json(preset, Fork::Fulu, false, body)
    };
    signed.map_err(|why| Refusal::bad_request(format!("invalid block: {why}")))
}
