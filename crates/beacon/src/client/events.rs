//! The event stream of a beacon node, which never ends: when one endpoint drops it, the next one is asked.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream::{BoxStream, unfold};
use futures::{Stream, StreamExt};
use reqwest::Method;
use reqwest::header::{ACCEPT, CACHE_CONTROL};
use tokio::time::{sleep, timeout};

use super::Client;
use super::call::Limits;
use super::endpoint::Endpoint;
use super::sse::{Event, Parser};
use super::transport::{status_problem, transport_problem};
use crate::error::{EndpointFailure, Problem};

/// What an [`Events`] stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventItem {
    /// Events come from this endpoint from now on.
    Connected {
        /// The endpoint, without credentials.
        endpoint: String,
    },
    /// An event of the beacon node.
    Event {
        /// Its topic.
        name: String,
        /// Its data, JSON not yet looked at.
        data: String,
    },
    /// An endpoint's stream broke or could not be had: events may be missing until the next `Connected`.
    Gap(EndpointFailure),
}

/// The events of the healthiest endpoint, for ever. Dropping it closes the connection.
pub struct Events(BoxStream<'static, EventItem>);

impl Stream for Events {
    type Item = EventItem;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<EventItem>> {
        self.0.poll_next_unpin(context)
    }
}

impl Client {
    /// Listens to `topics`, reconnecting for ever: to the next endpoint at once, and with a growing pause when no
    /// endpoint offers the stream.
    pub fn events(&self, topics: &[impl AsRef<str>]) -> Events {
        let topics: Vec<&str> = topics.iter().map(AsRef::as_ref).collect();
        let query = url::form_urlencoded::byte_serialize(topics.join(",").as_bytes()).collect::<String>();
        let listener = Listener {
            client: self.clone(),
            path: format!("/eth/v1/events?topics={query}"),
            connection: None,
            to_try: VecDeque::from(self.ranked()),
            pause: self.inner.config.backoff,
        };
        Events(unfold(listener, |mut listener| async { Some((listener.next().await, listener)) }).boxed())
    }
}

struct Listener {
    client: Client,
    path: String,
    connection: Option<Connection>,
    /// Endpoints not yet tried in this round.
    to_try: VecDeque<Arc<Endpoint>>,
    pause: Duration,
}

struct Connection {
    endpoint: Arc<Endpoint>,
    since: Instant,
    bytes: BoxStream<'static, Result<Bytes, reqwest::Error>>,
    parser: Parser,
    ready: VecDeque<Event>,
}

impl Listener {
    async fn next(&mut self) -> EventItem {
        if let Some(mut connection) = self.connection.take() {
            return match connection.next(self.client.inner.config.idle_timeout).await {
                Ok(Event { name, data }) => {
                    self.connection = Some(connection);
                    EventItem::Event { name, data }
                }
                Err(problem) => self.lost(&connection, problem),
            };
        }
        let endpoint = self.next_endpoint().await;
        self.client.inner.metrics.request("events");
        let opened = Connection::open(&self.client, endpoint.clone(), &self.path).await;
        self.client.note(&endpoint, &opened);
        match opened {
            Ok(connection) => {
                self.connection = Some(connection);
                EventItem::Connected { endpoint: endpoint.name().to_owned() }
            }
            Err(problem) => EventItem::Gap(endpoint.failure(problem)),
        }
    }

    /// A stream that lasted starts a new round, its endpoint last; one that broke at once counts as a failed try, so
    /// that an endpoint that accepts and drops cannot make us spin. It says nothing of the endpoint's health: proxies
    /// close streams now and then, and a chain that stands still has no events.
    fn lost(&mut self, connection: &Connection, problem: Problem) -> EventItem {
        if connection.since.elapsed() > self.pause {
            self.pause = self.client.inner.config.backoff;
            self.to_try = VecDeque::from(self.client.ranked());
            let lost = connection.endpoint.position;
            self.to_try.make_contiguous().sort_by_key(|endpoint| endpoint.position == lost);
        }
        EventItem::Gap(connection.endpoint.failure(problem))
    }

    async fn next_endpoint(&mut self) -> Arc<Endpoint> {
        loop {
            if let Some(endpoint) = self.to_try.pop_front() {
                return endpoint;
            }
            sleep(self.pause).await;
            self.pause = (self.pause * 2).min(self.client.inner.config.backoff_max);
            self.to_try = VecDeque::from(self.client.ranked());
        }
    }
}

impl Connection {
    async fn open(client: &Client, endpoint: Arc<Endpoint>, path: &str) -> Result<Connection, Problem> {
        let limit = client.inner.config.timeout;
        let request = request(client, &endpoint, path);
        let response = timeout(limit, request).await.unwrap_or(Err(Problem::TimedOut(limit)))?;
        let bytes = response.bytes_stream().boxed();
        let parser = Parser::new(Limits::EVENT);
        Ok(Connection { endpoint, since: Instant::now(), bytes, parser, ready: VecDeque::new() })
    }

    async fn next(&mut self, idle: Duration) -> Result<Event, Problem> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            let chunk = match timeout(idle, self.bytes.next()).await {
                Err(_) => return Err(Problem::TimedOut(idle)),
                Ok(None) => return Err(Problem::Broke("the event stream ended".to_owned())),
                Ok(Some(chunk)) => chunk.map_err(transport_problem)?,
            };
            let pushed = self.parser.push(&chunk, &mut self.ready);
            pushed.map_err(|_| Problem::TooLarge { limit: Limits::EVENT })?;
        }
    }
}

async fn request(client: &Client, endpoint: &Endpoint, path: &str) -> Result<reqwest::Response, Problem> {
    endpoint.verify(&client.inner).await?;
    let request = endpoint.raw_request(Method::GET, path).headers(endpoint.headers());
    let request = request.header(ACCEPT, "text/event-stream").header(CACHE_CONTROL, "no-cache");
    let response = request.send().await.map_err(transport_problem)?;
    if response.status().is_success() { Ok(response) } else { Err(status_problem(response).await) }
}
