//! The chain's configuration.

use axum::extract::State;
use axum::response::Response;
use eth::{Epoch, Spec};
use serde_json::{Value, json};

use super::Api;
use super::reply::data;

/// `MAX_BLOBS_PER_BLOCK_ELECTRA`: what a block takes without a schedule.
const BLOBS_OF_ELECTRA: usize = 9;

pub(super) async fn genesis(State(chain): Api) -> Response {
    data(chain.world().spec().genesis)
}

pub(super) async fn spec(State(chain): Api) -> Response {
    let world = chain.world();
    let mut answer = json!(world.spec().to_api());
    let blobs = world.scenario().blobs;
    let beyond_electra = json!([{ "EPOCH": Epoch(0), "MAX_BLOBS_PER_BLOCK": blobs.to_string() }]);
    answer["BLOB_SCHEDULE"] = if blobs > BLOBS_OF_ELECTRA { beyond_electra } else { json!([]) };
    data(answer)
}

pub(super) async fn fork_schedule(State(chain): Api) -> Response {
    let world = chain.world();
    let forks: Vec<Value> = scheduled_forks(world.spec()).collect();
    data(forks)
}

pub(super) async fn deposit_contract(State(chain): Api) -> Response {
    let spec = chain.world().spec().to_api();
    let value = |key: &str| spec.get(key).cloned().unwrap_or_default();
    data(json!({ "chain_id": value("DEPOSIT_CHAIN_ID"), "address": value("DEPOSIT_CONTRACT_ADDRESS") }))
}

fn scheduled_forks(spec: &Spec) -> impl Iterator<Item = Value> + '_ {
    let scheduled = spec.forks.iter().filter(|fork| fork.epoch != eth::FAR_FUTURE_EPOCH);
    let mut previous = spec.genesis.genesis_fork_version;
    scheduled.map(move |fork| {
        let answer =
            json!({ "previous_version": previous, "current_version": fork.version, "epoch": fork.epoch });
        previous = fork.version;
        answer
    })
}
