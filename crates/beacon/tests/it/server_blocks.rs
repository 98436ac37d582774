//! Blocks go to the validator client and come back signed, in JSON and in SSZ, full and blinded.

use axum::Router;
use eth::{Fork, Preset, SignatureBytes, SignedProposal, Slot};
use serde_json::{Value, json};

use crate::backend::{Api, refusal};
use crate::node::{Node, client};
use crate::samples::{blinded_proposal, proposal, proposal_with_blobs};

const REVEAL: SignatureBytes = SignatureBytes([5; 96]);

async fn api() -> (Node, Api) {
    let node = Node::start(Router::new()).await;
    let api = Api::start(client([node.url()])).await;
    (node, api)
}

async fn produced(api: &Api, slot: u64, accept: &str) -> reqwest::Response {
    let query =
        "fee_recipient=0x00&builder_selection=executiononly&builder_boost_factor=0&blinded_local=false";
    let path = format!("/eth/v3/validator/blocks/{slot}?randao_reveal={REVEAL}&{query}");
    api.http.get(api.url(&path)).header("accept", accept).send().await.expect("an answer")
}

#[tokio::test]
async fn a_block_is_answered_in_the_encoding_the_client_prefers() {
    let (_node, api) = api().await;
    let ssz_first = "application/octet-stream;q=1.0,application/json;q=0.9";
    for (slot, blinded) in [(9, "false"), (10, "true")] {
        let expected = if blinded == "true" { blinded_proposal(Slot(slot)) } else { proposal(Slot(slot)) };
        for accept in [ssz_first, "application/octet-stream", "application/json", "*/*"] {
            let response = produced(&api, slot, accept).await;
            assert_eq!(response.status(), 200);
            let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
            assert_eq!(header("eth-consensus-version"), "fulu");
            assert_eq!(header("eth-execution-payload-blinded"), blinded);
            assert_eq!(
                (header("eth-execution-payload-value"), header("eth-consensus-block-value")),
                ("1".into(), "1".into())
            );
            if accept.starts_with("application/octet-stream") {
                assert_eq!(header("content-type"), "application/octet-stream");
                assert_eq!(response.bytes().await.expect("a body"), expected.to_ssz());
            } else {
                assert_eq!(header("content-type"), "application/json");
                let answer: Value = response.json().await.expect("JSON");
                let data: Value = serde_json::from_slice(&expected.to_json()).expect("JSON");
                assert_eq!(
                    answer,
                    json!({ "version": "fulu", "execution_payload_blinded": blinded == "true",
                    "execution_payload_value": "1", "consensus_block_value": "1", "data": data })
                );
            }
        }
    }
    let given = api.backend.given.lock().expect("no panic");
    assert!(
        given.requests.iter().all(|request| request.randao_reveal == REVEAL && request.graffiti.is_none())
    );
}

#[tokio::test]
async fn an_encoding_we_do_not_speak_is_refused() {
    let (_node, api) = api().await;
    assert_eq!(refusal(produced(&api, 9, "text/html").await).await.0, 406);
}

#[tokio::test]
async fn a_missing_or_short_randao_reveal_is_named() {
    let (_node, api) = api().await;
    for query in ["", "?randao_reveal=0x1234"] {
        let (status, body) = refusal(api.get(&format!("/eth/v3/validator/blocks/9{query}")).await).await;
        assert_eq!(status, 400);
        assert!(body.message.contains("randao_reveal"), "{}", body.message);
    }
}

#[tokio::test]
async fn a_signed_block_arrives_the_same_in_both_encodings_and_versions() {
    let (_node, api) = api().await;
    for (proposal, name) in [
        (proposal(Slot(9)), "blocks"),
        (proposal_with_blobs(Slot(9), 3), "blocks"),
        (blinded_proposal(Slot(9)), "blinded_blocks"),
    ] {
        let signed = proposal.sign(SignatureBytes([3; 96]));
        for version in ["v1", "v2"] {
            let path = format!("/eth/{version}/beacon/{name}?broadcast_validation=gossip");
            for (encoding, body) in
                [("application/octet-stream", signed.to_ssz()), ("application/json", signed.to_json())]
            {
                let response = api.post(&path, encoding).body(body).send().await.expect("an answer");
                assert_eq!(response.status(), 200);
                let block = api.backend.given.lock().expect("no panic").blocks.pop().expect("it arrived");
                assert_eq!(block.to_ssz(), signed.to_ssz());
                assert_eq!(block.blinded(), name == "blinded_blocks");
            }
        }
    }
}

#[tokio::test]
async fn a_signed_block_with_seventy_two_blobs_arrives() {
    let (_node, api) = api().await;
    let signed = proposal_with_blobs(Slot(9), 72).sign(SignatureBytes([3; 96]));
    let request = api.post("/eth/v2/beacon/blocks", "application/octet-stream").body(signed.to_ssz());
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    assert!(api.backend.given.lock().expect("no panic").blocks[0] == signed, "the same block");
}

#[tokio::test]
async fn malformed_blocks_are_refused_without_a_panic() {
    let (_node, api) = api().await;
    let ssz = proposal(Slot(9)).sign(SignatureBytes([3; 96])).to_ssz();
    let mut offset_out_of_range = ssz.clone();
    offset_out_of_range[..4].fill(0xff);
    for body in [Vec::new(), ssz[..ssz.len() - 1].to_vec(), offset_out_of_range] {
        let request = api.post("/eth/v2/beacon/blocks", "application/octet-stream").body(body);
        let (status, body) = refusal(request.send().await.expect("an answer")).await;
        assert_eq!(status, 400);
        assert!(body.message.contains("malformed block"), "{}", body.message);
    }
    let request = api.post("/eth/v2/beacon/blocks", "application/json").body("{\"signed_block\":\n oops");
    let (status, body) = refusal(request.send().await.expect("an answer")).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("line 2"), "{}", body.message);
}

#[tokio::test]
async fn a_block_needs_its_fork_and_an_encoding_we_speak() {
    let (_node, api) = api().await;
    let url = api.url("/eth/v2/beacon/blocks");
    let request = api.http.post(&url).header("content-type", "application/octet-stream").body("x");
    let (status, body) = refusal(request.send().await.expect("an answer")).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("Eth-Consensus-Version"), "{}", body.message);
    for fork in ["gloas", "heze", "foo", "deneb"] {
        let request = api.http.post(&url).header("eth-consensus-version", fork).body("x");
        let (status, body) = refusal(request.send().await.expect("an answer")).await;
        assert_eq!(status, 400);
        assert!(body.message.contains(fork), "{}", body.message);
    }
    let request = api.post("/eth/v2/beacon/blocks", "text/plain").body("x");
    let (status, body) = refusal(request.send().await.expect("an answer")).await;
    assert_eq!(status, 415);
    assert!(body.message.contains("application/octet-stream"), "{}", body.message);
}

#[tokio::test]
async fn what_the_backend_refuses_is_refused_with_its_words() {
    let (_node, api) = api().await;
    let signed = proposal(Slot(404)).sign(SignatureBytes([3; 96]));
    let request = api.post("/eth/v2/beacon/blocks", "application/octet-stream").body(signed.to_ssz());
    let (status, body) = refusal(request.send().await.expect("an answer")).await;
    assert_eq!((status, body.message.as_str()), (400, "not the block the cluster decided"));
    let read = SignedProposal::from_ssz(Preset::Minimal, Fork::Fulu, false, &signed.to_ssz()).expect("sound");
    assert_eq!(read.block_root(), signed.block_root());
}
