//! States, as far as there are any.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use eth::{Epoch, Fork, Slot};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::blocks::find;
use super::reply::{Refusal, state_data};
use crate::chain::schedule::SyncCommittee;
use crate::chain::tree::{Block, Tree};
use crate::chain::world::World;

pub(super) async fn root(State(chain): Api, Path(id): Path<String>) -> Result<Response, Refusal> {
    let world = chain.world();
    let block = find_state(&world, &id)?;
    Ok(state_data(json!({ "root": block.header.state_root })))
}

pub(super) async fn fork(State(chain): Api, Path(id): Path<String>) -> Result<Response, Refusal> {
    let world = chain.world();
    find_state(&world, &id)?;
    let scheduled = |fork| world.spec().forks.iter().find(|scheduled| scheduled.fork == fork);
    let version = |fork| scheduled(fork).map(|scheduled| scheduled.version);
    Ok(state_data(json!({
        "previous_version": version(Fork::Electra),
        "current_version": version(Fork::Fulu),
        "epoch": Epoch(0),
    })))
}

pub(super) async fn finality_checkpoints(
    State(chain): Api,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let world = chain.world();
    let finality = find_state(&world, &id)?.finality;
    Ok(state_data(json!({
        "previous_justified": finality.previous_justified,
        "current_justified": finality.current_justified,
        "finalized": finality.finalized,
    })))
}

#[derive(Deserialize)]
pub(super) struct CommitteesQuery {
    epoch: Option<Epoch>,
}

/// Of the epoch asked for, or of the current one.
pub(super) async fn committees(
    State(chain): Api,
    Path(id): Path<String>,
    Query(query): Query<CommitteesQuery>,
) -> Result<Response, Refusal> {
    let world = chain.world();
    find_state(&world, &id)?;
    let now_ns = chain.now_ns();
    let epoch = query.epoch.unwrap_or_else(|| world.epoch_at(now_ns));
    world.check_duty_epoch(now_ns, epoch)?;
    let committees = world.schedule().committees(epoch);
    let first = world.spec().first_slot(epoch).0;
    let slots = (first..first + world.spec().slots_per_epoch).map(Slot);
    let places = slots.flat_map(|slot| committees.indices().map(move |index| (slot, index)));
    let describe = |(slot, index)| {
        let members = committees.members(slot, index);
        json!({ "index": index, "slot": slot, "validators": members })
    };
    Ok(state_data(places.map(describe).collect::<Vec<Value>>()))
}

/// Of the epoch asked for, or of the current one.
pub(super) async fn sync_committees(
    State(chain): Api,
    Path(id): Path<String>,
    Query(query): Query<CommitteesQuery>,
) -> Result<Response, Refusal> {
    let world = chain.world();
    find_state(&world, &id)?;
    let now_ns = chain.now_ns();
    let epoch = query.epoch.unwrap_or_else(|| world.epoch_at(now_ns));
    world.sync_duties(now_ns, epoch, &[])?;
    let committee = world.schedule().sync_committee(epoch);
    let parts: Vec<_> = SyncCommittee::subcommittees().map(|part| committee.subcommittee(part)).collect();
    Ok(state_data(json!({ "validators": committee.seats(), "validator_aggregates": parts })))
}

/// The block after which the state is; a state's root names it too.
pub(super) fn find_state<'a>(world: &'a World, id: &str) -> Result<&'a Block, Refusal> {
    let tree = world.tree();
    match find(tree, world.spec().slots_per_epoch, id) {
        Err(refusal) => by_state_root(tree, id).ok_or(refusal),
        found => found,
    }
}

fn by_state_root<'a>(tree: &'a Tree, id: &str) -> Option<&'a Block> {
    let root = id.parse().ok()?;
    tree.branch(&tree.head().root, Epoch(0)).find(|block| block.header.state_root == root)
}
