//! Several validator clients at one node, each with some of its shares.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::routing::post;
use axum::{Json, Router};
use beacon::server::{ServerConfig, Shares};
use cluster::{GroupKey, ShareKey};
use eth::PublicKeyBytes;
use serde_json::{Value, json};

use crate::backend::{Api, spec};
use crate::node::{Node, client};

const VALIDATORS: &str = "/eth/v1/beacon/states/head/validators";

fn group(index: u8) -> PublicKeyBytes {
    PublicKeyBytes([index; 48])
}

fn share(index: u8) -> PublicKeyBytes {
    PublicKeyBytes([0xf0 | index; 48])
}

/// Validators 1 to 4, each with a duty in every epoch.
async fn chain() -> Node {
    let indices: BTreeMap<String, u8> = (1..=4).map(|index| (group(index).to_string(), index)).collect();
    let validators = |Json(asked): Json<Value>| async move {
        let ids = asked["ids"].as_array().expect("a list").iter().filter_map(Value::as_str);
        let known = ids.filter_map(|id| Some((id, indices.get(id)?)));
        let entry = |(key, index): (&str, &u8)| {
            json!({ "index": index.to_string(), "balance": "1", "status": "active_ongoing",
                    "validator": { "pubkey": key } })
        };
        Json(json!({ "data": known.map(entry).collect::<Vec<_>>() }))
    };
    let duties = |Path(_epoch): Path<String>, Json(asked): Json<Vec<String>>| async move {
        let duty = |index: &String| json!({ "pubkey": group(index.parse().expect("a number")), "validator_index": index, "slot": "3" });
        Json(json!({ "dependent_root": "0x11", "data": asked.iter().map(duty).collect::<Vec<_>>() }))
    };
    let routes = Router::new()
        .route(VALIDATORS, post(validators))
        .route("/eth/v1/validator/duties/attester/{epoch}", post(duties));
    Node::start(routes).await
}

/// What one client learns at its start: indices of its keys, and its duties.
async fn start(api: &Api, keys: &[u8]) -> (Vec<Value>, Vec<Value>) {
    let ask = async |path: &str, body: Value| -> Value {
        let response = api.post(path, "application/json").body(body.to_string()).send().await;
        response.expect("an answer").json().await.expect("JSON")
    };
    let ids: Vec<PublicKeyBytes> = keys.iter().map(|index| share(*index)).collect();
    let validators = ask(VALIDATORS, json!({ "ids": ids })).await;
    let list = |answer: &Value| answer["data"].as_array().expect("a list").clone();
    let indices: Vec<Value> = list(&validators).iter().map(|entry| entry["index"].clone()).collect();
    let duties = ask("/eth/v1/validator/duties/attester/2", json!(indices)).await;
    let of = |list: Vec<Value>, pointer: &str| {
        list.iter().filter_map(|one| one.pointer(pointer).cloned()).collect()
    };
    (of(list(&validators), "/validator/pubkey"), of(list(&duties), "/pubkey"))
}

#[tokio::test]
async fn each_client_learns_its_own_validators_and_none_of_the_other() {
    let node = chain().await;
    let shares: Shares = (1..=4).map(|index| (GroupKey(group(index)), ShareKey(share(index)))).collect();
    let api = Api::start_for(client([node.url()]), ServerConfig::default(), shares, spec()).await;
    let ((first, first_duties), (second, second_duties), (both, both_duties)) =
        tokio::join!(start(&api, &[1, 2]), start(&api, &[3, 4]), start(&api, &[2, 3]));
    let keys = |indices: &[u8]| -> Vec<Value> { indices.iter().map(|index| json!(share(*index))).collect() };
    assert_eq!((first, first_duties), (keys(&[1, 2]), keys(&[1, 2])));
    assert_eq!((second, second_duties), (keys(&[3, 4]), keys(&[3, 4])));
    assert_eq!((both, both_duties), (keys(&[2, 3]), keys(&[2, 3])), "a third one, with keys of both");
}
