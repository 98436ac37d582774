//! Who does what when, and what validators announce.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use eth::{Address, Epoch, Root, ValidatorIndex};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Api;
use super::reply::{Refusal, json_body, read_json};

pub(super) async fn attester(
    State(chain): Api,
    Path(epoch): Path<Epoch>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let validators: Vec<ValidatorIndex> = read_json(&body)?;
    let world = chain.world();
    let duties = world.attester_duties(chain.now_ns(), epoch, &validators)?;
    Ok(answer(world.attester_dependent_root(epoch), duties))
}

pub(super) async fn proposer(State(chain): Api, Path(epoch): Path<Epoch>) -> Result<Response, Refusal> {
    let world = chain.world();
    let duties = world.proposer_duties(chain.now_ns(), epoch)?;
    Ok(answer(world.proposer_dependent_root(epoch), duties))
}

pub(super) async fn proposer_v2(State(chain): Api, Path(epoch): Path<Epoch>) -> Result<Response, Refusal> {
    let world = chain.world();
    let duties = world.proposer_duties(chain.now_ns(), epoch)?;
    Ok(answer(world.attester_dependent_root(epoch), duties))
}

/// Nobody is in a sync committee here.
pub(super) async fn sync(Path(_): Path<Epoch>, body: Bytes) -> Result<Response, Refusal> {
    let _: Vec<ValidatorIndex> = read_json(&body)?;
    Ok(json_body(json!({ "execution_optimistic": false, "data": [] })))
}

pub(super) async fn prepare(State(chain): Api, body: Bytes) -> Result<StatusCode, Refusal> {
    let preparations: Vec<Preparation> = read_json(&body)?;
    let mut world = chain.world();
    for preparation in preparations {
        world.prepare(preparation.validator_index, preparation.fee_recipient);
    }
    Ok(StatusCode::OK)
}

/// Subnets and builders there are none of: such announcements are taken and forgotten.
pub(super) async fn subscribe(_: Bytes) -> StatusCode {
    StatusCode::OK
}

#[derive(Deserialize)]
struct Preparation {
    validator_index: ValidatorIndex,
    fee_recipient: Address,
}

fn answer(dependent_root: Root, duties: impl Serialize) -> Response {
    json_body(json!({ "dependent_root": dependent_root, "execution_optimistic": false, "data": duties }))
}
