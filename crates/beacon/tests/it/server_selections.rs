//! The validator client asks who aggregates and gets the validators' own proofs.

use axum::Router;
use beacon::api::{LIST_BODY_MAX, LIST_ITEMS_MAX};
use bytes::Bytes;
use eth::{
    BeaconCommitteeSelection, SignatureBytes, Slot, SubcommitteeIndex, SyncCommitteeSelection, ValidatorIndex,
};
use futures::stream;
use serde_json::{Value, json};

use crate::backend::{Api, refusal};
use crate::node::{Node, client};
use crate::samples::COMBINED;

const BEACON: &str = "/eth/v1/validator/beacon_committee_selections";
const SYNC: &str = "/eth/v1/validator/sync_committee_selections";
const IS_AGGREGATOR: &str = "/eth/v1/validator/is_aggregator";
const PARTIAL: SignatureBytes = SignatureBytes([5; 96]);

async fn api() -> (Node, Api) {
    let node = Node::start(Router::new()).await;
    let api = Api::start(client([node.url()])).await;
    (node, api)
}

fn beacon(validator: u64, selection_proof: SignatureBytes) -> Value {
    json!(BeaconCommitteeSelection {
        validator_index: ValidatorIndex(validator),
        slot: Slot(9),
        selection_proof
    })
}

fn sync(validator: u64, subcommittee: u64, selection_proof: SignatureBytes) -> Value {
    json!(SyncCommitteeSelection {
        validator_index: ValidatorIndex(validator),
        slot: Slot(9),
        subcommittee_index: SubcommitteeIndex(subcommittee),
        selection_proof,
    })
}

fn query(validator: u64) -> Value {
    json!({ "validator_index": validator.to_string(), "committee_index": "1", "committees_at_slot": "2",
            "slot": "9", "slot_signature": PARTIAL })
}

async fn posted(api: &Api, path: &str, body: &Value) -> reqwest::Response {
    let request = api.http.post(api.url(path)).header("content-type", "application/json");
    // Lodestar prefers SSZ everywhere, but takes JSON where the Beacon API has nothing else.
    let request = request.header("accept", "application/octet-stream;q=1,application/json;q=0.9");
    request.body(body.to_string()).send().await.expect("an answer")
}

async fn answered(api: &Api, path: &str, body: &Value) -> Value {
    let response = posted(api, path, body).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/json".parse().expect("a value"))
    );
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn partial_proofs_are_answered_by_those_of_the_validators() {
    let (_node, api) = api().await;
    let answer = answered(&api, BEACON, &json!([beacon(2, PARTIAL), beacon(4, PARTIAL)])).await;
    assert_eq!(answer, json!({ "data": [beacon(2, COMBINED), beacon(4, COMBINED)] }));
    let answer = answered(&api, SYNC, &json!([sync(2, 0, PARTIAL), sync(2, 3, PARTIAL)])).await;
    assert_eq!(answer, json!({ "data": [sync(2, 0, COMBINED), sync(2, 3, COMBINED)] }));
}

#[tokio::test]
async fn what_cannot_be_combined_or_read_is_left_out() {
    let (_node, api) = api().await;
    let asked = json!([beacon(2, PARTIAL), beacon(3, PARTIAL), { "slot": "x" }, beacon(4, PARTIAL)]);
    let answer = answered(&api, BEACON, &asked).await;
    assert_eq!(answer, json!({ "data": [beacon(2, COMBINED), beacon(4, COMBINED)] }));
    let asked = json!([sync(3, 1, PARTIAL), null, sync(4, 1, PARTIAL)]);
    assert_eq!(answered(&api, SYNC, &asked).await, json!({ "data": [sync(4, 1, COMBINED)] }));
}

#[tokio::test]
async fn the_older_question_is_answered_yes_or_no_for_each_item() {
    let (_node, api) = api().await;
    let asked = json!([query(3), query(2), { "slot": "x" }, query(4)]);
    assert_eq!(answered(&api, IS_AGGREGATOR, &asked).await, json!([false, true, false, true]));
}

#[tokio::test]
async fn nothing_asked_is_nothing_answered() {
    let (_node, api) = api().await;
    for path in [BEACON, SYNC] {
        assert_eq!(answered(&api, path, &json!([])).await, json!({ "data": [] }));
    }
    assert_eq!(answered(&api, IS_AGGREGATOR, &json!([])).await, json!([]));
    assert_eq!(api.backend.given.lock().expect("no panic").questions, 0);
}

#[tokio::test]
async fn a_question_of_which_nothing_can_be_read_is_refused() {
    let (_node, api) = api().await;
    for path in [BEACON, SYNC, IS_AGGREGATOR] {
        for body in [json!([{ "slot": 1 }, 7]), json!({}), json!("[]")] {
            assert_eq!(refusal(posted(&api, path, &body).await).await.0, 400, "{body}");
        }
    }
    assert_eq!(api.backend.given.lock().expect("no panic").questions, 0);
}

#[tokio::test]
async fn selections_are_spoken_in_json_only() {
    let (_node, api) = api().await;
    for path in [BEACON, SYNC, IS_AGGREGATOR] {
        let request = api.http.post(api.url(path)).header("content-type", "application/octet-stream");
        let (status, body) = refusal(request.body("x").send().await.expect("an answer")).await;
        assert_eq!(status, 415, "the client tries again in JSON");
        assert!(body.message.contains("send application/json"), "{}", body.message);
    }
}

#[tokio::test]
async fn what_the_backend_cannot_answer_is_an_error_with_its_words() {
    let (_node, api) = api().await;
    let mut selection = sync(2, 0, PARTIAL);
    selection["slot"] = json!("404");
    let (status, body) = refusal(posted(&api, SYNC, &json!([selection])).await).await;
    assert_eq!(status, 504);
    assert!(body.message.contains("slot 404"), "{}", body.message);
}

/// All duties of an epoch come in one list, chunked as Lodestar sends it.
#[tokio::test]
async fn selections_come_in_chunks_without_a_length() {
    let (_node, api) = api().await;
    let asked: Vec<Value> = (0..50).map(|validator| beacon(2 * validator, PARTIAL)).collect();
    let text = Bytes::from(json!(asked).to_string());
    let chunks: Vec<_> =
        text.chunks(1000).map(|chunk| Ok::<_, std::io::Error>(text.slice_ref(chunk))).collect();
    let request = api.http.post(api.url(BEACON)).header("content-type", "application/json");
    let request = request.body(reqwest::Body::wrap_stream(stream::iter(chunks)));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(50));
}

#[test]
fn selections_of_an_epoch_of_a_large_cluster_fit_into_one_request() {
    let validators = 10_000;
    let longest = beacon(10_000_000, PARTIAL).to_string().len() + ",".len();
    assert!(validators * longest < LIST_BODY_MAX && validators < LIST_ITEMS_MAX);
}
