//! One beacon node: its address, its health, one exchange with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use eth::Genesis;
use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use url::Url;

use super::call::{Answer, Call, Limits};
use super::config::{ClientConfig, redacted};
use super::health::{Health, State};
use super::read;
use super::{Client, Inner};
use crate::api::{CONSENSUS_VERSION, ErrorBody};
use crate::error::{EndpointFailure, Error, Problem};

/// Longest error message kept of an endpoint's answer.
const MESSAGE_MAX: usize = 512;

pub(crate) struct Endpoint {
    /// Position in the configuration, 0 is the preferred one.
    pub(crate) position: usize,
    /// With credentials, which the HTTP client turns into a header: never to be shown.
    url: Url,
    name: String,
    /// The configured ones.
    headers: HeaderMap,
    http: reqwest::Client,
    /// Leaves compressed answers as they are, for forwarding.
    raw: reqwest::Client,
    health: Mutex<Health>,
    /// Whether its genesis was compared since it was last unreachable.
    verified: AtomicBool,
}

impl Endpoint {
    pub(crate) fn all_of(config: &ClientConfig) -> Result<Vec<Arc<Endpoint>>, Error> {
        let http = http_client(config, true)?;
        let raw = http_client(config, false)?;
        let headers = configured_headers(config)?;
        let build = |(position, url): (usize, &Url)| {
            Endpoint::new(position, url, headers.clone(), http.clone(), raw.clone()).map(Arc::new)
        };
        config.endpoints.iter().enumerate().map(build).collect()
    }

    fn new(
        position: usize,
        url: &Url,
        headers: HeaderMap,
        http: reqwest::Client,
        raw: reqwest::Client,
    ) -> Result<Endpoint, Error> {
        let name = redacted(url);
        let refuse = |why: &str| Error::BadEndpoint { endpoint: name.clone(), why: why.to_owned() };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(refuse("it must begin with http:// or https:// and name a host"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must not have a query or a fragment; send keys with a configured header"));
        }
        let health = Mutex::new(Health::new(Instant::now()));
        Ok(Endpoint {
            position,
            url: url.clone(),
            name,
            headers,
            http,
            raw,
            health,
            verified: AtomicBool::new(false),
        })
    }

    /// As logs and errors name it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn state(&self) -> State {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).state()
    }

    pub(crate) fn take_look(&self, config: &ClientConfig) -> bool {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.take_look(Instant::now(), config.recheck_max)
    }

    pub(crate) fn set_state(&self, state: State) -> bool {
        if matches!(state, State::Failing | State::Foreign) {
            self.verified.store(false, Ordering::Release);
        }
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.set(state, Instant::now())
    }

    pub(crate) fn failure(&self, problem: Problem) -> EndpointFailure {
        EndpointFailure { endpoint: self.name.clone(), problem }
    }

    /// Compares its genesis with the one of the other endpoints, once per connection to the network.
    pub(crate) async fn verify(&self, inner: &Inner) -> Result<(), Problem> {
        if self.verified.load(Ordering::Acquire) {
            return Ok(());
        }
        let call = Call::get(&inner.config, "genesis", "/eth/v1/beacon/genesis", Limits::SMALL);
        let answer = self.ask(&call).await.map_err(|problem| match problem {
            Problem::Status { code, message, .. } => {
                Problem::NoGenesis(format!("{code} {message}").trim().to_owned())
            }
            problem => problem,
        })?;
        inner.admit(read::genesis(&answer)?)?;
        self.verified.store(true, Ordering::Release);
        Ok(())
    }

    /// One exchange. The caller sets the time limit; the size limit is the call's. A node may close a kept connection
    /// at the moment we use it; then the exchange is tried once more. All our calls may arrive twice.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Answer, Problem> {
        match self.ask_once(call).await {
            Err(Problem::Broke(_)) => self.ask_once(call).await,
            result => result,
        }
    }

    async fn ask_once(&self, call: &Call) -> Result<Answer, Problem> {
        let mut request = self.http.request(call.method.clone(), self.address(&call.path));
        request = request.headers(self.headers.clone()).header(ACCEPT, call.accept);
        if let Some((media, body)) = &call.body {
            request = request.header(CONTENT_TYPE, media.as_str()).body(body.clone());
        }
        if let Some(fork) = call.fork {
            request = request.header(CONSENSUS_VERSION, fork.name());
        }
        let response = request.send().await.map_err(transport_problem)?;
        if !response.status().is_success() {
            return Err(status_problem(response).await);
        }
        let headers = response.headers().clone();
        Ok(Answer { headers, body: read_capped(response, call.limit).await? })
    }

    /// A request whose answer is handed on as it comes, with nothing decompressed.
    pub(crate) fn raw_request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.raw.request(method, self.address(path))
    }

    /// The configured headers.
    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    /// The path is appended to the configured one; it was checked not to climb out of it.
    fn address(&self, path: &str) -> Url {
        assert!(!climbs(path), "paths are checked before they come here");
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", self.url.path().trim_end_matches('/'), path));
        url.set_query(query);
        url
    }
}

impl Inner {
    /// Takes the first genesis as that of all, and refuses a different one.
    fn admit(&self, found: Genesis) -> Result<(), Problem> {
        let expected_version = self.config.genesis_fork_version.unwrap_or(found.genesis_fork_version);
        let foreign = |expected, found: String| Err(Problem::ForeignNetwork { expected, found });
        if found.genesis_fork_version != expected_version {
            return foreign(expected_version, found.genesis_fork_version.to_string());
        }
        let mut known = self.genesis.write().unwrap_or_else(PoisonError::into_inner);
        match known.as_ref() {
            None => *known = Some(found),
            Some(known) if known.genesis_fork_version != found.genesis_fork_version => {
                return foreign(known.genesis_fork_version, found.genesis_fork_version.to_string());
            }
            Some(known) if known.genesis_validators_root != found.genesis_validators_root => {
                let root = found.genesis_validators_root;
                return foreign(
                    known.genesis_fork_version,
                    format!("it with genesis validators root {root}"),
                );
            }
            Some(known) if known.genesis_time != found.genesis_time => {
                let time = found.genesis_time;
                return foreign(known.genesis_fork_version, format!("it with genesis time {time}"));
            }
            Some(_) => {}
        }
        Ok(())
    }
}

impl Client {
    /// Remembers what an exchange says of the endpoint's health.
    pub(crate) fn note<T>(&self, endpoint: &Endpoint, result: &Result<T, Problem>) {
        let state = match result {
            Ok(_) if endpoint.state() == State::Syncing => return,
            Ok(_) => State::Well,
            Err(Problem::Syncing { .. }) => State::Syncing,
            Err(Problem::ForeignNetwork { .. }) => State::Foreign,
            Err(problem) if problem.is_endpoints_fault() => State::Failing,
            Err(_) => return,
        };
        self.set_state(endpoint, state, result.as_ref().err());
    }

    pub(crate) fn set_state(&self, endpoint: &Endpoint, state: State, why: Option<&Problem>) {
        if !endpoint.set_state(state) {
            return;
        }
        match why {
            None => tracing::info!(endpoint = endpoint.name(), "Beacon node is well again"),
            Some(problem) => tracing::warn!(endpoint = endpoint.name(), "Beacon node {problem}"),
        }
    }
}

fn http_client(config: &ClientConfig, decompress: bool) -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .gzip(decompress)
        .connect_timeout(config.timeout)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("phalanx/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::Http { why: innermost(&error) })
}

fn configured_headers(config: &ClientConfig) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(parsed_name), Ok(mut value)) = parsed else {
            return Err(Error::BadHeader { name: name.clone() });
        };
        value.set_sensitive(true);
        headers.append(parsed_name, value);
    }
    Ok(headers)
}

/// Whether a path (with or without query) could leave the configured URL's own path.
pub(crate) fn climbs(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    !path.starts_with('/') || plain.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
}

pub(crate) fn transport_problem(error: reqwest::Error) -> Problem {
    if error.is_decode() {
        return Problem::Malformed(format!("its body cannot be decoded ({})", innermost(&error)));
    }
    let why = innermost(&error);
    if error.is_connect() { Problem::Unreachable(why) } else { Problem::Broke(why) }
}

/// The cause at the bottom, which never contains the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if std::ptr::addr_eq(cause, error) { "request could not be made".to_owned() } else { cause.to_string() }
}

pub(crate) async fn status_problem(response: reqwest::Response) -> Problem {
    let code = response.status().as_u16();
    let body = read_capped(response, Limits::ERROR).await.unwrap_or_default();
    match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => Problem::Status { code, message: shortened(&body.message), failures: body.failures },
        Err(_) => Problem::Status {
            code,
            message: shortened(&String::from_utf8_lossy(&body)),
            failures: Vec::new(),
        },
    }
}

/// One printable line of at most [`MESSAGE_MAX`] characters, for it goes into logs.
fn shortened(message: &str) -> String {
    let printable = message.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    printable.take(MESSAGE_MAX).collect::<String>().trim().to_owned()
}

/// Reads a whole body, counting bytes after decompression.
async fn read_capped(response: reqwest::Response, limit: usize) -> Result<Bytes, Problem> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(Problem::TooLarge { limit });
    }
    let mut whole = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(transport_problem)?;
        if whole.len() + chunk.len() > limit {
            return Err(Problem::TooLarge { limit });
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        crate::install_crypto();
        let config = ClientConfig { endpoints: vec![url.parse().expect("a URL")], ..ClientConfig::default() };
        let mut all = Endpoint::all_of(&config).expect("a usable URL");
        Arc::into_inner(all.remove(0)).expect("the only owner")
    }

    #[test]
    fn paths_stay_below_the_configured_url() {
        let node = endpoint("http://host:5052/key/");
        let url = node.address("/eth/v1/node/syncing?a=../b");
        assert_eq!(url.as_str(), "http://host:5052/key/eth/v1/node/syncing?a=../b");
        let url = node.address("//evil.example/x");
        assert_eq!(url.host_str(), Some("host"), "no authority, just an empty segment");
        for path in ["/../admin", "/eth/%2e%2E/admin", "/eth/..\\admin", "eth", ""] {
            assert!(climbs(path), "{path}");
        }
    }
}
