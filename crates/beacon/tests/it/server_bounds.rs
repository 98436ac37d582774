//! What is too large, too slow or too much.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use beacon::api::{BLOCK_BODY_MAX, LIST_BODY_MAX, LIST_ITEMS_MAX};
use beacon::server::ServerConfig;
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::backend::{Api, refusal};
use crate::node::{Node, client};

const POOL: &str = "/eth/v2/beacon/pool/attestations";

async fn api(config: ServerConfig) -> (Node, Api) {
    let node = Node::start(Router::new()).await;
    let api = Api::start_with(client([node.url()]), config).await;
    (node, api)
}

/// What a raw connection answers until it is closed.
async fn raw(api: &Api, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(api.address).await.expect("it listens");
    stream.write_all(request).await.expect("it reads");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    read.expect("it closes").expect("it closes in order");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn bodies_beyond_their_limit_are_413() {
    let (_node, api) = api(ServerConfig::default()).await;
    let list = vec![b' '; LIST_BODY_MAX + 1];
    let response = api.post(POOL, "application/json").body(list).send().await.expect("an answer");
    let (status, body) = refusal(response).await;
    assert_eq!(status, 413);
    assert!(body.message.contains("8388608"), "{}", body.message);
    let block = vec![0; BLOCK_BODY_MAX + 1];
    let request = api.post("/eth/v2/beacon/blocks", "application/octet-stream").body(block);
    assert_eq!(refusal(request.send().await.expect("an answer")).await.0, 413);
}

#[tokio::test]
async fn more_items_than_a_list_may_have_are_413() {
    let (_node, api) = api(ServerConfig::default()).await;
    let list = format!("[{}0]", "0,".repeat(LIST_ITEMS_MAX));
    let response = api.post(POOL, "application/json").body(list).send().await.expect("an answer");
    let (status, body) = refusal(response).await;
    assert_eq!(status, 413);
    assert!(body.message.contains("65537 attestations"), "{}", body.message);
}

/// JSON of the largest block there can be: see [`BLOCK_BODY_MAX`].
#[test]
fn the_largest_block_fits() {
    let blob = 2 * 131_072 + r#""0x","#.len();
    let proofs = 128 * (2 * 48 + r#""0x","#.len());
    let block = 2 * (10 << 20);
    assert!(block + 72 * (blob + proofs) + 4096 < BLOCK_BODY_MAX);
    assert_eq!(beacon::client::Limits::BLOCK, BLOCK_BODY_MAX, "what is read can be submitted");
}

#[tokio::test]
async fn a_body_that_never_ends_is_not_waited_for() {
    let (_node, api) =
        api(ServerConfig { body_timeout: Duration::from_millis(50), ..Default::default() }).await;
    let body = reqwest::Body::wrap_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let response = api.post(POOL, "application/json").body(body).send().await.expect("an answer");
    assert_eq!(refusal(response).await.0, 408);
}

#[tokio::test]
async fn headers_beyond_their_limit_are_431() {
    let (_node, api) = api(ServerConfig::default()).await;
    let long =
        format!("GET /eth/v1/node/version HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "x".repeat(500_000));
    let answer = raw(&api, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = format!("GET /eth/v1/node/version HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(200));
    let answer = raw(&api, many.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let (_node, api) =
        api(ServerConfig { idle_timeout: Duration::from_millis(50), ..Default::default() }).await;
    let answer = raw(&api, b"GET /eth/v1/node/version HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn garbage_is_400() {
    let (_node, api) = api(ServerConfig::default()).await;
    let answer = raw(&api, b"\x16\x03\x01\x02\x00\x01\x00 TLS to a plain port\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn a_connection_in_use_keeps_its_place_and_others_wait() {
    let (_node, api) = api(ServerConfig { connections_max: 1, ..Default::default() }).await;
    let mut events = TcpStream::connect(api.address).await.expect("it listens");
    events.write_all(b"GET /eth/v1/events?topics=head HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it reads");
    events.read_exact(&mut [0; 12]).await.expect("it is served");
    let request = b"GET /eth/v1/node/version HTTP/1.1\r\nhost: a\r\n\r\n";
    let mut second = TcpStream::connect(api.address).await.expect("the system accepts for it");
    second.write_all(request).await.expect("the system buffers");
    let mut answered = tokio::spawn(async move { second.read_exact(&mut [0; 12]).await.map(|_| ()) });
    let early = tokio::time::timeout(Duration::from_millis(50), &mut answered).await;
    assert!(early.is_err(), "no room yet");
    drop(events);
    let late = tokio::time::timeout(Duration::from_secs(20), answered).await.expect("now there is room");
    late.expect("no panic").expect("served");
}

#[tokio::test]
async fn connections_that_are_only_open_keep_nobody_out() {
    let (_node, api) = api(ServerConfig { connections_max: 50, ..Default::default() }).await;
    let mut idle = Vec::new();
    for _ in 0..120 {
        idle.push(TcpStream::connect(api.address).await.expect("the system accepts"));
    }
    assert_eq!(api.get("/eth/v1/node/version").await.status(), 200);
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_cut_off() {
    let (open, closed) = tokio::sync::oneshot::channel::<()>();
    let open = Arc::new(Mutex::new(Some(open)));
    let endless = move || async move {
        let open = open.lock().expect("no panic").take();
        let chunks = stream::repeat_with(move || {
            let _held = &open;
            Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 64 << 10]))
        });
        Body::from_stream(chunks)
    };
    let node = Node::start(Router::new().route("/eth/v2/debug/state", get(endless))).await;
    let config = ServerConfig { write_timeout: Duration::from_millis(50), ..Default::default() };
    let api = Api::start_with(client([node.url()]), config).await;
    let mut stream = TcpStream::connect(api.address).await.expect("it listens");
    stream.write_all(b"GET /eth/v2/debug/state HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it reads");
    let ended = tokio::time::timeout(Duration::from_secs(20), closed).await;
    ended.expect("it is not kept for ever").expect_err("the answer was dropped");
    drop(stream);
}

#[tokio::test]
async fn bodies_beyond_what_fits_in_memory_are_503_until_others_are_done() {
    let (_node, api) = api(ServerConfig { bodies_max: 1 << 20, ..Default::default() }).await;
    let begin = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 700 << 10]))]);
    let stalled = reqwest::Body::wrap_stream(begin.chain(stream::pending()));
    let stalled = tokio::spawn(api.post(POOL, "application/json").body(stalled).send());
    let send = || async {
        let body = format!("[{}]", " ".repeat(700 << 10));
        api.post(POOL, "application/json").body(body).send().await.expect("an answer").status()
    };
    let until = async |status: u16| while send().await != status {};
    tokio::time::timeout(Duration::from_secs(20), until(503)).await.expect("too much in the end");
    stalled.abort();
    tokio::time::timeout(Duration::from_secs(20), until(200)).await.expect("room again in the end");
}

#[test]
fn an_idle_connection_outlives_several_slots() {
    let slot = Duration::from_secs(12);
    assert!(ServerConfig::default().idle_timeout >= 5 * slot, "a client reuses its connection slots later");
}
