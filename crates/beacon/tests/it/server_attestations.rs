//! Attestation data is held until decided; every submitted attestation is judged on its own.

use std::time::Duration;

use axum::Router;
use beacon::server::ServerConfig;
use bytes::Bytes;
use eth::{AttestationData, CommitteeIndex, Container, SingleAttestation, Slot, ValidatorIndex};
use futures::stream;
use serde_json::{Value, json};

use crate::backend::{Api, refusal};
use crate::node::{Node, client};

const POOL: &str = "/eth/v2/beacon/pool/attestations";

async fn api() -> (Node, Api) {
    let node = Node::start(Router::new()).await;
    let api = Api::start(client([node.url()])).await;
    (node, api)
}

fn items(validators: &[u64]) -> Vec<Value> {
    let item =
        |index: &u64| SingleAttestation { attester_index: ValidatorIndex(*index), ..Default::default() };
    validators.iter().map(|index| json!(item(index))).collect()
}

#[tokio::test]
async fn decided_data_comes_in_the_plain_envelope() {
    let (_node, api) = api().await;
    let response = api.get("/eth/v1/validator/attestation_data?committee_index=2&slot=5").await;
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!((&answer["data"]["slot"], &answer["data"]["index"]), (&json!("5"), &json!("2")));
}

#[tokio::test]
async fn decided_data_comes_in_ssz_where_that_is_preferred() {
    let (_node, api) = api().await;
    let url = api.url("/eth/v1/validator/attestation_data?slot=5&committee_index=2");
    let accept = "application/octet-stream;q=1,application/json;q=0.9";
    let response = api.http.get(&url).header("accept", accept).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let expected = AttestationData { slot: Slot(5), index: CommitteeIndex(2), ..Default::default() };
    assert_eq!(response.bytes().await.expect("a body"), expected.to_ssz());
    let response = api.http.get(&url).header("accept", "text/html").send().await.expect("an answer");
    assert_eq!(refusal(response).await.0, 406);
}

#[tokio::test]
async fn the_committee_may_be_left_out() {
    let (_node, api) = api().await;
    let response = api.get("/eth/v1/validator/attestation_data?slot=5").await;
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!(answer["data"]["index"], "0");
}

#[tokio::test]
async fn a_held_request_ends_in_an_error_at_its_deadline() {
    let (_node, api) = api().await;
    let response = api.get("/eth/v1/validator/attestation_data?committee_index=0&slot=404").await;
    let (status, body) = refusal(response).await;
    assert_eq!(status, 504);
    assert!(body.message.contains("slot 404"), "{}", body.message);
}

#[tokio::test]
async fn a_backend_that_never_answers_is_not_waited_for() {
    let node = Node::start(Router::new()).await;
    let config = ServerConfig { request_timeout: Duration::from_millis(50), ..ServerConfig::default() };
    let api = Api::start_with(client([node.url()]), config).await;
    let response = api.get("/eth/v1/validator/attestation_data?committee_index=0&slot=999").await;
    let (status, body) = refusal(response).await;
    assert_eq!(status, 504);
    assert!(body.message.contains("attestation_data"), "{}", body.message);
}

#[tokio::test]
async fn missing_and_malformed_parameters_are_named() {
    let (_node, api) = api().await;
    for (query, word) in
        [("slot=5&committee_index=x", "committee_index"), ("slot=-1&committee_index=0", "slot"), ("", "slot")]
    {
        let (status, body) =
            refusal(api.get(&format!("/eth/v1/validator/attestation_data?{query}")).await).await;
        assert_eq!(status, 400);
        assert!(body.message.contains(word), "{}", body.message);
    }
}

#[tokio::test]
async fn a_chunked_body_without_length_is_taken() {
    let (_node, api) = api().await;
    let text = json!(items(&[0, 2])).to_string();
    let chunks: Vec<_> = text
        .as_bytes()
        .chunks(7)
        .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)))
        .collect();
    let body = reqwest::Body::wrap_stream(stream::iter(chunks));
    let response = api.post(POOL, "application/json").body(body).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.expect("a body"), "");
    assert_eq!(api.backend.given.lock().expect("no panic").attestations.len(), 2);
}

#[tokio::test]
async fn one_bad_item_never_drops_the_others() {
    let (_node, api) = api().await;
    let mut list = items(&[0, 1, 2]);
    list.insert(1, json!({ "attester_index": "no number" }));
    let response =
        api.post(POOL, "application/json").body(json!(list).to_string()).send().await.expect("an answer");
    let (status, body) = refusal(response).await;
    assert_eq!(status, 400);
    let failures: Vec<_> = body.failures.iter().map(|item| (item.index, item.message.as_str())).collect();
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(failures[0].0 == 1 && failures[0].1.contains("not the JSON"), "{failures:?}");
    assert_eq!(failures[1], (2, "validator 1 is odd"));
    let given = api.backend.given.lock().expect("no panic");
    assert_eq!(given.attestations.iter().map(|item| item.attester_index.0).collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test]
async fn attestations_in_ssz_are_judged_one_by_one_too() {
    let (_node, api) = api().await;
    let list: Vec<SingleAttestation> = [0, 1, 2]
        .map(|index| SingleAttestation { attester_index: ValidatorIndex(index), ..Default::default() })
        .into();
    let ssz: Vec<u8> = list.iter().flat_map(Container::to_ssz).collect();
    let cut = ssz[..ssz.len() - 1].to_vec();
    let response = api.post(POOL, "application/octet-stream").body(ssz).send().await.expect("an answer");
    let (status, body) = refusal(response).await;
    assert_eq!((status, body.failures.len(), body.failures[0].index), (400, 1, 1));
    assert_eq!(api.backend.given.lock().expect("no panic").attestations, list);
    let response = api.post(POOL, "application/octet-stream").body(cut).send().await.expect("an answer");
    let (status, body) = refusal(response).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("expected a list of attestations"), "{}", body.message);
}

#[tokio::test]
async fn what_is_wrong_with_an_item_is_said_in_short() {
    let (_node, api) = api().await;
    let long = json!([{ "attester_index": "x".repeat(5000) }]).to_string();
    let response = api.post(POOL, "application/json").body(long).send().await.expect("an answer");
    let (_, body) = refusal(response).await;
    assert!(body.failures[0].message.len() <= 256, "{}", body.failures[0].message);
}

#[tokio::test]
async fn a_body_that_is_no_list_is_refused_with_its_position() {
    let (_node, api) = api().await;
    for text in ["[{\"a\":1},\n  oops]", "{}", "", "[1,2"] {
        let response = api.post(POOL, "application/json").body(text).send().await.expect("an answer");
        let (status, body) = refusal(response).await;
        assert_eq!(status, 400, "{text}");
        assert!(body.message.contains("line") && body.message.contains("column"), "{}", body.message);
    }
}

#[tokio::test]
async fn the_fork_must_be_named_and_be_one_with_single_attestations() {
    let (_node, api) = api().await;
    let send = |version: Option<&'static str>| {
        let request = api.http.post(api.url(POOL)).header("content-type", "application/json").body("[]");
        version
            .into_iter()
            .fold(request, |request, version| request.header("eth-consensus-version", version))
            .send()
    };
    for (version, word) in [
        (None, "Eth-Consensus-Version"),
        (Some("deneb"), "deneb"),
        (Some("heze"), "unknown fork"),
        (Some("moon"), "moon"),
    ] {
        let (status, body) = refusal(send(version).await.expect("an answer")).await;
        assert_eq!(status, 400);
        assert!(body.message.contains(word), "{}", body.message);
    }
    for version in ["electra", "fulu", "gloas"] {
        assert_eq!(send(Some(version)).await.expect("an answer").status(), 200, "{version}");
    }
}
