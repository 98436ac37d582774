//! Submissions go to every endpoint; what their refusals of single items come to.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use beacon::Error;
use eth::{Fork, SingleAttestation, ValidatorIndex};
use serde_json::{Value, json};

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
