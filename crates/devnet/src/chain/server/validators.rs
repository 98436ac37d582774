//! Validators and what becomes of them.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use eth::{Epoch, FAR_FUTURE_EPOCH, ValidatorIndex};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::reply::{Refusal, read_json, state_data};
use super::states::find_state;
use crate::chain::constants::{BALANCE_GWEI, WITHDRAWABILITY_DELAY_EPOCHS};
use crate::chain::world::World;

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
    list(&world, chain.now_ns(), &values("id"), &values("status"))
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
    list(&world, chain.now_ns(), &filter.ids.unwrap_or_default(), &filter.statuses.unwrap_or_default())
}

pub(super) async fn validator(
    State(chain): Api,
    Path((id, validator)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let world = chain.world();
    find_state(&world, &id)?;
    let epoch = world.epoch_at(chain.now_ns());
    let found = find_validator(&world, &validator)?.and_then(|index| describe(&world, epoch, index));
    found.map(state_data).ok_or_else(|| Refusal::not_found(format!("no validator {validator}")))
}

/// Unknown validators are left out; no filter lets all through.
fn list(world: &World, now_ns: i64, ids: &[String], statuses: &[String]) -> Result<Response, Refusal> {
    let epoch = world.epoch_at(now_ns);
    let indices: Vec<ValidatorIndex> = match ids {
        [] => (0..world.validator_count()).map(ValidatorIndex).collect(),
        ids => {
            let found = ids.iter().map(|id| find_validator(world, id)).collect::<Result<Vec<_>, _>>()?;
            found.into_iter().flatten().collect()
        }
    };
    let wanted = |index: &ValidatorIndex| {
        let status = status(world, epoch, *index);
        statuses.is_empty() || statuses.iter().any(|filter| covers(filter, status))
    };
    let validators = indices.into_iter().filter(wanted).filter_map(|index| describe(world, epoch, index));
    Ok(state_data(validators.collect::<Vec<Value>>()))
}

/// `active` stands for all that begin with it, and so on.
fn covers(filter: &str, status: &str) -> bool {
    let rest = status.strip_prefix(filter);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn find_validator(world: &World, id: &str) -> Result<Option<ValidatorIndex>, Refusal> {
    if id.starts_with("0x") {
        let pubkey = id.parse().map_err(|why| Refusal::bad_request(format!("validator {id}: {why}")))?;
        return Ok(world.index(&pubkey));
    }
    id.parse().map(Some).map_err(|_| Refusal::bad_request(format!("{id} names no validator")))
}

fn status(world: &World, epoch: Epoch, index: ValidatorIndex) -> &'static str {
    match world.schedule().exit_epoch(index) {
        None => "active_ongoing",
        Some(exit) if epoch < exit => "active_exiting",
        Some(_) => "exited_unslashed",
    }
}

fn describe(world: &World, epoch: Epoch, index: ValidatorIndex) -> Option<Value> {
    let balance = BALANCE_GWEI.to_string();
    let exit_epoch = world.schedule().exit_epoch(index);
    let withdrawable = exit_epoch.map(|exit| Epoch(exit.0.saturating_add(WITHDRAWABILITY_DELAY_EPOCHS)));
    Some(json!({
        "index": index,
        "balance": balance,
        "status": status(world, epoch, index),
        "validator": {
            "pubkey": world.pubkey(index)?,
            "withdrawal_credentials": eth::Hash32::ZERO,
            "effective_balance": balance,
            "slashed": false,
            "activation_eligibility_epoch": Epoch(0),
            "activation_epoch": Epoch(0),
            "exit_epoch": exit_epoch.unwrap_or(FAR_FUTURE_EPOCH),
            "withdrawable_epoch": withdrawable.unwrap_or(FAR_FUTURE_EPOCH),
        },
    }))
}
