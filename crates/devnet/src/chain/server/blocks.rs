//! Blocks looked up.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use eth::{Fork, Slot};
use serde_json::{Value, json};

use super::Api;
use super::reply::{Refusal, consensus_version, json_body, state_data};
use crate::chain::tree::{Block, Tree};

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
    Ok((consensus_version(), json_body(answer)).into_response())
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
