//! What clients poll again and again costs the beacon node little, however many clients there are.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use beacon::server::{ServerConfig, Shares};
use eth::Spec;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::backend::{Api, refusal, spec};
use crate::node::{Node, client};

const POLLED: [&str; 4] =
    ["/eth/v1/config/spec", "/eth/v1/node/syncing", "/eth/v1/node/version", "/eth/v1/beacon/genesis"];
const HEAD_ROOT: &str = "/eth/v1/beacon/blocks/head/root";

fn syncing() -> Value {
    json!({ "data": { "head_slot": "9", "sync_distance": "0", "is_syncing": false, "is_optimistic": false,
                      "el_offline": false } })
}

async fn chain() -> Node {
    let spec = || async { Json(json!({ "data": { "SECONDS_PER_SLOT": "12" } })) };
    let root = || async {
        Json(json!({ "execution_optimistic": true, "finalized": false, "data": { "root": "0x11" } }))
    };
    let routes = Router::new()
        .route("/eth/v1/node/syncing", get(|| async { Json(syncing()) }))
        .route("/eth/v1/config/spec", get(spec))
        .route(HEAD_ROOT, get(root));
    Node::start(routes).await
}

/// Slots so long that none ends during a test.
fn slow_chain() -> Spec {
    Spec { slot_duration_ms: 36_000_000, ..spec() }
}

async fn api(node: &Node) -> Api {
    Api::start_for(client([node.url()]), ServerConfig::default(), Shares::default(), slow_chain()).await
}

#[tokio::test]
async fn many_clients_that_poll_cost_the_beacon_node_one_question() {
    let node = chain().await;
    let api = api(&node).await;
    let polls = (0..20).flat_map(|_| POLLED).map(|path| api.get(path));
    for response in join_all(polls).await {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
    }
    let mut asked = node.asked();
    asked.sort();
    assert_eq!(asked, ["GET /eth/v1/config/spec", "GET /eth/v1/node/syncing"]);
    let answer: Value = api.get("/eth/v1/node/syncing").await.json().await.expect("JSON");
    assert_eq!(answer, syncing());
}

#[tokio::test]
async fn the_heads_root_is_never_from_memory_and_keeps_what_the_beacon_node_says_of_it() {
    let node = chain().await;
    let api = api(&node).await;
    for _ in 0..3 {
        let answer: Value = api.get(HEAD_ROOT).await.json().await.expect("JSON");
        assert_eq!(answer["execution_optimistic"], true);
        assert_eq!(answer["data"]["root"], "0x11");
    }
    assert_eq!(node.asked().len(), 3);
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let first = AtomicBool::new(true);
    let recovering = move || {
        let fails = first.swap(false, Ordering::Relaxed);
        async move {
            if fails {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            } else {
                Json(syncing()).into_response()
            }
        }
    };
    let recovering = std::sync::Arc::new(recovering);
    let route = get(move || recovering());
    let node = Node::start(Router::new().route("/eth/v1/node/syncing", route)).await;
    let api = api(&node).await;
    assert_eq!(refusal(api.get("/eth/v1/node/syncing").await).await.0, 502);
    assert_eq!(api.get("/eth/v1/node/syncing").await.status(), 200);
}
