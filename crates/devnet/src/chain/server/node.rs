//! What the node says of itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::Api;
use super::reply::{data, json_body};

pub(super) async fn version() -> Response {
    data(json!({ "version": concat!("phalanx-devnet/", env!("CARGO_PKG_VERSION")) }))
}

pub(super) async fn syncing(State(chain): Api) -> Response {
    let world = chain.world();
    let head = world.tree().head().header.slot;
    let distance = world.slot_at(chain.now_ns()).0.saturating_sub(head.0);
    data(json!({
        "head_slot": head,
        "sync_distance": distance.to_string(),
        "is_syncing": false,
        "is_optimistic": false,
        "el_offline": false,
    }))
}

pub(super) async fn health() -> StatusCode {
    StatusCode::OK
}

/// The chain has no network: what it is told is all there is.
pub(super) async fn identity() -> Response {
    data(json!({
        "peer_id": "",
        "enr": "",
        "p2p_addresses": [],
        "discovery_addresses": [],
        "metadata": { "seq_number": "0", "attnets": "0x0000000000000000", "syncnets": "0x00" },
    }))
}

pub(super) async fn peers() -> Response {
    json_body(json!({ "data": [], "meta": { "count": 0 } }))
}

/// One, for clients take a beacon node without peers for one that is cut off.
pub(super) async fn peer_count() -> Response {
    data(json!({ "disconnected": "0", "connecting": "0", "connected": "1", "disconnecting": "0" }))
}
