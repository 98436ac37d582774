//! Metrics of the requests we make, under the names operators' dashboards know.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// `endpoint` is the kind of request, such as `attestation_data`, not the beacon node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    endpoint: &'static str,
}

pub(crate) struct ClientMetrics {
    latency: Family<Kind, Histogram, fn() -> Histogram>,
    errors: Family<Kind, Counter<u64, AtomicU64>>,
    requests: Family<Kind, Counter<u64, AtomicU64>>,
    using_fallback: Gauge,
}

impl ClientMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = ClientMetrics {
            latency: Family::new_with_constructor(latency_buckets),
            errors: Family::default(),
            requests: Family::default(),
            using_fallback: Gauge::default(),
        };
        let ClientMetrics { latency, errors, requests, using_fallback } = &metrics;
        let help = "Latency in seconds of requests to beacon nodes, by kind of request";
        registry.register("app_eth2_latency_seconds", help, latency.clone());
        let help = "Requests to beacon nodes that failed at every endpoint, by kind of request";
        registry.register("app_eth2_errors", help, errors.clone());
        registry.register(
            "app_eth2_requests",
            "Requests to beacon nodes, by kind of request",
            requests.clone(),
        );
        let help = "Whether another beacon node than the first configured one gave the latest answer";
        registry.register("app_eth2_using_fallback", help, using_fallback.clone());
        metrics
    }

    pub(crate) fn request(&self, endpoint: &'static str) {
        self.requests.get_or_create(&Kind { endpoint }).inc();
    }

    pub(crate) fn finished(&self, endpoint: &'static str, took: Duration, failed: bool) {
        self.latency.get_or_create(&Kind { endpoint }).observe(took.as_secs_f64());
        if failed {
            self.errors.get_or_create(&Kind { endpoint }).inc();
        }
    }

    pub(crate) fn answered_by(&self, position: usize) {
        self.using_fallback.set((position > 0).into());
    }
}

/// From a local answer to the longest wait.
pub(crate) fn latency_buckets() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 24.0])
}
