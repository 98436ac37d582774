//! Who earns the fees must be known to every beacon node: each acknowledges for itself.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use beacon::api::ProposerPreparation;
use beacon::{ClientConfig, Problem};
use eth::{Address, SignatureBytes, SignedValidatorRegistration, ValidatorIndex, ValidatorRegistration};
use serde_json::{Value, json};

use crate::node::{Node, client, client_with, config, nobody};

const PREPARE: &str = "/eth/v1/validator/prepare_beacon_proposer";
const REGISTER: &str = "/eth/v1/validator/register_validator";
const VERSION: &str = "/eth/v1/node/version";

fn preparation() -> ProposerPreparation {
    ProposerPreparation { validator_index: ValidatorIndex(7), fee_recipient: Address([0xfe; 20]) }
}

async fn answering(path: &str, status: StatusCode) -> Node {
    Node::start(Router::new().route(path, post(move || async move { status }))).await
}

#[tokio::test]
async fn each_beacon_node_acknowledges_for_itself() {
    let good = answering(PREPARE, StatusCode::OK).await;
    let (ill, dead) = (answering(PREPARE, StatusCode::INTERNAL_SERVER_ERROR).await, nobody().await);
    let silent = Node::start(Router::new().route(PREPARE, post(pending::<()>))).await;
    let foreign = Node::start_on_network(Router::new().route(PREPARE, post(|| async {})), "0x90000069").await;
    let endpoints = [good.url(), ill.url(), dead, silent.url(), foreign.url()];
    let brief = ClientConfig { submit_timeout: Duration::from_millis(500), ..config(endpoints) };
    let client =
        client_with(ClientConfig { genesis_fork_version: Some(eth::Version([0, 0, 0, 1])), ..brief });
    let acknowledged = client.prepare_beacon_proposer(&[preparation()]).await;
    let names: Vec<_> = acknowledged.iter().map(|(endpoint, _)| endpoint.clone()).collect();
    assert_eq!(names, client.endpoints(), "one entry for each, in the configured order");
    let results: Vec<_> = acknowledged.into_iter().map(|(_, result)| result).collect();
    assert_eq!(results[0], Ok(()));
    assert!(matches!(results[1], Err(Problem::Status { code: 500, .. })), "{results:?}");
    assert!(matches!(results[2], Err(Problem::Unreachable(_))), "{results:?}");
    assert!(matches!(results[3], Err(Problem::TimedOut(_))), "{results:?}");
    assert!(matches!(results[4], Err(Problem::ForeignNetwork { .. })), "{results:?}");
    let body: Value = serde_json::from_slice(&good.requests()[0].body).expect("JSON");
    let recipient = format!("0x{}", "fe".repeat(20));
    assert_eq!(body, json!([{ "validator_index": "7", "fee_recipient": recipient }]));
}

#[tokio::test]
async fn telling_again_reaches_the_one_that_failed() {
    let late = answering(PREPARE, StatusCode::SERVICE_UNAVAILABLE).await;
    let good = answering(PREPARE, StatusCode::OK).await;
    let client = client([late.url(), good.url()]);
    for told in 1..=2 {
        let acknowledged = client.prepare_beacon_proposer(&[preparation()]).await;
        assert_eq!(acknowledged.iter().map(|(_, result)| result.is_ok()).collect::<Vec<_>>(), [false, true]);
        let prepared = |node: &Node| node.asked().iter().filter(|line| line.ends_with(PREPARE)).count();
        assert_eq!((prepared(&late), prepared(&good)), (told, told));
    }
}

#[tokio::test]
async fn registrations_go_to_every_beacon_node_and_one_without_builders_is_not_ill() {
    let named =
        |name: &'static str| get(move || async move { format!(r#"{{"data":{{"version":"{name}"}}}}"#) });
    let refusing = post(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "no builder") });
    let without = Node::start(Router::new().route(REGISTER, refusing).route(VERSION, named("without"))).await;
    let with =
        Node::start(Router::new().route(REGISTER, post(|| async {})).route(VERSION, named("with"))).await;
    let client = client([without.url(), with.url()]);
    let message = ValidatorRegistration { gas_limit: 60_000_000, timestamp: 9, ..Default::default() };
    let registration = SignedValidatorRegistration { message, signature: SignatureBytes([3; 96]) };
    client.register_validators(&[registration]).await.expect("one has builders");
    let body: Value = serde_json::from_slice(&with.requests()[0].body).expect("JSON");
    assert_eq!(body, json!([registration]));
    assert_eq!(body[0]["message"]["gas_limit"], "60000000");
    assert_eq!(without.requests()[0].body, with.requests()[0].body, "both were told");
    assert_eq!(client.version().await.expect("an answer"), "without", "it is still asked first");
    let alone = crate::node::client([without.url()]);
    let text = alone.register_validators(&[registration]).await.expect_err("nobody took it").to_string();
    assert!(text.contains("no builder"), "{text}");
}
