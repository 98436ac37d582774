//! Which endpoint is asked, and what happens when it fails.

use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::get;
use beacon::{ClientConfig, Error, Problem};
use eth::{CommitteeIndex, Root, Slot, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::node::{Node, client, client_with, config, nobody};

const VERSION: &str = "/eth/v1/node/version";

async fn named(name: &'static str) -> Node {
    let answer = format!(r#"{{"data":{{"version":"{name}"}}}}"#);
    Node::start(Router::new().route(VERSION, get(|| async { answer }))).await
}

async fn failing(status: StatusCode) -> Node {
    Node::start(Router::new().route(VERSION, get(move || async move { status }))).await
}

/// How often it was asked what the tests ask; looks at its health do not count.
fn questions(node: &Node) -> usize {
    node.asked().iter().filter(|line| line.ends_with(VERSION)).count()
}

async fn silent() -> Node {
    Node::start(Router::new().route(VERSION, get(pending::<()>))).await
}

#[tokio::test]
async fn a_healthy_first_endpoint_is_the_only_one_asked() {
    let (first, second) = (named("first").await, named("second").await);
    let client = client([first.url(), second.url()]);
    for _ in 0..3 {
        assert_eq!(client.version().await.expect("an answer"), "first");
    }
    assert_eq!(second.asked(), [""; 0]);
}

#[tokio::test]
async fn a_refused_connection_costs_nothing_but_the_next_question() {
    let second = named("second").await;
    let client = client([nobody().await, second.url()]);
    assert_eq!(client.version().await.expect("an answer"), "second");
}

#[tokio::test]
async fn an_endpoint_that_failed_is_asked_last() {
    let (first, second) = (failing(StatusCode::INTERNAL_SERVER_ERROR).await, named("second").await);
    let client = client([first.url(), second.url()]);
    for _ in 0..3 {
        assert_eq!(client.version().await.expect("an answer"), "second");
    }
    assert_eq!(questions(&first), 1);
}

#[tokio::test]
async fn a_silent_endpoint_costs_our_patience_once() {
    let (first, second) = (silent().await, named("second").await);
    let patience = Duration::from_millis(50);
    let client = client_with(ClientConfig { patience, ..config([first.url(), second.url()]) });
    for _ in 0..3 {
        assert_eq!(client.version().await.expect("an answer"), "second");
    }
    assert_eq!(questions(&first), 1, "it was given up for the one that answers");
}

#[tokio::test]
async fn a_slow_answer_wins_when_the_others_fail() {
    let (first, second) = (named("first").await, failing(StatusCode::BAD_GATEWAY).await);
    let client =
        client_with(ClientConfig { patience: Duration::ZERO, ..config([first.url(), second.url()]) });
    assert_eq!(client.version().await.expect("an answer"), "first");
}

#[tokio::test]
async fn when_all_fail_each_is_named_with_its_problem_and_a_remedy() {
    let (dead, ill, slow) = (nobody().await, failing(StatusCode::SERVICE_UNAVAILABLE).await, silent().await);
    let limits = config([dead.clone(), ill.url(), slow.url()]);
    let client = client_with(ClientConfig { timeout: Duration::from_millis(200), ..limits });
    let error = client.version().await.expect_err("nobody answers well");
    let text = error.to_string();
    for endpoint in [dead, ill.url(), slow.url()] {
        assert!(text.contains(endpoint.as_str().trim_end_matches('/')), "{text}");
    }
    assert!(text.contains("answered 503; see its log") && text.contains("check that it runs"), "{text}");
    assert!(text.contains("gave no answer within 200ms"), "{text}");
}

#[tokio::test]
async fn answers_that_are_no_beacon_api_make_the_next_endpoint_asked() {
    let elsewhere = Redirect::permanent("http://127.0.0.1:1/");
    let strange = [
        Router::new().route(VERSION, get(|| async { Html("<html>It works!</html>") })),
        Router::new().route(VERSION, get(|| async { r#"{"data":{"version":7}}"# })),
        Router::new().route(VERSION, get(|| async { r#"{"data":"# })),
        Router::new()
            .route(VERSION, get(|| async { ([("content-type", "application/octet-stream")], "{}") })),
        Router::new().route(VERSION, get(|| async { elsewhere })),
        Router::new(),
    ];
    for routes in strange {
        let (first, second) = (Node::start(routes).await, named("second").await);
        let client = client([first.url(), second.url()]);
        assert_eq!(client.version().await.expect("an answer"), "second");
        assert_eq!(questions(&first), 1, "it was asked");
    }
}

#[tokio::test]
async fn an_html_page_is_called_by_its_name() {
    let page = Node::start(Router::new().route(VERSION, get(|| async { Html("<html>") }))).await;
    let text = client([page.url()]).version().await.expect_err("a web page").to_string();
    assert!(text.contains("text/html") && text.contains("check that the URL is a beacon node's"), "{text}");
}

#[tokio::test]
async fn attestation_data_of_another_slot_is_refused() {
    let answer = |slot: u64| {
        let root = Root([slot as u8; 32]);
        let text = format!(
            r#"{{"data":{{"slot":"{slot}","index":"0","beacon_block_root":"{root}","source":{{"epoch":"0","root":"{root}"}},"target":{{"epoch":"1","root":"{root}"}}}}}}"#
        );
        Router::new().route("/eth/v1/validator/attestation_data", get(|| async { text }))
    };
    let (stale, fresh) = (Node::start(answer(8)).await, Node::start(answer(9)).await);
    let client = client([stale.url(), fresh.url()]);
    let data = client.attestation_data(Slot(9), CommitteeIndex(3)).await.expect("the second one is right");
    assert_eq!(data.beacon_block_root, Root([9; 32]));
    assert_eq!(fresh.asked(), ["GET /eth/v1/validator/attestation_data?slot=9&committee_index=3"]);
}

#[tokio::test]
async fn an_endpoint_of_another_network_is_refused_and_named() {
    let foreign = Node::start_on_network(
        Router::new().route(VERSION, get(|| async { r#"{"data":{"version":"foreign"}}"# })),
        "0x90000069",
    )
    .await;
    let home = named("home").await;
    let ours = Some(Version([0, 0, 0, 1]));
    let both = config([foreign.url(), home.url()]);
    let client = client_with(ClientConfig { genesis_fork_version: ours, ..both });
    assert_eq!(client.version().await.expect("the other one"), "home");
    assert_eq!(foreign.asked(), [""; 0], "it is asked for its genesis only");

    let only = config([foreign.url()]);
    let client = client_with(ClientConfig { genesis_fork_version: ours, ..only });
    let error = client.version().await.expect_err("no endpoint of our network");
    let Error::Failed { failures, .. } = &error else { panic!("{error}") };
    assert!(matches!(failures[0].problem, Problem::ForeignNetwork { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("0x90000069") && text.contains("0x00000001") && text.contains("cluster's network"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_configured_network_the_first_answer_sets_it() {
    let home = named("home").await;
    let foreign = Node::start_on_network(Router::new(), "0x90000069").await;
    let client = client([home.url(), foreign.url()]);
    assert_eq!(client.genesis().await.expect("the first one's").genesis_fork_version, Version([0, 0, 0, 1]));
    client.submit_attestations(eth::Fork::Fulu, &[Default::default()]).await.expect_err("nobody takes them");
    assert_eq!(foreign.asked(), [""; 0], "nothing is submitted to another network");
}

#[tokio::test]
async fn a_node_in_sync_is_preferred_to_one_that_is_catching_up() {
    let status = |syncing: bool| {
        let text = format!(r#"{{"data":{{"head_slot":"5","sync_distance":"64","is_syncing":{syncing}}}}}"#);
        Router::new()
            .route("/eth/v1/node/syncing", get(|| async { text }))
            .route(VERSION, get(move || async move { format!(r#"{{"data":{{"version":"{syncing}"}}}}"#) }))
    };
    let (behind, ready) = (Node::start(status(true)).await, Node::start(status(false)).await);
    let client = client([behind.url(), ready.url()]);
    assert!(!client.syncing().await.expect("one is ready").is_syncing);
    assert_eq!(client.version().await.expect("an answer"), "false", "questions go to the one in sync");

    let alone = crate::node::client([behind.url()]);
    assert!(alone.syncing().await.expect("it answers").is_syncing, "better than no answer");
}

#[tokio::test]
async fn an_unknown_block_is_no_error_but_a_failure_is() {
    let empty = Node::start(Router::new()).await;
    let root = Root([7; 32]);
    assert_eq!(client([empty.url()]).block_header(root).await.expect("404 is an answer"), None);
    let client = client([empty.url(), nobody().await]);
    client.block_header(root).await.expect_err("the dead one might know it");
}

#[tokio::test]
async fn credentials_go_into_a_header_and_into_no_message() {
    let node = named("home").await;
    let mut url = node.url();
    url.set_username("user").expect("an http URL");
    url.set_password(Some("hunter 2")).expect("an http URL");
    let headers = vec![("X-Api-Key".to_owned(), "abc".to_owned())];
    let client = client_with(ClientConfig { headers, ..config([url.clone()]) });
    client.version().await.expect("an answer");
    let asked = node.requests();
    assert_eq!(asked[0].headers["authorization"], "Basic dXNlcjpodW50ZXIgMg==");
    assert_eq!(asked[0].headers["x-api-key"], "abc");
    let error = client.head_root().await.expect_err("no such route").to_string();
    assert!(!error.contains("user:") && !error.contains("hunter"), "{error}");
    assert!(!format!("{client:?}").contains("hunter"));
}

#[tokio::test]
async fn a_kept_connection_closed_under_a_request_costs_one_more_try() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound socket")).parse().expect("a URL");
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.expect("a request");
            // Every other connection is closed as soon as it is used.
            if connection % 2 == 1 {
                let body = answer_to(&String::from_utf8_lossy(&request[..read]));
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await.expect("someone reads");
            }
        }
    });
    assert_eq!(client([url]).version().await.expect("an answer at the second try"), "patched");
}

fn answer_to(request: &str) -> String {
    if request.starts_with("GET /eth/v1/beacon/genesis") {
        let root = Root([1; 32]);
        format!(
            r#"{{"data":{{"genesis_time":"1","genesis_validators_root":"{root}","genesis_fork_version":"0x00000001"}}}}"#
        )
    } else {
        r#"{"data":{"version":"patched"}}"#.to_owned()
    }
}
