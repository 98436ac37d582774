//! What validators announce: fee recipients, registrations with builders, exits, subscriptions.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eth::{Address, SignedValidatorRegistration, SignedVoluntaryExit, ValidatorIndex};
use serde::Deserialize;

use super::Api;
use super::body::{judge_each, read_list};
use super::reply::{Refusal, data, read_json};
use crate::chain::judge;

#[derive(Deserialize)]
struct Preparation {
    validator_index: ValidatorIndex,
    fee_recipient: Address,
}

pub(super) async fn prepare(State(chain): Api, body: Bytes) -> Result<StatusCode, Refusal> {
    let preparations: Vec<Preparation> = read_json(&body)?;
    let now_ns = chain.now_ns();
    let mut world = chain.world();
    for preparation in preparations {
        world.prepare(now_ns, preparation.validator_index, preparation.fee_recipient);
    }
    Ok(StatusCode::OK)
}

pub(super) async fn register(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let registrations: Vec<SignedValidatorRegistration> = read_list(&headers, &body)?;
    judge_each(&chain, registrations).await
}

/// One exit for each request.
pub(super) async fn exit(State(chain): Api, body: Bytes) -> Result<StatusCode, Refusal> {
    let exit: SignedVoluntaryExit = read_json(&body)?;
    for verdict in judge::statements(&chain, vec![exit]).await {
        verdict?;
    }
    Ok(StatusCode::OK)
}

pub(super) async fn exits(State(chain): Api) -> Response {
    data(chain.world().pooled_exits())
}

/// There are no subnets here: subscriptions are read and forgotten.
pub(super) async fn subscribe_committees(body: Bytes) -> Result<StatusCode, Refusal> {
    read_json::<Vec<CommitteeSubscription>>(&body)?;
    Ok(StatusCode::OK)
}

/// The same for the sync committee.
pub(super) async fn subscribe_sync(body: Bytes) -> Result<StatusCode, Refusal> {
    read_json::<Vec<SyncSubscription>>(&body)?;
    Ok(StatusCode::OK)
}

/// Combining shares of selection proofs is what a beacon node cannot do.
pub(super) async fn selections() -> Refusal {
    Refusal::not_implemented("selections are for distributed validators; a beacon node combines no shares")
}

/// Read for its form only.
#[derive(Deserialize)]
struct CommitteeSubscription {
    #[serde(rename = "validator_index")]
    _validator_index: ValidatorIndex,
    #[serde(rename = "committee_index")]
    _committee_index: eth::CommitteeIndex,
    #[serde(rename = "committees_at_slot", with = "eth::quoted_u64")]
    _committees_at_slot: u64,
    #[serde(rename = "slot")]
    _slot: eth::Slot,
    #[serde(rename = "is_aggregator")]
    _is_aggregator: bool,
}

/// Read for its form only.
#[derive(Deserialize)]
struct SyncSubscription {
    #[serde(rename = "validator_index")]
    _validator_index: ValidatorIndex,
    #[serde(rename = "sync_committee_indices")]
    _seats: Vec<eth::SyncCommitteePosition>,
    #[serde(rename = "until_epoch")]
    _until_epoch: eth::Epoch,
}
