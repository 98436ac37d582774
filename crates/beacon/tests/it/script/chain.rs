//! The beacon node of the script: it knows the validators by their group keys.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{DEPENDENT, HEAD, Script, Validator};

impl Script {
    pub(super) fn chain(&self) -> Router {
        let taken = || async { StatusCode::OK };
        Router::new()
            .route("/eth/v1/config/spec", get(chain_spec))
            .route("/eth/v1/node/syncing", get(syncing))
            .route("/eth/v1/events", get(|| async { events() }))
            .route("/eth/v1/beacon/blocks/head/root", get(head_root))
            .route("/eth/v1/beacon/states/head/validators", post(validators))
            .route("/eth/v1/beacon/states/head/validators/{id}", get(validator))
            .route("/eth/v1/validator/duties/attester/{epoch}", post(attester_duties))
            .route("/eth/v1/validator/duties/proposer/{epoch}", get(proposer_duties))
            .route("/eth/v1/validator/duties/sync/{epoch}", post(sync_duties))
            .route("/eth/v1/validator/beacon_committee_subscriptions", post(taken))
            .route("/eth/v1/validator/sync_committee_subscriptions", post(taken))
            .with_state(self.clone())
    }

    fn by_id(&self, id: &str) -> Option<Validator> {
        let is_it = |one: &&Validator| one.group.to_string() == id || one.index.to_string() == id;
        self.validators.iter().find(is_it).copied()
    }
}

async fn chain_spec() -> Json<Value> {
    Json(json!({ "data": { "PRESET_BASE": "minimal", "CONFIG_NAME": "minimal", "SECONDS_PER_SLOT": "12",
                           "BLOB_SCHEDULE": [] } }))
}

async fn syncing() -> Json<Value> {
    Json(
        json!({ "data": { "head_slot": "9", "sync_distance": "0", "is_syncing": false, "is_optimistic": false,
                           "el_offline": false } }),
    )
}

async fn head_root() -> Json<Value> {
    Json(json!({ "execution_optimistic": false, "finalized": false, "data": { "root": HEAD } }))
}

fn events() -> ([(&'static str, &'static str); 1], Body) {
    let data = json!({ "slot": "9", "block": HEAD, "state": HEAD, "epoch_transition": false,
                       "previous_duty_dependent_root": DEPENDENT, "current_duty_dependent_root": DEPENDENT,
                       "execution_optimistic": false });
    let event = Bytes::from(format!("event: head\ndata: {data}\n\n"));
    let first = stream::once(async { Ok::<_, std::io::Error>(event) });
    let body = Body::from_stream(first.chain(stream::pending()));
    ([("content-type", "text/event-stream")], body)
}

fn entry(one: Validator) -> Value {
    json!({ "index": one.index, "balance": "32000000000", "status": "active_ongoing",
            "validator": { "pubkey": one.group, "effective_balance": "32000000000", "slashed": false } })
}

async fn validators(State(script): State<Script>, Json(asked): Json<Value>) -> Json<Value> {
    let ids = asked["ids"].as_array().expect("a list of ids").iter().filter_map(Value::as_str);
    let found: Vec<Value> = ids.filter_map(|id| script.by_id(id)).map(entry).collect();
    Json(json!({ "execution_optimistic": false, "finalized": false, "data": found }))
}

async fn validator(State(script): State<Script>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    let found = script.by_id(&id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(json!({ "execution_optimistic": false, "finalized": false, "data": entry(found) })))
}

async fn attester_duties(
    State(script): State<Script>,
    Path(epoch): Path<u64>,
    Json(asked): Json<Vec<String>>,
) -> Json<Value> {
    let duty = |one: Validator| {
        json!({ "pubkey": one.group, "validator_index": one.index, "committee_index": "0",
                "committee_length": "4", "committees_at_slot": "1", "validator_committee_index": "0",
                "slot": (epoch * 8).to_string() })
    };
    let duties: Vec<Value> = asked.iter().filter_map(|index| script.by_id(index)).map(duty).collect();
    Json(json!({ "dependent_root": DEPENDENT, "execution_optimistic": false, "data": duties }))
}

async fn proposer_duties(State(script): State<Script>, Path(epoch): Path<u64>) -> Json<Value> {
    let duty = |(slot, one): (u64, &Validator)| json!({ "pubkey": one.group, "validator_index": one.index, "slot": slot.to_string() });
    let duties: Vec<Value> = (epoch * 8..).zip(script.validators.iter().take(8)).map(duty).collect();
    Json(json!({ "dependent_root": DEPENDENT, "execution_optimistic": false, "data": duties }))
}

async fn sync_duties(State(script): State<Script>, Json(asked): Json<Vec<String>>) -> Json<Value> {
    let duty = |one: Validator| {
        json!({ "pubkey": one.group, "validator_index": one.index,
                "validator_sync_committee_indices": ["1"] })
    };
    let duties: Vec<Value> = asked.iter().filter_map(|index| script.by_id(index)).map(duty).collect();
    Json(json!({ "execution_optimistic": false, "data": duties }))
}
