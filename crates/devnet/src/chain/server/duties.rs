//! Who does what when, and who did anything.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use eth::{Epoch, Root, ValidatorIndex};
use serde::Serialize;
use serde_json::{Value, json};

use super::Api;
use super::reply::{Refusal, data, json_body, read_json};

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

pub(super) async fn sync(
    State(chain): Api,
    Path(epoch): Path<Epoch>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let validators: Vec<ValidatorIndex> = read_json(&body)?;
    let duties = chain.world().sync_duties(chain.now_ns(), epoch, &validators)?;
    Ok(json_body(json!({ "execution_optimistic": false, "data": duties })))
}

pub(super) async fn liveness(
    State(chain): Api,
    Path(epoch): Path<Epoch>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let validators: Vec<ValidatorIndex> = read_json(&body)?;
    let live = chain.world().liveness(chain.now_ns(), epoch, &validators)?;
    let say = |(index, is_live): (&ValidatorIndex, bool)| json!({ "index": index, "is_live": is_live });
    Ok(data(validators.iter().zip(live).map(say).collect::<Vec<Value>>()))
}

fn answer(dependent_root: Root, duties: impl Serialize) -> Response {
    json_body(json!({ "dependent_root": dependent_root, "execution_optimistic": false, "data": duties }))
}
