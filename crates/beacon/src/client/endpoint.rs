//! One beacon node: its address, its health, one exchange with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use url::Url;

use super::call::{Answer, Call};
use super::config::{ClientConfig, redacted};
use super::health::{Health, State};
use super::transport::{configured_headers, http_client, read_capped, status_problem, transport_problem};
use crate::api::CONSENSUS_VERSION;
use crate::error::{EndpointFailure, Error, Problem};

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
    pub(super) verified: AtomicBool,
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

    /// One exchange. The caller sets the time limit; the size limit is the call's. A node may close a kept connection
    /// at the moment we use it; then the exchange is tried once more. All our calls may arrive twice.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Answer, Problem> {
        match self.ask_once(call).await {
            Err(Problem::Broke(_)) => self.ask_once(call).await,
            result => result,
        }
    }

    async fn ask_once(&self, call: &Call) -> Result<Answer, Problem> {
        #[cfg(feature = "fuzzing")]
        if let Some(answer) = crate::fuzzing::answer(call) {
            return answer;
        }
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
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: read_capped(response, call.limit).await? })
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

/// Whether a path (with or without query) could leave the configured URL's own path.
pub(crate) fn climbs(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    !path.starts_with('/') || plain.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
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
