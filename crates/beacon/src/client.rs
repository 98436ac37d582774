//! A client of one or several beacon nodes that follow the same chain.
//!
//! Questions go to the first healthy endpoint; on an error, at once to the next; when an answer is slow, to the next
//! as well, and the first good answer wins (`failover.rs`). Submissions go to all endpoints (`submit.rs`), and what
//! they need for our blocks must be acknowledged by each (`proposers.rs`). An endpoint of another network is refused
//! (`network.rs`). Every answer has a size limit (`call.rs`).

mod aggregates;
mod attestations;
mod blocks;
mod call;
mod chain;
mod config;
mod duties;
mod endpoint;
mod events;
mod exits;
mod failover;
mod forward;
mod health;
mod items;
mod metrics;
mod network;
mod proposers;
mod read;
mod sse;
mod submit;
mod subscriptions;
mod sync;
mod transport;
mod validators;

use std::sync::{Arc, RwLock};

use eth::Genesis;
use prometheus_client::registry::Registry;

use crate::error::Error;
use endpoint::Endpoint;
use metrics::ClientMetrics;
pub(crate) use metrics::latency_buckets;

pub use blocks::ProducedBlock;
pub use call::Limits;
pub(crate) use call::json_body;
#[cfg(feature = "fuzzing")]
pub(crate) use call::{Answer, Call};
pub use config::ClientConfig;
pub use events::{EventItem, Events};
pub use forward::{ByteStream, ForwardBody, Forwarded};
pub use proposers::Acknowledgements;
pub(crate) use sse::encode as encode_event;
#[cfg(feature = "fuzzing")]
pub(crate) use sse::read as read_events;
pub(crate) use validators::{Listed, Wanted};

/// The client. Cheap to clone; clones share connections and what is known of each endpoint's health.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    config: ClientConfig,
    endpoints: Vec<Arc<Endpoint>>,
    /// The genesis every endpoint must have: that of the first endpoint that answered.
    genesis: RwLock<Option<Genesis>>,
    metrics: ClientMetrics,
}

impl Client {
    /// Builds the client and registers its metrics. No connection is made yet.
    ///
    /// # Errors
    /// A configuration that cannot work: no endpoint, an endpoint that is no HTTP URL, an impossible header.
    pub fn new(config: ClientConfig, registry: &mut Registry) -> Result<Client, Error> {
        crate::install_crypto();
        if config.endpoints.is_empty() {
            return Err(Error::NoEndpoint);
        }
        let endpoints = Endpoint::all_of(&config)?;
        let metrics = ClientMetrics::register(registry);
        Ok(Client { inner: Arc::new(Inner { config, endpoints, genesis: RwLock::default(), metrics }) })
    }

    /// The endpoints in the configured order, as logs name them: without credentials.
    pub fn endpoints(&self) -> Vec<String> {
        self.inner.endpoints.iter().map(|endpoint| endpoint.name().to_owned()).collect()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoints", &self.endpoints()).finish_non_exhaustive()
    }
}
