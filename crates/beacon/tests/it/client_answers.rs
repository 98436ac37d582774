//! Reading answers, of honest nodes and of others: nothing is read without bounds.

use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use beacon::api::ValidatorStatus;
use beacon::{Error, Problem};
use bytes::Bytes;
use eth::{Epoch, PublicKeyBytes, Root, Slot, ValidatorIndex};
use futures::stream;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use crate::node::{Node, client, config};

const VERSION: &str = "/eth/v1/node/version";

async fn problem_of(routes: Router) -> Problem {
    let node = Node::start(routes).await;
    match client([node.url()]).version().await {
        Err(Error::Failed { mut failures, .. }) => failures.remove(0).problem,
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_not_read() {
    let long = Router::new().route(VERSION, get(|| async { " ".repeat(5000) }));
    assert_eq!(problem_of(long).await, Problem::TooLarge { limit: 4096 });
}

#[tokio::test]
async fn an_endless_chunked_body_is_cut() {
    let endless = || async {
        Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1024]))))
    };
    assert_eq!(
        problem_of(Router::new().route(VERSION, get(endless))).await,
        Problem::TooLarge { limit: 4096 }
    );
}

#[tokio::test]
async fn an_endless_error_body_is_cut_too() {
    let endless = || async {
        let body = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1024])));
        (StatusCode::INTERNAL_SERVER_ERROR, Body::from_stream(body))
    };
    let problem = problem_of(Router::new().route(VERSION, get(endless))).await;
    assert!(matches!(problem, Problem::Status { code: 500, .. }), "{problem}");
}

#[tokio::test]
async fn a_compressed_body_counts_as_what_it_becomes() {
    // 64 KiB of spaces in 97 bytes: `gzip -9n`.
    let bomb = GZIPPED_SPACES;
    let route = get(move || async move { ([("content-encoding", "gzip")], Bytes::from_static(bomb)) });
    assert_eq!(problem_of(Router::new().route(VERSION, route)).await, Problem::TooLarge { limit: 4096 });
}

#[tokio::test]
async fn a_body_that_is_not_what_its_encoding_says_is_malformed() {
    let route = get(|| async { ([("content-encoding", "gzip")], "plain") });
    let problem = problem_of(Router::new().route(VERSION, route)).await;
    assert!(matches!(problem, Problem::Malformed(_)), "{problem}");
}

#[tokio::test]
async fn deeply_nested_json_is_refused_not_recursed_into() {
    let nested = "[".repeat(4000);
    let problem = problem_of(Router::new().route(VERSION, get(|| async { nested }))).await;
    assert!(matches!(problem, Problem::Malformed(_)), "{problem}");
}

#[tokio::test]
async fn an_error_message_is_one_short_printable_line() {
    let body = format!(r#"{{"code":500,"message":"first\n\u001b[31m{}"}}"#, "x".repeat(5000));
    let problem =
        problem_of(Router::new().route(VERSION, get(|| async { (StatusCode::BAD_GATEWAY, body) }))).await;
    let Problem::Status { message, .. } = problem else { panic!("{problem}") };
    assert!(message.len() <= 512 && !message.contains(char::is_control), "{message}");
}

fn entry(index: u64, key: PublicKeyBytes) -> Value {
    json!({ "index": index.to_string(), "balance": "32000000000", "status": "active_ongoing",
            "validator": { "pubkey": key, "slashed": false } })
}

#[tokio::test]
async fn validators_are_found_by_post_and_unknown_ones_left_out() {
    let key = PublicKeyBytes([5; 48]);
    let path = "/eth/v1/beacon/states/head/validators";
    let answer = json!({ "execution_optimistic": false, "data": [entry(17, key)] });
    let node = Node::start(Router::new().route(path, post(|| async { Json(answer) }))).await;
    let found =
        client([node.url()]).validators_by_pubkey(&[key, PublicKeyBytes([6; 48])]).await.expect("an answer");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].index, found[0].pubkey, found[0].balance),
        (ValidatorIndex(17), key, 32_000_000_000)
    );
    assert_eq!(found[0].status, ValidatorStatus::ActiveOngoing);
    let asked: Value = serde_json::from_slice(&node.requests()[0].body).expect("JSON");
    assert_eq!(asked, json!({ "ids": [key, PublicKeyBytes([6; 48])] }));
}

#[tokio::test]
async fn a_node_without_the_post_is_asked_by_gets_of_bounded_length() {
    let keys: Vec<PublicKeyBytes> = (0..100).map(|byte| PublicKeyBytes([byte; 48])).collect();
    let path = "/eth/v1/beacon/states/head/validators";
    let answer = json!({ "data": [entry(1, keys[0])] });
    let node = Node::start(Router::new().route(path, get(|| async { Json(answer) }))).await;
    let found = client([node.url()]).validators_by_pubkey(&keys).await.expect("an answer");
    assert_eq!(found.len(), 2, "one entry from each of two GETs");
    let asked = node.asked();
    assert!(
        asked[0].starts_with("POST") && asked[1..].iter().all(|line| line.starts_with("GET")),
        "{asked:?}"
    );
    assert!(asked.iter().all(|line| line.len() < 8192));
    assert_eq!(asked[1..].iter().map(|line| line.matches("id=").count()).sum::<usize>(), 100);
}

#[tokio::test]
async fn duties_come_with_the_root_they_depend_on() {
    let (key, root) = (PublicKeyBytes([5; 48]), Root([9; 32]));
    let attester = json!({ "dependent_root": root, "execution_optimistic": false, "data": [{
        "pubkey": key, "validator_index": "3", "committee_index": "1", "committee_length": "128",
        "committees_at_slot": "4", "validator_committee_index": "25", "slot": "65" }] });
    let proposer =
        json!({ "dependent_root": root, "data": [{ "pubkey": key, "validator_index": "3", "slot": "66" }] });
    let routes = Router::new()
        .route("/eth/v1/validator/duties/attester/2", post(|| async { Json(attester) }))
        .route("/eth/v1/validator/duties/proposer/2", get(|| async { Json(proposer) }));
    let node = Node::start(routes).await;
    let client = client([node.url()]);
    let duties = client.attester_duties(Epoch(2), &[ValidatorIndex(3)]).await.expect("an answer");
    assert_eq!((duties.dependent_root, duties.data[0].slot), (root, Slot(65)));
    assert_eq!(node.requests()[0].body, r#"["3"]"#);
    let duties = client.proposer_duties(Epoch(2)).await.expect("an answer");
    assert_eq!((duties.dependent_root, duties.data[0].slot), (root, Slot(66)));
}

#[tokio::test]
async fn metrics_have_the_names_dashboards_ask_for() {
    let node = Node::start(Router::new()).await;
    let mut registry = Registry::default();
    let client = beacon::Client::new(config([node.url()]), &mut registry).expect("a usable configuration");
    client.genesis().await.expect("an answer");
    client.version().await.expect_err("no such route");
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("metrics are text");
    for line in [
        "app_eth2_requests_total{endpoint=\"genesis\"} 1",
        "app_eth2_errors_total{endpoint=\"node_version\"} 1",
        "app_eth2_latency_seconds_count{endpoint=\"node_version\"} 1",
        "app_eth2_using_fallback 0",
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
}

#[rustfmt::skip]
const GZIPPED_SPACES: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x81, 0x00, 0x00, 0x00, 0x00, 0x80, 0x20, 0x95,
    0xfd, 0x29, 0x17, 0xa9, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x6a, 0x94, 0x19, 0x2c, 0xb4, 0x00, 0x00, 0x01, 0x00,
];
