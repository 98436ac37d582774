//! The validator client sees share keys, the beacon node group keys.

use axum::routing::{get, post};
use axum::{Json, Router};
use eth::{PublicKeyBytes, Root};
use serde_json::{Value, json};

use crate::backend::{ANOTHERS, Api, GROUP, SHARE, STRANGER};
use crate::node::{Node, client};

const VALIDATORS: &str = "/eth/v1/beacon/states/head/validators";

fn validator(key: PublicKeyBytes) -> Value {
    json!({ "index": "7", "balance": "1", "status": "active_ongoing",
            "validator": { "pubkey": key, "effective_balance": "1", "slashed": false } })
}

fn of_keys(keys: &[PublicKeyBytes]) -> Value {
    json!({ "execution_optimistic": false, "finalized": true, "data": keys.iter().map(|key| validator(*key)).collect::<Vec<_>>() })
}

async fn chain() -> Node {
    let all = || async { Json(of_keys(&[GROUP, STRANGER])) };
    let one = || async { Json(json!({ "finalized": true, "data": validator(GROUP) })) };
    let duties = || async {
        Json(json!({ "dependent_root": Root([9; 32]), "execution_optimistic": true, "of_the_future": [1],
                     "data": [{ "pubkey": GROUP, "validator_index": "7", "slot": "3" },
                              { "pubkey": STRANGER, "validator_index": "8", "slot": "4" }] }))
    };
    let routes = Router::new()
        .route(VALIDATORS, post(all))
        .route(&format!("{VALIDATORS}/{{id}}"), get(one))
        .route("/eth/v1/validator/duties/attester/2", post(duties))
        .route("/eth/v1/validator/duties/sync/2", post(duties))
        .route("/eth/v1/validator/duties/proposer/2", get(duties))
        .route("/eth/v2/validator/duties/proposer/2", get(duties));
    Node::start(routes).await
}

async fn json_of(response: reqwest::Response) -> Value {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn validators_are_asked_by_share_key_and_answered_with_it() {
    let node = chain().await;
    let api = Api::start(client([node.url()])).await;
    let body = json!({ "ids": [SHARE, "8"], "statuses": ["active"] }).to_string();
    let by_body =
        json_of(api.post(VALIDATORS, "application/json").body(body).send().await.expect("an answer")).await;
    let by_query = json_of(api.get(&format!("{VALIDATORS}?id={SHARE}&id=8&status=active")).await).await;
    for answer in [by_body, by_query] {
        assert_eq!(answer, of_keys(&[SHARE, STRANGER]));
    }
    for asked in node.requests() {
        let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
        assert_eq!(body, json!({ "ids": [GROUP, "8"], "statuses": ["active"] }));
    }
}

#[tokio::test]
async fn a_group_key_asked_for_as_such_stays() {
    let node = chain().await;
    let api = Api::start(client([node.url()])).await;
    let answer = json_of(api.get(&format!("{VALIDATORS}?id={GROUP},{STRANGER}")).await).await;
    assert_eq!(answer, of_keys(&[GROUP, STRANGER]));
    let answer = json_of(api.get(&format!("{VALIDATORS}/{GROUP}")).await).await;
    assert_eq!(answer["data"], validator(GROUP));
}

#[tokio::test]
async fn keystores_of_the_wrong_node_are_called_by_their_name() {
    let node = chain().await;
    let api = Api::start(client([node.url()])).await;
    for path in [format!("{VALIDATORS}?id={ANOTHERS}"), format!("{VALIDATORS}/{ANOTHERS}")] {
        let (status, body) = crate::backend::refusal(api.get(&path).await).await;
        assert_eq!(status, 400);
        assert!(body.message.contains("share 3") && body.message.contains("wrong node"), "{}", body.message);
    }
    let mixed = api.get(&format!("{VALIDATORS}?id={ANOTHERS}&id={SHARE}")).await;
    assert_eq!(mixed.status(), 200, "one wrong key does not stop the others");
}

#[tokio::test]
async fn one_validator_is_found_by_share_key_and_by_index() {
    let node = chain().await;
    let api = Api::start(client([node.url()])).await;
    for id in [SHARE.to_string(), "7".to_owned()] {
        let answer = json_of(api.get(&format!("{VALIDATORS}/{id}")).await).await;
        assert_eq!(answer, json!({ "finalized": true, "data": validator(SHARE) }));
    }
    assert_eq!(node.asked(), [format!("GET {VALIDATORS}/{GROUP}"), format!("GET {VALIDATORS}/7")]);
}

#[tokio::test]
async fn duties_carry_share_keys_and_everything_else_as_it_was() {
    let node = chain().await;
    let api = Api::start(client([node.url()])).await;
    let mut answers = Vec::new();
    for path in ["attester", "sync"] {
        let request = api.post(&format!("/eth/v1/validator/duties/{path}/2"), "application/json");
        answers.push(json_of(request.body(r#"["7","8"]"#).send().await.expect("an answer")).await);
    }
    for version in ["v1", "v2"] {
        answers.push(json_of(api.get(&format!("/eth/{version}/validator/duties/proposer/2")).await).await);
    }
    for answer in answers {
        assert_eq!(answer["dependent_root"], json!(Root([9; 32])));
        assert_eq!((&answer["execution_optimistic"], &answer["of_the_future"]), (&json!(true), &json!([1])));
        let keys: Vec<&Value> =
            answer["data"].as_array().expect("a list").iter().map(|duty| &duty["pubkey"]).collect();
        assert_eq!(keys, [&json!(SHARE), &json!(STRANGER)]);
    }
    assert!(
        node.requests()
            .iter()
            .filter(|asked| asked.line.starts_with("POST"))
            .all(|asked| asked.body == r#"["7","8"]"#)
    );
}

#[tokio::test]
async fn what_the_beacon_node_refuses_is_refused_with_its_words() {
    let refusal =
        || async { (axum::http::StatusCode::BAD_REQUEST, r#"{"code":400,"message":"epoch too far"}"#) };
    let node = Node::start(Router::new().route("/eth/v1/validator/duties/proposer/9", get(refusal))).await;
    let api = Api::start(client([node.url()])).await;
    let (status, body) = crate::backend::refusal(api.get("/eth/v1/validator/duties/proposer/9").await).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("epoch too far"), "{}", body.message);
}
