//! Aggregates are held until decided, in the encoding that is preferred; those signed are judged one by one.

use axum::Router;
use beacon::server::{ServerConfig, Shares};
use eth::{Attestation, CommitteeIndex, Epoch, NewerFork, Preset, Root, SignedAggregateAndProof, Slot, Spec};
use serde_json::{Value, json};

use crate::backend::{Api, refusal, spec};
use crate::node::{Node, client};
use crate::samples::{aggregate, signed_aggregates};

const SUBMIT: &str = "/eth/v2/validator/aggregate_and_proofs";
const VOTE: Root = Root([0xda; 32]);

async fn api() -> (Node, Api) {
    let node = Node::start(Router::new()).await;
    let api = Api::start(client([node.url()])).await;
    (node, api)
}

async fn asked(api: &Api, slot: u64, accept: &str) -> reqwest::Response {
    let query = format!("attestation_data_root={VOTE}&slot={slot}&committee_index=3");
    let url = api.url(&format!("/eth/v2/validator/aggregate_attestation?{query}"));
    api.http.get(url).header("accept", accept).send().await.expect("an answer")
}

/// By hand, as the specification has it: an offset for each item, then the items.
fn ssz(items: &[Vec<u8>]) -> Vec<u8> {
    let mut offsets = Vec::new();
    let mut bytes = Vec::new();
    for item in items {
        offsets.extend_from_slice(&((4 * items.len() + bytes.len()) as u32).to_le_bytes());
        bytes.extend_from_slice(item);
    }
    [offsets, bytes].concat()
}

#[tokio::test]
async fn an_aggregate_comes_in_the_preferred_encoding_with_its_fork() {
    let (_node, api) = api().await;
    let expected = aggregate(Slot(5), CommitteeIndex(3));
    for accept in ["application/octet-stream;q=1,application/json;q=0.9", "application/octet-stream"] {
        let response = asked(&api, 5, accept).await;
        assert_eq!(response.headers()["content-type"], "application/octet-stream");
        assert_eq!(response.headers()["eth-consensus-version"], "fulu");
        let body = response.bytes().await.expect("a body");
        assert_eq!(Attestation::from_ssz(Preset::Minimal, &body).as_ref(), Ok(&expected));
    }
    for accept in ["application/json", "*/*"] {
        let response = asked(&api, 5, accept).await;
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["eth-consensus-version"], "fulu");
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer, json!({ "version": "fulu", "data": expected }));
    }
    assert_eq!(refusal(asked(&api, 5, "text/html").await).await.0, 406);
    assert_eq!(api.backend.given.lock().expect("no panic").votes, [VOTE; 4]);
}

#[tokio::test]
async fn an_aggregate_that_is_not_decided_ends_in_an_error() {
    let (_node, api) = api().await;
    assert_eq!(refusal(asked(&api, 404, "*/*").await).await.0, 504);
    for (query, word) in [
        ("slot=5&committee_index=3", "attestation_data_root"),
        ("slot=5&committee_index=3&attestation_data_root=0x12", "attestation_data_root"),
        ("committee_index=3", "slot"),
    ] {
        let path = format!("/eth/v2/validator/aggregate_attestation?{query}");
        let (status, body) = refusal(api.get(&path).await).await;
        assert_eq!(status, 400);
        assert!(body.message.contains(word), "{}", body.message);
    }
}

#[tokio::test]
async fn signed_aggregates_arrive_the_same_in_both_encodings() {
    let (_node, api) = api().await;
    let items = signed_aggregates(&[0, 2]);
    let in_ssz = ssz(&items.iter().map(SignedAggregateAndProof::to_ssz).collect::<Vec<_>>());
    for (encoding, body) in
        [("application/octet-stream", in_ssz), ("application/json", json!(items).to_string().into())]
    {
        let response = api.post(SUBMIT, encoding).body(body).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(std::mem::take(&mut api.backend.given.lock().expect("no panic").aggregates), items);
    }
}

#[tokio::test]
async fn a_bad_aggregate_costs_the_others_nothing_in_either_encoding() {
    let (_node, api) = api().await;
    let items = signed_aggregates(&[0, 1, 2]);
    let mut in_json: Vec<Value> = items.iter().map(|item| json!(item)).collect();
    in_json.insert(1, json!({ "message": null }));
    let mut in_ssz: Vec<Vec<u8>> = items.iter().map(SignedAggregateAndProof::to_ssz).collect();
    in_ssz.insert(1, vec![0xff; 100]);
    for (encoding, body) in
        [("application/octet-stream", ssz(&in_ssz)), ("application/json", json!(in_json).to_string().into())]
    {
        let response = api.post(SUBMIT, encoding).body(body).send().await.expect("an answer");
        let (status, body) = refusal(response).await;
        assert_eq!(status, 400);
        assert!(body.message.contains("2 of 4 aggregates"), "{}", body.message);
        assert_eq!(body.failures.iter().map(|item| item.index).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(body.failures[1].message, "validator 1 is odd");
        assert_eq!(std::mem::take(&mut api.backend.given.lock().expect("no panic").aggregates), items);
    }
}

#[tokio::test]
async fn an_aggregate_of_a_fork_yet_unknown_is_refused_before_anything_is_asked() {
    let node = Node::start(Router::new()).await;
    let newer = NewerFork { epoch: Epoch(7), name: "heze".to_owned() };
    let spec = Spec { newer_fork: Some(newer), ..spec() };
    let api = Api::start_for(client([node.url()]), ServerConfig::default(), Shares::default(), spec).await;
    assert_eq!(asked(&api, 55, "*/*").await.status(), 200, "the last slot before");
    let (status, body) = refusal(asked(&api, 56, "*/*").await).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("heze") && body.message.contains("update"), "{}", body.message);
    assert_eq!(api.backend.given.lock().expect("no panic").votes, [VOTE]);
}

#[tokio::test]
async fn ssz_that_is_no_list_is_refused_whole() {
    let (_node, api) = api().await;
    let hostile: [&[u8]; 4] =
        [&[0; 4], &[1], &[8, 0, 0, 0, 4, 0, 0, 0], &[0xfc, 0xff, 0xff, 0xff, 0xfc, 0xff, 0xff, 0xff]];
    for bytes in hostile {
        let request = api.post(SUBMIT, "application/octet-stream").body(bytes.to_vec());
        let (status, body) = refusal(request.send().await.expect("an answer")).await;
        assert_eq!(status, 400);
        assert!(body.message.contains("malformed SSZ"), "{}", body.message);
    }
    let empty = api.post(SUBMIT, "application/octet-stream").body("").send().await.expect("an answer");
    assert_eq!(empty.status(), 200, "no bytes are the list of nothing");
}

#[tokio::test]
async fn aggregates_of_forks_that_are_not_built_in_are_refused_by_name() {
    let (_node, api) = api().await;
    for fork in ["deneb", "heze", "foo"] {
        let request = api.http.post(api.url(SUBMIT)).header("content-type", "application/json").body("[]");
        let response = request.header("eth-consensus-version", fork).send().await.expect("an answer");
        let (status, body) = refusal(response).await;
        assert_eq!(status, 400);
        assert!(body.message.contains(fork), "{}", body.message);
    }
    let request = api.http.post(api.url(SUBMIT)).header("content-type", "application/json").body("[]");
    let (status, body) = refusal(request.send().await.expect("an answer")).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("Eth-Consensus-Version"), "{}", body.message);
}
