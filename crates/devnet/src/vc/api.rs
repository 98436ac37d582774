//! Requests to the node, in the encodings of the recorded client.

use std::time::Duration;

use bytes::Bytes;
use eth::{DecodeError, Root};
use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

/// What the recorded client accepts where SSZ will do.
const SSZ_PREFERRED: &str = "application/octet-stream;q=1,application/json;q=0.9";
const CONSENSUS_VERSION: &str = "eth-consensus-version";
/// Bytes of a chunk of a body.
const CHUNK_BYTES: usize = 16 << 10;
/// Bytes of an answer at most.
const ANSWER_BYTES: usize = 16 << 20;

/// Why a request or a duty came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The node does not answer, or the way to it is broken.
    #[error("{0}")]
    Transport(#[from] reqwest::Error),
    /// The node answers with an error.
    #[error("status {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the node says, or the start of its body.
        message: String,
    },
    /// The node's answer is of no use.
    #[error("the answer is of no use: {0}")]
    Answer(String),
    /// The client itself cannot or will not.
    #[error("the client declines: {0}")]
    Own(String),
}

/// The node's validator API.
#[derive(Clone, Debug)]
pub(super) struct Api {
    base: Url,
    http: reqwest::Client,
    timeout: Duration,
}

impl Api {
    /// Requests may take as long as a slot; how long that is may be said later.
    pub(super) fn new(base: Url, timeout: Duration) -> Api {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .user_agent(concat!("phalanx-devnet/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client without certificates of its own");
        Api { base, http, timeout }
    }

    /// The same node, with another timeout.
    pub(super) fn with_timeout(self, timeout: Duration) -> Api {
        Api { timeout, ..self }
    }

    /// GET, the `data` of a JSON answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        data(&answer(self.request(self.http.get(self.url(path))).header("accept", SSZ_PREFERRED)).await?.1)
    }

    /// GET of what may come as SSZ or as JSON.
    pub(super) async fn get_any(&self, path: &str) -> Result<(Form, Bytes), Failure> {
        answer(self.request(self.http.get(self.url(path))).header("accept", SSZ_PREFERRED)).await
    }

    /// GET of a container that may come as SSZ or as JSON.
    pub(super) async fn get_container<T>(
        &self,
        path: &str,
        from_ssz: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
        from_json: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Failure> {
        let (form, body) = self.get_any(path).await?;
        let container = if form.is_ssz { from_ssz(&body) } else { from_json(raw_data(&body)?) };
        container.map_err(|why| Failure::Answer(why.to_string()))
    }

    /// POST of JSON, the `data` of a JSON answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        data(&self.post(path, body).await?)
    }

    /// POST of JSON, the `data` of a JSON answer and the block it depends on.
    pub(super) async fn ask_dependent<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Dependent<T>, Failure> {
        whole(&self.post(path, body).await?)
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<Bytes, Failure> {
        let request = self.request(self.http.post(self.url(path))).header("accept", SSZ_PREFERRED);
        Ok(answer(with_body(request, "application/json", json(body)?)).await?.1)
    }

    /// POST of JSON; what is answered does not matter.
    pub(super) async fn tell(
        &self,
        path: &str,
        fork: Option<&str>,
        body: &impl Serialize,
    ) -> Result<(), Failure> {
        let request = self.announce(path, fork);
        answer(with_body(request, "application/json", json(body)?)).await.map(drop)
    }

    /// POST of SSZ; what is answered does not matter.
    pub(super) async fn tell_ssz(
        &self,
        path: &str,
        fork: Option<&str>,
        body: Vec<u8>,
    ) -> Result<(), Failure> {
        let request = self.announce(path, fork);
        answer(with_body(request, "application/octet-stream", body)).await.map(drop)
    }

    /// GET of a stream that stays open.
    pub(super) async fn stream(&self, path: &str) -> Result<Response, Failure> {
        let request = self.http.get(self.url(path)).header("accept", "text/event-stream");
        Ok(request.header("cache-control", "no-cache").send().await?.error_for_status()?)
    }

    fn announce(&self, path: &str, fork: Option<&str>) -> RequestBuilder {
        let request = self.request(self.http.post(self.url(path))).header("accept", "*/*");
        match fork {
            Some(fork) => request.header(CONSENSUS_VERSION, fork),
            None => request,
        }
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        request.timeout(self.timeout)
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("paths of the Beacon API join")
    }
}

/// An answer that holds as long as a block stays on the chain.
#[derive(Clone, Debug, serde::Deserialize)]
pub(super) struct Dependent<T> {
    pub(super) dependent_root: Root,
    pub(super) data: T,
}

/// How an answer is encoded.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) is_ssz: bool,
    pub(super) fork: Option<String>,
    pub(super) is_blinded: bool,
}

/// A body in chunks, without its length, as the recorded client sends it.
fn with_body(request: RequestBuilder, content_type: &str, body: Vec<u8>) -> RequestBuilder {
    let chunks: Vec<Result<Bytes, std::io::Error>> =
        body.chunks(CHUNK_BYTES).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    request.header("content-type", content_type).body(body)
}

async fn answer(request: RequestBuilder) -> Result<(Form, Bytes), Failure> {
    let mut response = request.send().await?;
    let status = response.status();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let form = Form {
        is_ssz: header("content-type").is_some_and(|kind| kind.starts_with("application/octet-stream")),
        fork: header(CONSENSUS_VERSION).map(str::to_owned),
        is_blinded: header("eth-execution-payload-blinded") == Some("true"),
    };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(Failure::Answer(format!("it is longer than {ANSWER_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        return Ok((form, body.into()));
    }
    let message = serde_json::from_slice::<Value>(&body).ok().map(|answer| answer["message"].to_string());
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(&body).chars().take(200).collect());
    Err(Failure::Refused { status: status.as_u16(), message })
}

/// The `data` of a JSON answer, as it is written there.
fn raw_data(body: &[u8]) -> Result<&[u8], Failure> {
    #[derive(serde::Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let answer: Data<'_> = serde_json::from_slice(body).map_err(|why| Failure::Answer(why.to_string()))?;
    Ok(answer.data.get().as_bytes())
}

/// The `data` of a JSON answer.
fn data<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    #[derive(serde::Deserialize)]
    struct Data<T> {
        data: T,
    }
    whole(body).map(|answer: Data<T>| answer.data)
}

/// A JSON answer.
fn whole<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|why| Failure::Answer(why.to_string()))
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body).map_err(|why| Failure::Answer(why.to_string()))
}
