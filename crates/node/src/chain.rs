//! The beacon node as the engine needs it: every question answered with an input, whatever happens.

mod duties;
mod fees;
mod fetch;
mod publish;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use beacon::api::HeadEvent;
use beacon::client::Client;
use cluster::GroupKey;
use duty::{Head, Input};
use eth::{Address, Graffiti, SignedValidatorRegistration, Spec, ValidatorIndex};
use tokio::sync::mpsc;

use crate::metrics::Metrics;

/// A handle to the beacon node; clones share what is known.
#[derive(Clone)]
pub(crate) struct Chain {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    spec: Arc<Spec>,
    clock: crate::clock::Clock,
    metrics: Metrics,
    fee_recipients: BTreeMap<GroupKey, Address>,
    builder_boost: u64,
    graffiti: BTreeMap<GroupKey, Graffiti>,
    /// Registrations with builders, as the lock holds them.
    registrations: Vec<SignedValidatorRegistration>,
    /// Indices of the cluster's validators, as far as the beacon node knows them.
    indices: Mutex<BTreeMap<ValidatorIndex, GroupKey>>,
    /// Held while beacon nodes are told where the fees go.
    telling: tokio::sync::Mutex<()>,
}

/// What a [`Chain`] has to know.
pub(crate) struct ChainConfig {
    pub(crate) client: Client,
    pub(crate) spec: Arc<Spec>,
    pub(crate) clock: crate::clock::Clock,
    pub(crate) metrics: Metrics,
    pub(crate) fee_recipients: BTreeMap<GroupKey, Address>,
    pub(crate) builder_boost: u64,
    pub(crate) graffiti: BTreeMap<GroupKey, Graffiti>,
    pub(crate) registrations: Vec<SignedValidatorRegistration>,
}

impl Chain {
    pub(crate) fn new(config: ChainConfig) -> Chain {
        let ChainConfig {
            client,
            spec,
            clock,
            metrics,
            fee_recipients,
            builder_boost,
            graffiti,
            registrations,
        } = config;
        let inner = Inner {
            client,
            spec,
            clock,
            metrics,
            fee_recipients,
            builder_boost,
            graffiti,
            registrations,
            indices: Mutex::default(),
            telling: tokio::sync::Mutex::default(),
        };
        Chain { inner: Arc::new(inner) }
    }

    /// Tells the engine of every new head, for ever.
    pub(crate) async fn watch_heads(self, inputs: mpsc::Sender<Input>) {
        use beacon::client::EventItem;
        use futures::StreamExt;
        let mut events = self.inner.client.events(&["head"]);
        while let Some(item) = events.next().await {
            let EventItem::Event { data, .. } = item else { continue };
            match serde_json::from_str::<HeadEvent>(&data) {
                Ok(event) => {
                    if inputs.send(Input::Head(head(event))).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!(topic = "sse", %error, "a head event cannot be read"),
            }
        }
    }
}

/// A head as the engine takes it.
fn head(event: HeadEvent) -> Head {
    Head {
        slot: event.slot,
        root: event.block,
        previous_dependent_root: event.previous_duty_dependent_root,
        current_dependent_root: event.current_duty_dependent_root,
    }
}

#[cfg(test)]
mod tests;
