//! The event stream outlives the endpoints that offer it.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use beacon::client::{EventItem, Events};
use beacon::{ClientConfig, Problem};
use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::node::{Node, client, client_with, config};

/// A stream that sends `chunks` and then ends, or stays open.
pub(crate) fn streaming(chunks: &'static [&'static str], stays_open: bool) -> Router {
    let handler = move || async move {
        let sent =
            stream::iter(chunks).map(|chunk| Ok::<_, Infallible>(Bytes::from_static(chunk.as_bytes())));
        let body = if stays_open {
            Body::from_stream(sent.chain(stream::pending()))
        } else {
            Body::from_stream(sent)
        };
        ([("content-type", "text/event-stream")], body).into_response()
    };
    Router::new().route("/eth/v1/events", get(handler))
}

async fn next(events: &mut Events) -> EventItem {
    let item = tokio::time::timeout(Duration::from_secs(20), events.next()).await;
    item.expect("something happens").expect("the stream never ends")
}

fn event(name: &str, data: &str) -> EventItem {
    EventItem::Event { name: name.to_owned(), data: data.to_owned() }
}

#[tokio::test]
async fn events_arrive_however_they_are_cut() {
    let node = Node::start(streaming(
        &["event: he", "ad\nda", "ta: {}\n", "\n: comment\n\nevent: block\ndata: 1\n\n"],
        true,
    ))
    .await;
    let mut events = client([node.url()]).events(&["head", "block"]);
    assert!(matches!(next(&mut events).await, EventItem::Connected { .. }));
    assert_eq!(next(&mut events).await, event("head", "{}"));
    assert_eq!(next(&mut events).await, event("block", "1"));
    assert_eq!(node.asked(), ["GET /eth/v1/events?topics=head%2Cblock"]);
}

#[tokio::test]
async fn a_dropped_stream_is_reported_and_taken_up_at_the_next_endpoint() {
    let first = Node::start(streaming(&["event: head\ndata: 1\n\n"], false)).await;
    let second = Node::start(streaming(&["event: head\ndata: 2\n\n"], true)).await;
    let mut events = client([first.url(), second.url()]).events(&["head"]);
    assert!(matches!(next(&mut events).await, EventItem::Connected { .. }));
    assert_eq!(next(&mut events).await, event("head", "1"));
    let EventItem::Gap(failure) = next(&mut events).await else { panic!("the gap is told") };
    assert!(first.url().as_str().starts_with(&failure.endpoint));
    let EventItem::Connected { endpoint } = next(&mut events).await else { panic!("connected again") };
    assert!(second.url().as_str().starts_with(&endpoint));
    assert_eq!(next(&mut events).await, event("head", "2"));
}

#[tokio::test]
async fn the_only_endpoint_is_asked_again_after_a_pause() {
    let node = Node::start(streaming(&["event: head\ndata: 1\n\n"], false)).await;
    let mut events = client([node.url()]).events(&["head"]);
    for _ in 0..3 {
        assert!(matches!(next(&mut events).await, EventItem::Connected { .. }));
        assert_eq!(next(&mut events).await, event("head", "1"));
        assert!(matches!(next(&mut events).await, EventItem::Gap(_)));
    }
}

#[tokio::test]
async fn a_stream_that_went_silent_is_given_up() {
    let node = Node::start(streaming(&[], true)).await;
    let idle_timeout = Duration::from_millis(50);
    let client = client_with(ClientConfig { idle_timeout, ..config([node.url()]) });
    let mut events = client.events(&["head"]);
    // On a busy machine a connection takes longer than the stream may be silent, and is tried again.
    while !matches!(next(&mut events).await, EventItem::Connected { .. }) {}
    let EventItem::Gap(failure) = next(&mut events).await else { panic!("the gap is told") };
    assert_eq!(failure.problem, Problem::TimedOut(idle_timeout));
}

#[tokio::test]
async fn an_endless_event_is_a_problem_not_a_memory_leak() {
    let handler = || async {
        Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096]))))
    };
    let node = Node::start(Router::new().route("/eth/v1/events", get(handler))).await;
    let mut events = client([node.url()]).events(&["head"]);
    assert!(matches!(next(&mut events).await, EventItem::Connected { .. }));
    let EventItem::Gap(failure) = next(&mut events).await else { panic!("the gap is told") };
    assert!(matches!(failure.problem, Problem::TooLarge { .. }), "{failure}");
}

#[tokio::test]
async fn an_endpoint_that_refuses_the_topics_is_named_with_its_words() {
    let refusal = || async { (StatusCode::BAD_REQUEST, r#"{"code":400,"message":"unknown topic"}"#) };
    let node = Node::start(Router::new().route("/eth/v1/events", get(refusal))).await;
    let mut events = client([node.url()]).events(&["tails"]);
    let EventItem::Gap(failure) = next(&mut events).await else { panic!("refused") };
    assert!(failure.to_string().contains("unknown topic"), "{failure}");
}
