//! A mock beacon node: a router on port 0 that records what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use beacon::{Client, ClientConfig};
use bytes::Bytes;
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use url::Url;

/// What the mock was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

type Log = Arc<Mutex<Vec<Asked>>>;

/// Stops when dropped.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    log: Log,
    serving: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Node {
    /// A node of the test network that also answers `routes`.
    pub(crate) async fn start(routes: Router) -> Node {
        Node::start_on_network(routes, "0x00000001").await
    }

    pub(crate) async fn start_on_network(routes: Router, fork_version: &'static str) -> Node {
        let genesis = format!(
            r#"{{"data":{{"genesis_time":"1700000000","genesis_validators_root":"0x{}","genesis_fork_version":"{fork_version}"}}}}"#,
            "42".repeat(32)
        );
        let log = Log::default();
        let routes = routes
            .route("/eth/v1/beacon/genesis", get(|| async { genesis }))
            .layer(from_fn_with_state(log.clone(), record));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let serving =
            tokio::spawn(async move { axum::serve(listener, routes).await.expect("serving cannot fail") });
        Node { address, log, serving }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.address).parse().expect("an address makes a URL")
    }

    /// Everything asked but for the genesis, as `GET /path?query`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.requests().into_iter().map(|asked| asked.line).collect()
    }

    pub(crate) fn requests(&self) -> Vec<Asked> {
        let log = self.log.lock().expect("no panic while recording");
        log.iter().filter(|asked| !asked.line.ends_with("/beacon/genesis")).cloned().collect()
    }
}

async fn record(State(log): State<Log>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.expect("the body arrives");
    let line = format!("{} {}", head.method, head.uri);
    log.lock().expect("no panic while recording").push(Asked {
        line,
        headers: head.headers.clone(),
        body: body.clone(),
    });
    next.run(Request::from_parts(head, Body::from(body))).await
}

/// An address where nobody listens, and nobody will: it stays taken until the tests end.
pub(crate) async fn nobody() -> Url {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = socket.local_addr().expect("a bound socket");
    std::mem::forget(socket);
    format!("http://{address}").parse().expect("an address makes a URL")
}

/// Time limits short enough for tests and long enough for a busy machine; back-off is next to nothing.
pub(crate) fn config(endpoints: impl IntoIterator<Item = Url>) -> ClientConfig {
    ClientConfig {
        endpoints: endpoints.into_iter().collect(),
        timeout: Duration::from_secs(5),
        block_timeout: Duration::from_secs(5),
        submit_timeout: Duration::from_secs(5),
        forward_timeout: Duration::from_secs(5),
        patience: Duration::from_secs(4),
        backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(1),
        ..ClientConfig::default()
    }
}

pub(crate) fn client(endpoints: impl IntoIterator<Item = Url>) -> Client {
    client_with(config(endpoints))
}

pub(crate) fn client_with(config: ClientConfig) -> Client {
    Client::new(config, &mut Registry::default()).expect("a usable configuration")
}
