//! Server-sent events.

use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::extract::{RawQuery, State};
use axum::response::Sse;
use axum::response::sse;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;

use super::Api;
use super::reply::Refusal;
use crate::chain::event::Event;

type Events = Sse<sse::KeepAliveStream<BoxStream<'static, Result<sse::Event, Infallible>>>>;

/// Topics come as a list or one by one.
pub(super) async fn events(State(chain): Api, RawQuery(query): RawQuery) -> Result<Events, Refusal> {
    let query = query.unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "topics");
    let topics: BTreeSet<String> =
        pairs.flat_map(|(_, topics)| topics.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    if topics.is_empty() {
        return Err(Refusal::bad_request("topics are missing"));
    }
    if let Some(unknown) = topics.iter().find(|topic| !Event::is_topic(topic)) {
        return Err(Refusal::bad_request(format!("unknown topic {unknown}")));
    }
    let told = stream(BroadcastStream::new(chain.events.subscribe()), topics);
    let until_the_end = told.take_until(chain.ended.clone().cancelled_owned());
    Ok(Sse::new(until_the_end.boxed()).keep_alive(sse::KeepAlive::default()))
}

/// Who lags behind loses events, as with any beacon node.
fn stream(
    events: BroadcastStream<Event>,
    topics: BTreeSet<String>,
) -> impl Stream<Item = Result<sse::Event, Infallible>> + Send {
    events.filter_map(move |event| {
        let wanted = event.ok().filter(|event| topics.contains(event.topic()));
        let told = wanted
            .map(|event| Ok(sse::Event::default().event(event.topic()).data(event.to_json().to_string())));
        futures::future::ready(told)
    })
}
