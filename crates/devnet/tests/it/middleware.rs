//! A stand-in for a node: completes selections by giving them back, as whole keys need no more, passes everything else
//! on to the chain, and writes down what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use devnet::chain::Chain;
use serde_json::{Value, json};
use url::Url;

/// A request: path with query, and the body where it is JSON.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) body: Value,
}

#[derive(Clone)]
pub(crate) struct Middleware {
    chain: Url,
    http: reqwest::Client,
    asked: Arc<Mutex<Vec<Asked>>>,
    address: SocketAddr,
}

impl Middleware {
    /// Serves until the test ends.
    pub(crate) async fn start(chain: &Chain) -> Middleware {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let middleware = Middleware {
            chain: chain.url(),
            http: reqwest::Client::builder().no_proxy().build().expect("a client without options"),
            asked: Arc::default(),
            address: listener.local_addr().expect("bound"),
        };
        let router = Router::new().fallback(answer).with_state(middleware.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        middleware
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}/", self.address).parse().expect("a URL")
    }

    /// The requests whose path begins so, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().expect("nothing panics while holding it");
        asked.iter().filter(|asked| asked.path.starts_with(path)).cloned().collect()
    }

    /// The place of the first request whose path begins so.
    pub(crate) fn first(&self, path: &str) -> Option<usize> {
        let asked = self.asked.lock().expect("nothing panics while holding it");
        asked.iter().position(|asked| asked.path.starts_with(path))
    }
}

async fn answer(State(middleware): State<Middleware>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let body = axum::body::to_bytes(body, 16 << 20).await.expect("a body");
    let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let asked = Asked { path: path.clone(), body: json.clone() };
    middleware.asked.lock().expect("nothing panics while holding it").push(asked);
    if path.ends_with("committee_selections") {
        return axum::Json(json!({ "data": json })).into_response();
    }
    pass_on(&middleware, &parts, &path, body).await
}

async fn pass_on(
    middleware: &Middleware,
    parts: &axum::http::request::Parts,
    path: &str,
    body: Bytes,
) -> Response {
    let url = middleware.chain.join(path).expect("a path joins");
    let mut request = middleware.http.request(parts.method.clone(), url).body(body);
    for name in ["accept", "content-type", "eth-consensus-version"] {
        if let Some(value) = parts.headers.get(name) {
            request = request.header(name, value);
        }
    }
    let Ok(answered) = request.send().await else {
        return axum::http::StatusCode::BAD_GATEWAY.into_response();
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answered.status();
    *response.headers_mut() = answered.headers().clone();
    *response.body_mut() = Body::from_stream(answered.bytes_stream());
    response
}
