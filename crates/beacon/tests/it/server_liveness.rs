//! A validator client that restarted must not take its own cluster for a double.

use axum::extract::Request;
use axum::routing::post;
use axum::{Json, Router};
use beacon::server::{ServerConfig, Shares};
use cluster::{GroupKey, ShareKey};
use eth::PublicKeyBytes;
use serde_json::{Value, json};

use crate::backend::{Api, refusal, spec};
use crate::node::{Node, client, nobody};

const LIVENESS: &str = "/eth/v1/validator/liveness/{epoch}";
const VALIDATORS: &str = "/eth/v1/beacon/states/head/validators";

fn group(byte: u8) -> PublicKeyBytes {
    PublicKeyBytes([byte; 48])
}

/// A cluster of the validators with group keys 1, 2 and 3.
fn shares() -> Shares {
    let share = |byte| ShareKey(PublicKeyBytes([0xf0 | byte; 48]));
    [1, 2, 3].into_iter().map(|byte| (GroupKey(group(byte)), share(byte))).collect()
}

/// Knows validators 10 and 20 of the cluster; says of everybody but validator 8 that they are alive.
fn chain() -> Router {
    let entry = |index: &str, key| json!({ "index": index, "balance": "1", "status": "active_ongoing", "validator": { "pubkey": key } });
    let known = json!({ "data": [entry("10", group(1)), entry("20", group(2))] });
    let alive = |Json(asked): Json<Vec<String>>| async move {
        let entry = |index: &String| json!({ "index": index, "is_live": index != "8" });
        Json(json!({ "data": asked.iter().map(entry).collect::<Vec<_>>() }))
    };
    Router::new().route(VALIDATORS, post(|| async { Json(known) })).route(LIVENESS, post(alive))
}

async fn api(node: &Node) -> Api {
    Api::start_for(client([node.url()]), ServerConfig::default(), shares(), spec()).await
}

async fn ask(api: &Api, indices: Value) -> reqwest::Response {
    let request = api.post("/eth/v1/validator/liveness/7", "application/json");
    request.body(indices.to_string()).send().await.expect("an answer")
}

async fn answer(api: &Api, indices: Value) -> Value {
    let response = ask(api, indices).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn the_clusters_own_validators_are_not_alive_elsewhere_and_others_are_as_the_chain_says() {
    let node = Node::start(chain()).await;
    let api = api(&node).await;
    let entry = |index: &str, is_live: bool| json!({ "index": index, "is_live": is_live });
    assert_eq!(
        answer(&api, json!(["7", "10", "8", "20"])).await,
        json!({ "data": [entry("7", true), entry("10", false), entry("8", false), entry("20", false)] })
    );
    let requests = node.requests();
    assert_eq!(requests[0].line, format!("POST {VALIDATORS}"));
    assert_eq!(requests[1].line, "POST /eth/v1/validator/liveness/7");
    assert_eq!(requests[1].body, r#"["7","8"]"#, "nobody else is asked for");
}

#[tokio::test]
async fn of_the_cluster_alone_the_chain_is_asked_once_for_who_they_are_and_never_for_liveness() {
    let node = Node::start(chain()).await;
    let api = api(&node).await;
    for _ in 0..3 {
        let answer = answer(&api, json!(["10", "20", "10"])).await;
        let alive =
            answer["data"].as_array().expect("a list").iter().filter(|entry| entry["is_live"] == true);
        assert_eq!((answer["data"].as_array().map(Vec::len), alive.count()), (Some(3), 0));
    }
    assert_eq!(node.asked(), [format!("POST {VALIDATORS}")]);
}

#[tokio::test]
async fn a_validator_left_out_by_the_beacon_node_is_left_out() {
    let routes = chain();
    let silent = |_: Request| async { Json(json!({ "data": [] })) };
    let node =
        Node::start(Router::new().route("/eth/v1/validator/liveness/7", post(silent)).merge(routes)).await;
    let api = api(&node).await;
    assert_eq!(
        answer(&api, json!(["7", "10"])).await,
        json!({ "data": [{ "index": "10", "is_live": false }] })
    );
}

#[tokio::test]
async fn a_chain_that_cannot_be_asked_makes_nobody_alive() {
    let api = Api::start_for(client([nobody().await]), ServerConfig::default(), shares(), spec()).await;
    assert_eq!(refusal(ask(&api, json!(["10"])).await).await.0, 502, "who is ours is not known");

    let nonsense = || async { Json(json!({ "data": "yes" })) };
    let routes = Router::new().route("/eth/v1/validator/liveness/7", post(nonsense)).merge(chain());
    let node = Node::start(routes).await;
    let api = self::api(&node).await;
    let (status, body) = refusal(ask(&api, json!(["7", "10"])).await).await;
    assert_eq!(status, 502);
    assert!(body.message.contains("liveness"), "{}", body.message);
}

#[tokio::test]
async fn malformed_questions_are_refused() {
    let node = Node::start(chain()).await;
    let api = api(&node).await;
    for body in ["", "{}", r#"["seven"]"#, "[-1]"] {
        let request = api.post("/eth/v1/validator/liveness/7", "application/json").body(body);
        assert_eq!(refusal(request.send().await.expect("an answer")).await.0, 400, "{body}");
    }
    let request = api.post("/eth/v1/validator/liveness/soon", "application/json").body("[]");
    assert_eq!(refusal(request.send().await.expect("an answer")).await.0, 400);
}
