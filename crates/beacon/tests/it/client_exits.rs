//! Exits go to every beacon node; one that has happened is no failure.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use eth::{Epoch, SignatureBytes, SignedVoluntaryExit, ValidatorIndex, VoluntaryExit};
use serde_json::{Value, json};

use crate::node::{Node, client, nobody};

const EXITS: &str = "/eth/v1/beacon/pool/voluntary_exits";

fn exit() -> SignedVoluntaryExit {
    let message = VoluntaryExit { epoch: Epoch(7), validator_index: ValidatorIndex(4) };
    SignedVoluntaryExit { message, signature: SignatureBytes([3; 96]) }
}

async fn refusing(status: StatusCode, message: &str) -> Node {
    let body = json!({ "code": status.as_u16(), "message": message }).to_string();
    Node::start(Router::new().route(EXITS, post(move || async move { (status, body) }))).await
}

#[tokio::test]
async fn an_exit_is_submitted_alone() {
    let node = Node::start(Router::new().route(EXITS, post(|| async {}))).await;
    client([nobody().await, node.url()]).submit_exit(&exit()).await.expect("one took it");
    let body: Value = serde_json::from_slice(&node.requests()[0].body).expect("JSON");
    assert_eq!(body, json!(exit()));
}

#[tokio::test]
async fn an_exit_that_is_known_or_has_happened_is_no_failure() {
    for (status, message) in [
        (StatusCode::BAD_REQUEST, "VOLUNTARY_EXIT_ERROR_ALREADY_EXISTS"),
        (StatusCode::BAD_REQUEST, "VOLUNTARY_EXIT_ERROR_ALREADY_EXITED"),
        (StatusCode::BAD_REQUEST, "invalid exit: AlreadyInitiatedExit(4)"),
        (StatusCode::INTERNAL_SERVER_ERROR, "validator with index 4 has already submitted an exit"),
    ] {
        let node = refusing(status, message).await;
        client([nobody().await, node.url()]).submit_exit(&exit()).await.expect(message);
    }
}

#[tokio::test]
async fn an_exit_that_nobody_takes_is_a_failure_with_the_reason() {
    let node = refusing(StatusCode::BAD_REQUEST, "VOLUNTARY_EXIT_ERROR_EARLY_EPOCH").await;
    let text = client([node.url()]).submit_exit(&exit()).await.expect_err("too early").to_string();
    assert!(text.contains("EARLY_EPOCH"), "{text}");
}
