//! States, as far as there are any: validators never change.

use axum::body::Bytes;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::Response;
use eth::{CommitteeIndex, Epoch, FAR_FUTURE_EPOCH, Fork, Slot, ValidatorIndex};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::blocks::find;
use super::reply::{Refusal, read_json, state_data};
use crate::chain::constants::BALANCE_GWEI;
use crate::chain::tree::{Block, Tree};
use crate::chain::world::World;

const STATUS: &str = "active_ongoing";

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
    let indices = || (0..world.schedule().committees_per_slot()).map(CommitteeIndex);
    let slots = (first..first + world.spec().slots_per_epoch).map(Slot);
    let places = slots.flat_map(|slot| indices().map(move |index| (slot, index)));
    let describe = |(slot, index)| {
        let members = committees.members(slot, index);
        json!({ "index": index, "slot": slot, "validators": members })
    };
    Ok(state_data(places.map(describe).collect::<Vec<Value>>()))
}

/// Filters come as lists or one by one.
pub(super) async fn validators(
    State(chain): Api,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    let values = |wanted: &str| -> Vec<String> {
        let pairs = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == wanted);
        pairs.flat_map(|(_, values)| values.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    let world = chain.world();
    find_state(&world, &id)?;
    list(&world, &values("id"), &values("status"))
}

#[derive(Deserialize)]
struct ValidatorsBody {
    #[serde(default)]
    ids: Option<Vec<String>>,
    #[serde(default)]
    statuses: Option<Vec<String>>,
}

pub(super) async fn validators_by_body(
    State(chain): Api,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let filter: ValidatorsBody = read_json(&body)?;
    let world = chain.world();
    find_state(&world, &id)?;
    list(&world, &filter.ids.unwrap_or_default(), &filter.statuses.unwrap_or_default())
}

pub(super) async fn validator(
    State(chain): Api,
    Path((id, validator)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let world = chain.world();
    find_state(&world, &id)?;
    let found = find_validator(&world, &validator)?.and_then(|index| describe(&world, index));
    found.map(state_data).ok_or_else(|| Refusal::not_found(format!("no validator {validator}")))
}

/// Unknown validators are left out; no filter lets all through.
fn list(world: &World, ids: &[String], statuses: &[String]) -> Result<Response, Refusal> {
    let active =
        statuses.is_empty() || statuses.iter().any(|status| matches!(status.as_str(), STATUS | "active"));
    let indices: Vec<ValidatorIndex> = match ids {
        _ if !active => Vec::new(),
        [] => (0..world.validator_count()).map(ValidatorIndex).collect(),
        ids => {
            let found = ids.iter().map(|id| find_validator(world, id)).collect::<Result<Vec<_>, _>>()?;
            found.into_iter().flatten().collect()
        }
    };
    let validators: Vec<Value> = indices.into_iter().filter_map(|index| describe(world, index)).collect();
    Ok(state_data(validators))
}

fn find_validator(world: &World, id: &str) -> Result<Option<ValidatorIndex>, Refusal> {
    if id.starts_with("0x") {
        let pubkey = id.parse().map_err(|why| Refusal::bad_request(format!("validator {id}: {why}")))?;
        return Ok(world.index(&pubkey));
    }
    id.parse().map(Some).map_err(|_| Refusal::bad_request(format!("{id} names no validator")))
}

fn describe(world: &World, index: ValidatorIndex) -> Option<Value> {
    let balance = BALANCE_GWEI.to_string();
    Some(json!({
        "index": index,
        "balance": balance,
        "status": STATUS,
        "validator": {
            "pubkey": world.pubkey(index)?,
            "withdrawal_credentials": eth::Hash32::ZERO,
            "effective_balance": balance,
            "slashed": false,
            "activation_eligibility_epoch": Epoch(0),
            "activation_epoch": Epoch(0),
            "exit_epoch": FAR_FUTURE_EPOCH,
            "withdrawable_epoch": FAR_FUTURE_EPOCH,
        },
    }))
}

/// The block after which the state is; a state's root names it too.
fn find_state<'a>(world: &'a World, id: &str) -> Result<&'a Block, Refusal> {
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
