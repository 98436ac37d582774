//! The validator API: what our validator client takes for its beacon node.
//!
//! Duties and validators are the beacon node's with keys translated (`duties.rs`, `validators.rs`); attestation data,
//! aggregates, contributions and blocks are what the cluster decided, held by the [`Backend`] until then
//! (`attestations.rs`, `aggregates.rs`, `sync.rs`, `blocks.rs`); who aggregates is what the cluster combined
//! (`selections.rs`); what concerns nobody's key goes through to one beacon node (`proxy.rs`), or to all
//! (`subscriptions.rs`). `routes.rs` is the table of contents.
//!
//! Lists that are handed in are read and judged item by item (`batch.rs`).

mod aggregates;
mod answer;
mod api_error;
mod attestations;
mod backend;
mod batch;
mod blocks;
mod config;
mod crowd;
mod duties;
mod events;
mod exits;
mod handshake;
mod kept;
mod listen;
mod liveness;
mod load;
mod metrics;
mod node;
mod observe;
mod proxy;
mod refused;
mod request;
mod routes;
mod selections;
mod shares;
mod subscriptions;
mod sync;
mod tls;
mod validators;

use std::io;
use std::sync::Arc;

use eth::Spec;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use liveness::Members;
use metrics::ServerMetrics;
use node::Polled;

pub use api_error::ApiError;
pub use backend::{Backend, ProposalRequest};
pub use config::ServerConfig;
pub use shares::Shares;
pub use tls::{Tls, TlsError, TlsFiles};

/// The validator API of one node.
pub struct Server<B> {
    app: Arc<App<B>>,
}

/// What every handler can reach.
pub(crate) struct App<B> {
    backend: B,
    client: Client,
    shares: Shares,
    spec: Spec,
    config: ServerConfig,
    metrics: ServerMetrics,
    polled: Polled,
    members: Members,
}

impl<B: Backend> Server<B> {
    /// Puts the server together and registers its metrics. It does not listen yet.
    pub fn new(
        config: ServerConfig,
        backend: B,
        client: Client,
        shares: Shares,
        spec: Spec,
        registry: &mut Registry,
    ) -> Server<B> {
        let metrics = ServerMetrics::register(registry);
        let (polled, members) = (Polled::new(&spec), Members::default());
        Server { app: Arc::new(App { backend, client, shares, spec, config, metrics, polled, members }) }
    }

    /// The routes, for use without a socket.
    pub fn router(&self) -> axum::Router {
        routes::router(self.app.clone())
    }

    /// Serves until `shutdown` is cancelled; then lets running requests end, for a bounded time.
    ///
    /// # Errors
    /// When the socket fails for good.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> io::Result<()> {
        listen::serve(listener, self.router(), &self.app.config, shutdown).await
    }
}
