//! The monitoring endpoint: `/metrics`, `/livez`, `/readyz`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use beacon::client::Client;
use eth::Spec;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::status::{BeaconNode, Readiness, Status};

/// What the endpoint answers from.
#[derive(Clone)]
pub(crate) struct Monitor {
    pub(crate) registry: Arc<Mutex<Registry>>,
    pub(crate) status: Arc<Status>,
    pub(crate) clock: Clock,
    pub(crate) spec: Arc<Spec>,
    pub(crate) metrics: Metrics,
}

impl Monitor {
    /// Serves until the shutdown.
    pub(crate) async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let router = Router::new()
            .route("/metrics", get(metrics))
            .route("/livez", get(|| async { "ok" }))
            .route("/readyz", get(readyz))
            .with_state(self);
        let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(topic = "monitor", %error, "the monitoring endpoint stopped");
        }
    }

    fn readiness(&self) -> Readiness {
        let readiness = self.status.readiness(self.clock.now(), &self.spec);
        self.metrics.ready(readiness as i64);
        readiness
    }
}

async fn metrics(State(monitor): State<Monitor>) -> impl IntoResponse {
    monitor.readiness();
    page(&monitor.registry.lock().unwrap_or_else(PoisonError::into_inner))
}

fn page(registry: &Registry) -> impl IntoResponse + use<> {
    let mut text = String::new();
    let encoded = prometheus_client::encoding::text::encode(&mut text, registry);
    let status = if encoded.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    (status, [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}

async fn readyz(State(monitor): State<Monitor>) -> (StatusCode, &'static str) {
    verdict(monitor.readiness())
}

fn verdict(readiness: Readiness) -> (StatusCode, &'static str) {
    let is_ready = readiness == Readiness::Ready;
    (if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, readiness.text())
}

/// The monitoring endpoint of a node that still waits for its beacon node: alive, not ready.
pub(crate) struct Waiting {
    ended: DropGuard,
    task: JoinHandle<()>,
}

impl Waiting {
    /// Serves on the listener until it ends or is dropped. Without a second handle to the listener nothing is served.
    pub(crate) fn serve(listener: &TcpListener, registry: Registry) -> Waiting {
        let registry = Arc::new(registry);
        let router = Router::new()
            .route("/metrics", get(move || async move { page(&registry) }))
            .route("/livez", get(|| async { "ok" }))
            .route("/readyz", get(|| async { verdict(Readiness::BeaconNodeDown) }));
        let ended = CancellationToken::new();
        let served = second_handle(listener).map(|listener| {
            axum::serve(listener, router)
                .with_graceful_shutdown(ended.clone().cancelled_owned())
                .into_future()
        });
        let task = tokio::spawn(async move {
            if let Err(error) = async { served?.await }.await {
                tracing::warn!(topic = "monitor", %error, "no monitoring until a beacon node answers");
            }
        });
        Waiting { ended: ended.drop_guard(), task }
    }

    /// Stops serving. Connections that are in use may delay it for a second.
    pub(crate) async fn end(self) {
        drop(self.ended);
        let mut task = self.task;
        if tokio::time::timeout(Duration::from_secs(1), &mut task).await.is_err() {
            task.abort();
        }
    }
}

fn second_handle(listener: &TcpListener) -> std::io::Result<TcpListener> {
    use std::os::fd::AsFd;
    TcpListener::from_std(std::net::TcpListener::from(listener.as_fd().try_clone_to_owned()?))
}

/// Asks the beacon node about itself every few seconds, for ever.
pub(crate) async fn watch_beacon(client: Client, status: Arc<Status>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let beacon = match client.syncing().await {
            Err(_) => BeaconNode::Down,
            Ok(sync) => {
                let peers = client.peer_count().await.ok().map(|count| count.connected);
                BeaconNode::Up { syncing: sync.is_syncing, behind: sync.sync_distance.0, peers }
            }
        };
        status.set_beacon(beacon);
    }
}

/// Opens a listener, naming the remedy when the port is taken.
pub(crate) async fn listen(
    what: &'static str,
    flag: &'static str,
    address: SocketAddr,
) -> Result<TcpListener, crate::Error> {
    TcpListener::bind(address).await.map_err(|cause| crate::Error::Listen { what, flag, address, cause })
}
