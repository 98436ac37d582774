//! Blocks are produced and submitted in both encodings, full and blinded, with all the blobs a block may have.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use beacon::ClientConfig;
use eth::{Graffiti, Preset, Root, SignatureBytes, Slot};
use serde_json::{Value, json};

use crate::node::{Node, client, client_with, config};
use crate::samples::{blinded_proposal, proposal, proposal_with_blobs};

#[tokio::test]
async fn a_block_goes_out_in_ssz_and_in_json_where_ssz_is_not_taken() {
    for (proposal, path) in [
        (proposal(Slot(9)), "/eth/v2/beacon/blocks"),
        (proposal_with_blobs(Slot(9), 3), "/eth/v2/beacon/blocks"),
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
async fn a_block_refused_by_a_beacon_node_that_has_it_is_published() {
    let signed = proposal_with_blobs(Slot(9), 3).sign(SignatureBytes([3; 96]));
    let refusal = || async { (StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"duplicate column index"}"#) };
    let refusing = || Router::new().route("/eth/v2/beacon/blocks", post(refusal));
    let header = |root: Root| {
        let message = json!({ "slot": "9", "proposer_index": "1", "parent_root": Root([0; 32]),
            "state_root": Root([0; 32]), "body_root": Root([0; 32]) });
        let header = json!({ "message": message, "signature": SignatureBytes([0; 96]) });
        let entry = json!({ "data": { "root": root, "canonical": true, "header": header } });
        let path = format!("/eth/v1/beacon/headers/{}", signed.block_root());
        refusing().route(&path, get(move || async move { axum::Json(entry) }))
    };

    let has_it = Node::start(header(signed.block_root())).await;
    client([has_it.url()]).submit_block(&signed).await.expect("it is there");

    for router in [refusing(), header(Root([7; 32]))] {
        let has_it_not = Node::start(router).await;
        let error = client([has_it_not.url()]).submit_block(&signed).await.expect_err("it is not there");
        assert!(error.to_string().contains("duplicate column index"), "{error}");
    }
}

#[tokio::test]
async fn a_produced_block_is_read_in_both_encodings() {
    for (proposal, blinded) in [
        (proposal(Slot(9)), "false"),
        (proposal_with_blobs(Slot(9), 3), "false"),
        (blinded_proposal(Slot(9)), "true"),
    ] {
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

#[tokio::test]
async fn builders_are_boosted_and_graffiti_set_as_the_caller_says() {
    let node = Node::start(Router::new()).await;
    let (reveal, graffiti) = (SignatureBytes([1; 96]), Graffiti([7; 32]));
    let client = client([node.url()]);
    for boost in [0, 100, u64::MAX] {
        let asked = client.produce_block(Preset::Minimal, Slot(9), reveal, Some(graffiti), boost);
        asked.await.expect_err("no such route");
    }
    let line = |boost: u64| {
        format!(
            "GET /eth/v3/validator/blocks/9?randao_reveal={reveal}&graffiti={graffiti}&builder_boost_factor={boost}"
        )
    };
    assert_eq!(node.asked(), [0, 100, u64::MAX].map(line));
}

#[tokio::test]
async fn a_block_of_a_fork_that_is_not_built_in_is_refused_by_name() {
    for (fork, word) in
        [("gloas", "fork gloas are not built into this version"), ("heze", "unknown fork"), ("foo", "foo")]
    {
        let data: Value = serde_json::from_slice(&proposal(Slot(9)).to_json()).expect("JSON");
        let json = json!({ "version": fork, "execution_payload_blinded": false, "data": data });
        let ssz = (
            [
                ("content-type", "application/octet-stream"),
                ("eth-consensus-version", fork),
                ("eth-execution-payload-blinded", "false"),
            ],
            proposal(Slot(9)).to_ssz().to_vec(),
        );
        let path = "/eth/v3/validator/blocks/9";
        let in_ssz = Node::start(Router::new().route(path, get(|| async { ssz }))).await;
        let in_json = Node::start(Router::new().route(path, get(|| async { axum::Json(json) }))).await;
        for node in [in_ssz, in_json] {
            let client = client([node.url()]);
            let produced = client.produce_block(Preset::Minimal, Slot(9), SignatureBytes([1; 96]), None, 0);
            let text = produced.await.expect_err("not guessed").to_string();
            assert!(text.contains(fork) && text.contains(word), "{text}");
            assert!(text.ends_with("; update this program"), "{text}");
        }
    }
}

/// The most that Fulu was made for, in the encoding that all beacon nodes prefer for blocks.
#[tokio::test]
async fn a_block_with_seventy_two_blobs_goes_both_ways() {
    let proposal = proposal_with_blobs(Slot(9), 72);
    let headers = [
        ("content-type", "application/octet-stream"),
        ("eth-consensus-version", "fulu"),
        ("eth-execution-payload-blinded", "false"),
    ];
    let ssz = proposal.to_ssz().to_vec();
    let routes = Router::new()
        .route("/eth/v3/validator/blocks/9", get(move || async move { (headers, ssz) }))
        .route("/eth/v2/beacon/blocks", post(|| async {}));
    let node = Node::start(routes).await;
    let patient = Duration::from_secs(60);
    let limits = ClientConfig { block_timeout: patient, submit_timeout: patient, ..config([node.url()]) };
    let client = client_with(limits);
    let produced = client.produce_block(Preset::Minimal, Slot(9), SignatureBytes([1; 96]), None, 0);
    let produced = produced.await.expect("it is read").proposal;
    assert!(produced == proposal, "the same block");
    let signed = produced.sign(SignatureBytes([3; 96]));
    client.submit_block(&signed).await.expect("it is taken");
    assert!(node.requests()[1].body == signed.to_ssz(), "the same block");
}
