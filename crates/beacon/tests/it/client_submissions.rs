//! Submissions go to every endpoint; blocks in both encodings.

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use beacon::Error;
use eth::{Fork, Preset, SignatureBytes, SingleAttestation, Slot, ValidatorIndex};
use serde_json::{Value, json};

use crate::backend::{blinded_proposal, proposal};
use crate::node::{Node, client, nobody};

const POOL: &str = "/eth/v2/beacon/pool/attestations";

fn refusing(failures: Value) -> Router {
    let body = json!({ "code": 400, "message": "some failed", "failures": failures }).to_string();
    Router::new().route(POOL, post(|| async { (StatusCode::BAD_REQUEST, body) }))
}

fn accepting() -> Router {
    Router::new().route(POOL, post(|| async {}))
}

fn attestations() -> Vec<SingleAttestation> {
    (0..3)
        .map(|index| SingleAttestation { attester_index: ValidatorIndex(index), ..Default::default() })
        .collect()
}

#[tokio::test]
async fn a_submission_succeeds_where_one_endpoint_takes_it() {
    let (first, second) = (Node::start(accepting()).await, Node::start(accepting()).await);
    let client = client([nobody().await, first.url(), second.url()]);
    client.submit_attestations(Fork::Fulu, &attestations()).await.expect("one took it");
    let asked = [first.requests(), second.requests()].concat();
    assert!(!asked.is_empty());
    for asked in asked {
        assert_eq!(asked.headers["eth-consensus-version"], "fulu");
        let body: Value = serde_json::from_slice(&asked.body).expect("JSON");
        assert_eq!(body[2]["attester_index"], "2");
    }
}

#[tokio::test]
async fn all_endpoints_are_tried_even_after_a_success() {
    let (first, second) = (Node::start(accepting()).await, Node::start(accepting()).await);
    let client = client([first.url(), second.url()]);
    client.submit_attestations(Fork::Fulu, &attestations()).await.expect("one took it");
    // The other one is asked in the background; an answer of it is proof enough that it was.
    let both_asked = async {
        while first.asked().is_empty() || second.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), both_asked).await.expect("both were asked");
}

#[tokio::test]
async fn refused_items_are_named_by_their_position() {
    let node = Node::start(refusing(json!([{ "index": 1, "message": "bad signature" }]))).await;
    let result = client([node.url()]).submit_attestations(Fork::Fulu, &attestations()).await;
    let Err(Error::Rejected { failures, .. }) = result else { panic!("{result:?}") };
    assert_eq!(
        failures.iter().map(|item| (item.index, item.message.as_str())).collect::<Vec<_>>(),
        [(1, "bad signature")]
    );
}

#[tokio::test]
async fn what_a_node_knows_already_is_taken() {
    let known = json!([{ "index": 0, "message": "PriorAttestationKnown" }, { "index": 2, "message": "ATTESTATION_ALREADY_KNOWN" }]);
    let node = Node::start(refusing(known)).await;
    client([node.url()]).submit_attestations(Fork::Fulu, &attestations()).await.expect("a peer was faster");
}

#[tokio::test]
async fn a_block_goes_out_in_ssz_and_in_json_where_ssz_is_not_taken() {
    for (proposal, path) in [
        (proposal(Slot(9)), "/eth/v2/beacon/blocks"),
        (blinded_proposal(Slot(9)), "/eth/v2/beacon/blinded_blocks"),
    ] {
        let only_json = |headers: axum::http::HeaderMap| async move {
            if headers["content-type"] == "application/json" {
                StatusCode::OK.into_response()
            } else {
                StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()
            }
        };
        let node = Node::start(Router::new().route(path, post(only_json))).await;
        let signed = proposal.sign(SignatureBytes([3; 96]));
        client([node.url()]).submit_block(&signed).await.expect("taken in JSON");
        let asked = node.requests();
        assert_eq!(
            asked
                .iter()
                .map(|asked| asked.headers["content-type"].to_str().expect("text"))
                .collect::<Vec<_>>(),
            ["application/octet-stream", "application/json"]
        );
        assert!(asked.iter().all(|asked| asked.headers["eth-consensus-version"] == "fulu"));
        assert_eq!(asked[0].body, signed.to_ssz());
        assert_eq!(asked[1].body, signed.to_json());
    }
}

#[tokio::test]
async fn a_produced_block_is_read_in_both_encodings() {
    for (proposal, blinded) in [(proposal(Slot(9)), "false"), (blinded_proposal(Slot(9)), "true")] {
        let ssz = (
            [
                ("content-type", "application/octet-stream"),
                ("eth-consensus-version", "fulu"),
                ("eth-execution-payload-blinded", blinded),
                ("eth-execution-payload-value", "12345"),
            ],
            proposal.to_ssz().to_vec(),
        );
        let data: Value = serde_json::from_slice(&proposal.to_json()).expect("JSON");
        let json = json!({ "version": "fulu", "execution_payload_blinded": blinded == "true",
                           "execution_payload_value": "12345", "consensus_block_value": "7", "data": data });
        let path = "/eth/v3/validator/blocks/{slot}";
        let in_ssz = Node::start(Router::new().route(path, get(|| async { ssz }))).await;
        let in_json = Node::start(Router::new().route(path, get(|| async { axum::Json(json) }))).await;
        for node in [in_ssz, in_json] {
            let client = client([node.url()]);
            let reveal = SignatureBytes([1; 96]);
            let produced =
                client.produce_block(Preset::Minimal, Slot(9), reveal, None, 0).await.expect("a block");
            assert_eq!(produced.proposal.block_root(), proposal.block_root());
            assert_eq!(produced.proposal.to_ssz(), proposal.to_ssz());
            assert_eq!(produced.payload_value_wei, Some(12345));
            let asked = node.asked().remove(0);
            assert_eq!(
                asked,
                format!("GET /eth/v3/validator/blocks/9?randao_reveal={reveal}&builder_boost_factor=0")
            );
            client
                .produce_block(Preset::Minimal, Slot(10), reveal, None, 0)
                .await
                .expect_err("a block of another slot is no answer");
        }
    }
}

#[tokio::test]
async fn an_ssz_block_without_its_headers_is_refused() {
    let ssz = ([("content-type", "application/octet-stream")], proposal(Slot(9)).to_ssz().to_vec());
    let node = Node::start(Router::new().route("/eth/v3/validator/blocks/9", get(|| async { ssz }))).await;
    let result =
        client([node.url()]).produce_block(Preset::Minimal, Slot(9), SignatureBytes([1; 96]), None, 0).await;
    let text = result.expect_err("of which fork is it?").to_string();
    assert!(text.contains("eth-consensus-version"), "{text}");
}
