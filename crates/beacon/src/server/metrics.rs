//! Metrics of the validator API, under the names operators' dashboards know.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::client::latency_buckets;
use crate::labels::BoundedLabels;

/// Different user agents shown.
const USER_AGENTS_MAX: usize = 16;
/// Different proxied paths shown.
const PATHS_MAX: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Content {
    endpoint: &'static str,
    content_type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failed {
    endpoint: &'static str,
    status_code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UserAgent {
    user_agent: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProxiedPath {
    path: String,
}

pub(crate) struct ServerMetrics {
    requests: Family<Content, Counter<u64, AtomicU64>>,
    latency: Family<Endpoint, Histogram, fn() -> Histogram>,
    errors: Family<Failed, Counter<u64, AtomicU64>>,
    user_agent: Family<UserAgent, Gauge>,
    proxied: Family<ProxiedPath, Histogram, fn() -> Histogram>,
    user_agents: BoundedLabels,
    paths: BoundedLabels,
}

impl ServerMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = ServerMetrics {
            requests: Family::default(),
            latency: Family::new_with_constructor(latency_buckets),
            errors: Family::default(),
            user_agent: Family::default(),
            proxied: Family::new_with_constructor(latency_buckets),
            user_agents: BoundedLabels::new(USER_AGENTS_MAX),
            paths: BoundedLabels::new(PATHS_MAX),
        };
        let help = "Requests of the validator client by endpoint and encoding of their body";
        registry.register("core_validatorapi_request", help, metrics.requests.clone());
        let help = "Latency in seconds of the validator client's requests by endpoint";
        registry.register("core_validatorapi_request_latency_seconds", help, metrics.latency.clone());
        let help = "Requests of the validator client answered with an error, by endpoint and status";
        registry.register("core_validatorapi_request_error", help, metrics.errors.clone());
        let help = "Constant 1 for each software that asked";
        registry.register("core_validatorapi_vc_user_agent", help, metrics.user_agent.clone());
        let help = "Latency in seconds of proxied requests by path, up to the head of the answer";
        registry.register("core_validatorapi_proxy_request_latency_seconds", help, metrics.proxied.clone());
        metrics
    }

    pub(crate) fn request(&self, endpoint: &'static str, content_type: &'static str) {
        self.requests.get_or_create(&Content { endpoint, content_type }).inc();
    }

    pub(crate) fn answered(&self, endpoint: &'static str, took: Duration, status_code: u16) {
        self.latency.get_or_create(&Endpoint { endpoint }).observe(took.as_secs_f64());
        if status_code >= 400 {
            self.errors.get_or_create(&Failed { endpoint, status_code }).inc();
        }
    }

    pub(crate) fn user_agent(&self, name: &str) {
        let printable: String = name.chars().filter(|letter| !letter.is_control()).take(64).collect();
        let user_agent = self.user_agents.admit(&printable);
        self.user_agent.get_or_create(&UserAgent { user_agent }).set(1);
    }

    pub(crate) fn proxied(&self, path: &str, took: Duration) {
        let path = self.paths.admit(&template(path));
        self.proxied.get_or_create(&ProxiedPath { path }).observe(took.as_secs_f64());
    }
}

/// The path with numbers and hashes left out, shortened.
fn template(path: &str) -> String {
    let general = |segment: &str| {
        let is_value = segment.starts_with("0x") || segment.bytes().all(|byte| byte.is_ascii_digit());
        if is_value && !segment.is_empty() { "{}".to_owned() } else { segment.chars().take(40).collect() }
    };
    path.split('/').take(10).map(general).collect::<Vec<String>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_label_holds_no_values() {
        assert_eq!(template("/eth/v1/validator/liveness/17"), "/eth/v1/validator/liveness/{}");
        assert_eq!(template("/eth/v1/beacon/blocks/0xab/root"), "/eth/v1/beacon/blocks/{}/root");
    }
}
