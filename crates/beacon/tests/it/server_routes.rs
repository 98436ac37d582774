//! Which requests are ours, and which go through.

use axum::Router;
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use crate::backend::{Api, refusal};
use crate::node::{Node, client};

/// A beacon node that knows every path.
async fn agreeable() -> Node {
    let anything = any(|| async { axum::Json(json!({ "data": [] })) });
    let syncing = get(|| async {
        axum::Json(json!({ "data": { "head_slot": "9", "sync_distance": "0", "is_syncing": false } }))
    });
    let validators = post(|| async { axum::Json(json!({ "data": [] })) });
    let routes = Router::new()
        .route("/eth/v1/node/syncing", syncing)
        .route("/eth/v1/beacon/states/{state}/validators", validators)
        .route("/{*path}", anything);
    Node::start(routes).await
}

#[tokio::test]
async fn the_node_names_itself() {
    let node = agreeable().await;
    let api = Api::start(client([node.url()])).await;
    let answer: Value = api.get("/eth/v1/node/version").await.json().await.expect("JSON");
    let version = answer["data"]["version"].as_str().expect("text");
    assert!(version.starts_with("phalanx/") && version.matches('/').count() == 2, "{version}");
    assert_eq!(node.asked(), [""; 0]);
}

#[tokio::test]
async fn genesis_and_configuration_are_the_beacon_nodes_and_kept() {
    let spec = json!({ "data": { "SECONDS_PER_SLOT": "12", "SOMETHING_NEW": ["1", { "a": "b" }] } });
    let answer = spec.clone();
    let node =
        Node::start(Router::new().route("/eth/v1/config/spec", get(|| async { axum::Json(answer) }))).await;
    let api = Api::start(client([node.url()])).await;
    for _ in 0..3 {
        assert_eq!(api.get("/eth/v1/config/spec").await.json::<Value>().await.expect("JSON"), spec);
        let genesis: Value = api.get("/eth/v1/beacon/genesis").await.json().await.expect("JSON");
        assert_eq!(genesis["data"]["genesis_time"], "1700000000");
    }
    assert_eq!(node.asked(), ["GET /eth/v1/config/spec"], "asked once");
}

#[tokio::test]
async fn older_versions_do_not_exist() {
    let node = agreeable().await;
    let api = Api::start(client([node.url()])).await;
    for path in ["/eth/v1/beacon/pool/attestations", "/eth/v1/validator/aggregate_and_proofs"] {
        let response = api.post(path, "application/json").body("[]").send().await.expect("an answer");
        assert_eq!(refusal(response).await.0, 404, "{path}");
    }
    for path in [
        "/eth/v2/validator/blocks/5",
        "/eth/v1/validator/blinded_blocks/5",
        "/eth/v1/validator/aggregate_attestation?slot=1",
        "/teku_proposer_config",
        "/proposer_config",
    ] {
        assert_eq!(refusal(api.get(path).await).await.0, 404, "{path}");
    }
    assert_eq!(node.asked(), [""; 0], "none of them reached the beacon node");
    assert_eq!(
        api.get("/eth/v1/beacon/pool/attestations").await.status(),
        200,
        "reading the pool goes through"
    );
}

#[tokio::test]
async fn registrations_and_preparations_are_taken_and_dropped_in_any_encoding() {
    let node = agreeable().await;
    let api = Api::start(client([node.url()])).await;
    for path in ["/eth/v1/validator/register_validator", "/eth/v1/validator/prepare_beacon_proposer"] {
        for encoding in ["application/json", "application/octet-stream"] {
            let response = api.post(path, encoding).body(vec![0; 180]).send().await.expect("an answer");
            assert_eq!(response.status(), 200);
        }
    }
    assert_eq!(node.asked(), [""; 0], "a share's signature is worth nothing there");
}

#[tokio::test]
async fn ids_that_could_change_the_question_are_refused() {
    let node = agreeable().await;
    let api = Api::start(client([node.url()])).await;
    for path in
        ["/eth/v1/beacon/states/head%2F..%2Fx/validators?id=1", "/eth/v1/beacon/states/head/validators/1%3Fa"]
    {
        assert_eq!(refusal(api.get(path).await).await.0, 400, "{path}");
    }
    for path in ["/eth/v1/validator/duties/proposer/soon", "/eth/v3/validator/blocks/-1"] {
        assert_eq!(refusal(api.get(path).await).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn metrics_have_the_names_dashboards_ask_for() {
    let node = agreeable().await;
    let api = Api::start(client([node.url()])).await;
    let request =
        api.post("/eth/v2/beacon/pool/attestations", "application/json").header("user-agent", "vc/1");
    request.body("{").send().await.expect("an answer");
    api.get("/eth/v1/beacon/rewards/blocks/7").await;
    let text = api.metrics();
    for line in [
        r#"core_validatorapi_request_total{endpoint="submit_attestations",content_type="application/json"} 1"#,
        r#"core_validatorapi_request_error_total{endpoint="submit_attestations",status_code="400"} 1"#,
        r#"core_validatorapi_request_latency_seconds_count{endpoint="submit_attestations"} 1"#,
        r#"core_validatorapi_vc_user_agent{user_agent="vc/1"} 1"#,
        r#"core_validatorapi_proxy_request_latency_seconds_count{path="/eth/v1/beacon/rewards/blocks/{}"} 1"#,
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
}
