//! The event stream: a beacon node's, carried on to another beacon node without the validator client noticing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::uri::Uri;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::unfold;
use futures::{Stream, StreamExt};
use tokio::time::timeout;

use super::request::Query;
use super::{ApiError, App, Backend};
use crate::client::{EventItem, Events, encode_event};
use crate::error::Problem;

/// A comment goes out when there was no event for so long, so that both sides notice a dead connection.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// The part of a request's time after which the stream starts without a beacon node's answer.
const PATIENCE: u32 = 8;
const TOPICS_MAX: usize = 32;

/// `GET /eth/v1/events?topics=…`
///
/// Clients give up for good on some error answers, so there is one only when the request itself is wrong: when a beacon
/// node refuses it. With no beacon node in reach the stream starts all the same, and events follow later; so it does
/// with one that answers only with its first event, which is long in coming before genesis.
pub(crate) async fn events<B: Backend>(
    State(app): State<Arc<App<B>>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let topics = topics(&uri)?;
    let mut events = app.client.events(&topics);
    let connected = connect(&mut events, app.client.endpoints().len());
    timeout(app.config.request_timeout / PATIENCE, connected).await.unwrap_or(Ok(()))?;
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(frames(events))).into_response())
}

/// Tries each beacon node once; an error only if all refuse the request.
async fn connect(events: &mut Events, endpoints: usize) -> Result<(), ApiError> {
    let mut refusal = None;
    for _ in 0..endpoints {
        let Some(EventItem::Gap(failure)) = events.next().await else { return Ok(()) };
        match &failure.problem {
            Problem::Status { code: code @ (400 | 404), message, .. } => {
                let message = format!("{}: {message}", failure.endpoint);
                refusal = Some(ApiError::new(*code, "beacon_node_refused", message));
            }
            _ => {
                tracing::warn!("Event stream waits for a beacon node: {failure}");
                return Ok(());
            }
        }
    }
    refusal.map_or(Ok(()), Err)
}

fn topics(uri: &Uri) -> Result<Vec<String>, ApiError> {
    let topics = Query::of(uri).list("topics");
    let is_name = |topic: &String| {
        topic.len() <= 64 && topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if topics.is_empty() || topics.len() > TOPICS_MAX || !topics.iter().all(is_name) {
        return Err(ApiError::bad_request("query parameter topics must name events, as in topics=head"));
    }
    Ok(topics)
}

fn frames(events: Events) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    unfold(events, |mut events| async {
        loop {
            let frame = match timeout(COMMENT_EVERY, events.next()).await {
                Err(_) => ":\n\n".to_owned(),
                Ok(None) => return None,
                Ok(Some(EventItem::Event { name, data })) => encode_event(&name, &data),
                Ok(Some(EventItem::Connected { .. })) => continue,
                Ok(Some(EventItem::Gap(failure))) => {
                    tracing::warn!("Event stream broke, the next beacon node is asked: {failure}");
                    continue;
                }
            };
            return Some((Ok(Bytes::from(frame)), events));
        }
    })
}
