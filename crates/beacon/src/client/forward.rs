//! A request of our validator client handed on to a beacon node, streaming both ways.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{BoxStream, unfold};
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName};
use reqwest::{Method, StatusCode};
use tokio::time::timeout;

use super::Client;
use super::endpoint::{Endpoint, climbs};
use super::transport::transport_problem;
use crate::error::{EndpointFailure, Error, Problem};

/// Bytes as they come.
pub type ByteStream = BoxStream<'static, io::Result<Bytes>>;

/// The body of a forwarded request.
pub enum ForwardBody {
    /// Known as a whole (or empty): can be sent to a second endpoint when the first one fails.
    Whole(Bytes),
    /// Too large to keep: goes to one endpoint only.
    Stream(ByteStream),
}

/// The answer to a forwarded request.
pub struct Forwarded {
    /// The beacon node's status.
    pub status: StatusCode,
    /// Its headers, those about the connection removed.
    pub headers: HeaderMap,
    /// Its body, not decompressed.
    pub body: ByteStream,
}

/// Headers about one connection, never handed on (RFC 9110 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Client {
    /// Hands a request on to the healthiest endpoint; when it fails or answers 5xx, to the next, if the body allows.
    /// When all answer 5xx, the first such answer is handed back. Credentials in `headers` are meant for us and stay
    /// here; those of the endpoint are added.
    ///
    /// # Errors
    /// When no endpoint answers at all; when the path has dot segments.
    pub async fn forward(
        &self,
        method: Method,
        path_and_query: &str,
        headers: HeaderMap,
        body: ForwardBody,
    ) -> Result<Forwarded, Error> {
        if climbs(path_and_query) {
            return Err(Error::BadPath { path: path_and_query.chars().take(128).collect() });
        }
        self.inner.metrics.request("proxy");
        let headers = end_to_end(headers);
        match body {
            ForwardBody::Whole(bytes) => self.forward_whole(method, path_and_query, headers, bytes).await,
            ForwardBody::Stream(stream) => {
                let endpoint = self.ranked().swap_remove(0);
                let body = Some(reqwest::Body::wrap_stream(stream));
                let sent = self.forward_to(&endpoint, method, path_and_query, headers, body).await;
                sent.map_err(|problem| self.not_forwarded(vec![endpoint.failure(problem)]))
            }
        }
    }

    async fn forward_whole(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        bytes: Bytes,
    ) -> Result<Forwarded, Error> {
        let mut failed_answer = None;
        let mut failures = Vec::new();
        for endpoint in self.ranked() {
            let send = || {
                let body = (!bytes.is_empty()).then(|| reqwest::Body::from(bytes.clone()));
                self.forward_to(&endpoint, method.clone(), path, headers.clone(), body)
            };
            let sent = match send().await {
                // A kept connection, closed by the node at the moment we used it.
                Err(Problem::Broke(_)) => send().await,
                sent => sent,
            };
            match sent {
                Ok(answer)
                    if answer.status.is_server_error() && answer.status != StatusCode::NOT_IMPLEMENTED =>
                {
                    failed_answer.get_or_insert(answer);
                }
                Ok(answer) => return Ok(answer),
                Err(problem) => failures.push(endpoint.failure(problem)),
            }
        }
        failed_answer.ok_or_else(|| self.not_forwarded(failures))
    }

    async fn forward_to(
        &self,
        endpoint: &Arc<Endpoint>,
        method: Method,
        path: &str,
        mut headers: HeaderMap,
        body: Option<reqwest::Body>,
    ) -> Result<Forwarded, Problem> {
        headers.extend(endpoint.headers());
        let exchange = async {
            endpoint.verify(&self.inner).await?;
            let mut request = endpoint.raw_request(method, path).headers(headers);
            if let Some(body) = body {
                request = request.body(body);
            }
            request.send().await.map_err(transport_problem)
        };
        let limit = self.inner.config.forward_timeout;
        let result = timeout(limit, exchange).await.unwrap_or(Err(Problem::TimedOut(limit)));
        self.note(endpoint, &result);
        let response = result?;
        self.inner.metrics.answered_by(endpoint.position);
        Ok(Forwarded {
            status: response.status(),
            headers: connection_removed(response.headers().clone()),
            body: alive(response.bytes_stream().boxed(), self.inner.config.idle_timeout),
        })
    }

    fn not_forwarded(&self, failures: Vec<EndpointFailure>) -> Error {
        Error::Failed { request: "proxy", failures }
    }
}

/// The bytes as they come, and an error in place of an endless wait for the next ones.
fn alive(bytes: BoxStream<'static, reqwest::Result<Bytes>>, idle: Duration) -> ByteStream {
    let next = move |mut bytes: BoxStream<'static, reqwest::Result<Bytes>>| async move {
        let chunk = match timeout(idle, bytes.next()).await {
            Ok(chunk) => chunk?.map_err(io::Error::other),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        Some((chunk, bytes))
    };
    unfold(bytes, next).boxed()
}

/// What of a request's headers goes on to the beacon node.
fn end_to_end(headers: HeaderMap) -> HeaderMap {
    let mut headers = connection_removed(headers);
    for name in [HOST, AUTHORIZATION, CONTENT_LENGTH, EXPECT] {
        headers.remove(name);
    }
    headers
}

/// Removes the headers about the connection, also those that `Connection` names.
fn connection_removed(mut headers: HeaderMap) -> HeaderMap {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<HeaderName> =
        named.flat_map(|names| names.split(',')).filter_map(|name| name.trim().parse().ok()).collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_connection_stay_on_it() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "keep-alive, x-mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("host", "localhost:3600"),
            ("authorization", "Basic abc"),
            ("accept", "application/json"),
        ] {
            headers.insert(name, value.parse().expect("a header value"));
        }
        let left = end_to_end(headers);
        assert_eq!(left.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["accept"]);
    }
}
