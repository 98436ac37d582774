//! What goes through to a beacon node, streaming both ways, and events that outlive it.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use beacon::ClientConfig;
use beacon::server::ServerConfig;
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::sync::{mpsc, watch};

use crate::backend::{Api, refusal};
use crate::client_events::streaming;
use crate::node::{Node, client, client_with, config, nobody};

const REWARDS: &str = "/eth/v1/beacon/rewards/attestations/3";

#[tokio::test]
async fn request_and_answer_go_through_unchanged_but_for_the_connection() {
    let echo = |request: Request| async move {
        let (head, body) = request.into_parts();
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::ACCEPTED;
        response.headers_mut().insert("content-type", head.headers["content-type"].clone());
        response.headers_mut().insert("x-seen-accept", head.headers["accept"].clone());
        response.headers_mut().insert("keep-alive", "timeout=5".parse().expect("a value"));
        response
    };
    let node = Node::start(Router::new().route(REWARDS, post(echo))).await;
    let api = Api::start(client([node.url()])).await;
    let request = api.post(&format!("{REWARDS}?a=%2F&b"), "application/json").header("accept", "x/y");
    let response = request.basic_auth("vc", Some("secret")).body("[\"1\"]").send().await.expect("an answer");
    assert_eq!(
        (response.status(), &response.headers()["x-seen-accept"]),
        (StatusCode::ACCEPTED, &"x/y".parse().expect("a value"))
    );
    assert!(!response.headers().contains_key("keep-alive"));
    assert_eq!(response.text().await.expect("a body"), "[\"1\"]");
    let asked = node.requests().remove(0);
    assert_eq!(asked.line, format!("POST {REWARDS}?a=%2F&b"));
    assert!(!asked.headers.contains_key("authorization"), "credentials meant for us stay here");
    assert_eq!(asked.headers["host"].to_str().expect("text"), node.address.to_string());
}

#[tokio::test]
async fn a_compressed_answer_goes_through_as_it_is() {
    let squeezed = || async {
        ([("content-encoding", "gzip"), ("content-type", "application/json")], "not really gzip")
    };
    let node = Node::start(Router::new().route(REWARDS, get(squeezed))).await;
    let api = Api::start(client([node.url()])).await;
    let response =
        api.http.get(api.url(REWARDS)).header("accept-encoding", "gzip").send().await.expect("an answer");
    assert_eq!(response.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn a_large_body_streams_through_both_ways() {
    let echo = |body: Body| async move { Body::from_stream(body.into_data_stream()) };
    let node = Node::start(Router::new().route("/eth/v1/debug/echo", any(echo))).await;
    let api = Api::start(client([node.url()])).await;
    let chunks = (0..96u8).map(|byte| Ok::<_, Infallible>(Bytes::from(vec![byte; 64 << 10])));
    let request =
        api.http.post(api.url("/eth/v1/debug/echo")).body(reqwest::Body::wrap_stream(stream::iter(chunks)));
    let back = request.send().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(back.len(), 96 * (64 << 10));
    assert!(back.chunks(64 << 10).zip(0..96).all(|(chunk, byte)| chunk.iter().all(|found| *found == byte)));
}

#[tokio::test]
async fn an_answer_arrives_before_it_is_complete() {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, Infallible>>(1);
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let handler = move || async move {
        let receiver = receiver.lock().expect("no panic").take().expect("asked once");
        Body::from_stream(stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|item| (item, receiver))
        }))
    };
    let node = Node::start(Router::new().route("/eth/v2/debug/state", get(handler))).await;
    let api = Api::start(client([node.url()])).await;
    let response = api.get("/eth/v2/debug/state").await;
    let mut body = response.bytes_stream();
    for part in ["one", "two"] {
        sender.send(Ok(Bytes::from(part))).await.expect("someone listens");
        assert_eq!(body.next().await.expect("a part").expect("no error"), part);
    }
    drop(sender);
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn an_answer_that_stalls_is_cut_off() {
    let stalling = || async {
        let begin = stream::once(async { Ok::<_, Infallible>(Bytes::from("begin")) });
        Body::from_stream(begin.chain(stream::pending()))
    };
    let node = Node::start(Router::new().route("/eth/v2/debug/state", get(stalling))).await;
    let config = ClientConfig { idle_timeout: Duration::from_millis(50), ..config([node.url()]) };
    let api = Api::start(client_with(config)).await;
    api.get("/eth/v2/debug/state").await.bytes().await.expect_err("never complete");
}

#[tokio::test]
async fn an_event_stream_does_not_keep_the_server_from_shutting_down() {
    let node = Node::start(streaming(&["event: head\ndata: 1\n\n"], true)).await;
    let brief = ServerConfig { drain_timeout: Duration::from_millis(10), ..ServerConfig::default() };
    let api = Api::start_with(client([node.url()]), brief).await;
    let mut body = api.get("/eth/v1/events?topics=head").await.bytes_stream();
    body.next().await.expect("an event").expect("no error");
    api.stop().await;
    while let Some(Ok(_)) = body.next().await {}
}

#[tokio::test]
async fn a_request_goes_to_the_next_node_when_the_first_one_fails() {
    let broken = Node::start(Router::new().route(REWARDS, post(|| async { StatusCode::BAD_GATEWAY }))).await;
    let sound = Node::start(Router::new().route(REWARDS, post(|| async { "ok" }))).await;
    let api = Api::start(client([nobody().await, broken.url(), sound.url()])).await;
    let response = api.post(REWARDS, "application/json").body("[]").send().await.expect("an answer");
    assert_eq!(response.text().await.expect("a body"), "ok");
    assert_eq!(
        (broken.requests()[0].body.clone(), sound.requests()[0].body.clone()),
        ("[]".into(), "[]".into())
    );
}

#[tokio::test]
async fn what_a_plain_node_does_not_support_is_passed_on_as_such() {
    let unsupported = || async {
        (StatusCode::NOT_IMPLEMENTED, "Only supported by distributed validator middleware clients")
    };
    let path = "/eth/v1/validator/something_new";
    let node = Node::start(Router::new().route(path, post(unsupported))).await;
    let api = Api::start(client([node.url()])).await;
    let response = api.post(path, "application/json").body("[]").send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
}

#[tokio::test]
async fn without_any_node_there_is_an_error_that_says_so() {
    let dead = nobody().await;
    let api = Api::start(client([dead.clone()])).await;
    for path in
        [REWARDS, "/eth/v1/node/syncing", "/eth/v1/config/spec", "/eth/v1/validator/duties/proposer/1"]
    {
        let (status, body) = refusal(api.get(path).await).await;
        assert_eq!(status, 502);
        assert!(body.message.contains(dead.as_str().trim_end_matches('/')), "{}", body.message);
    }
}

#[tokio::test]
async fn a_path_that_climbs_out_of_the_endpoint_is_not_forwarded() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let node = Node::start(Router::new()).await;
    let mut url = node.url();
    url.set_path("/key");
    let api = Api::start(client([url])).await;
    let mut stream = tokio::net::TcpStream::connect(api.address).await.expect("it listens");
    let request = b"GET /../admin HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(node.asked().iter().all(|line| !line.contains("admin")), "{:?}", node.asked());
}

#[tokio::test]
async fn the_event_stream_carries_on_at_another_node_without_a_break() {
    let first = Node::start(streaming(&["event: head\ndata: {\"slot\":\"1\"}\n\n"], false)).await;
    let second = Node::start(streaming(&["event: head\ndata: {\"slot\":\"2\"}\n\n"], true)).await;
    let api = Api::start(client([first.url(), second.url()])).await;
    let response = api.get("/eth/v1/events?topics=head&topics=block").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    let mut body = response.bytes_stream();
    while !text.contains("\"2\"") {
        let chunk = tokio::time::timeout(Duration::from_secs(20), body.next()).await.expect("events come");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("it goes on").expect("no error")));
    }
    assert_eq!(text, "event: head\ndata: {\"slot\":\"1\"}\n\nevent: head\ndata: {\"slot\":\"2\"}\n\n");
    assert_eq!(second.asked(), ["GET /eth/v1/events?topics=head%2Cblock"]);
}

#[tokio::test]
async fn the_event_stream_starts_even_when_no_node_is_in_reach() {
    let api = Api::start(client([nobody().await])).await;
    let response = api.get("/eth/v1/events?topics=head").await;
    assert_eq!(response.status(), StatusCode::OK, "some clients give up for good on an error");
}

#[tokio::test]
async fn the_event_stream_starts_before_a_node_that_answers_with_its_first_event_only() {
    let (release, held) = watch::channel(false);
    let late = move || {
        let mut held = held.clone();
        async move {
            held.wait_for(|released| *released).await.expect("the test goes on");
            ([("content-type", "text/event-stream")], "event: head\ndata: {}\n\n")
        }
    };
    let node = Node::start(Router::new().route("/eth/v1/events", get(late))).await;
    let config = ServerConfig { request_timeout: Duration::from_secs(1), ..ServerConfig::default() };
    let api = Api::start_with(client([node.url()]), config).await;
    let response = api.get("/eth/v1/events?topics=head").await;
    assert_eq!(response.status(), StatusCode::OK);
    release.send(true).expect("the node waits");
    let event = response.bytes_stream().next().await.expect("an event").expect("no error");
    assert_eq!(event, "event: head\ndata: {}\n\n");
}

#[tokio::test]
async fn topics_nobody_knows_are_refused() {
    let refuse =
        || async { (StatusCode::BAD_REQUEST, r#"{"code":400,"message":"no such topic"}"#).into_response() };
    let node = Node::start(Router::new().route("/eth/v1/events", get(refuse))).await;
    let api = Api::start(client([node.url()])).await;
    let (status, body) = refusal(api.get("/eth/v1/events?topics=tails").await).await;
    assert_eq!(status, 400);
    assert!(body.message.contains("no such topic"), "{}", body.message);
    for path in ["/eth/v1/events", "/eth/v1/events?topics=a%0Ab"] {
        assert_eq!(refusal(api.get(path).await).await.0, 400);
    }
}
