//! What the beacon nodes know of the cluster's validators.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use beacon::api::Validator;
use beacon::client::{Client, ClientConfig};
use cluster::{GroupKey, Lock};
use eth::{Epoch, Spec};
use prometheus_client::registry::Registry;
use url::Url;

use crate::arguments::BeaconNodes;

/// The chain at this moment.
pub(super) struct Chain {
    pub(super) client: Client,
    pub(super) spec: Spec,
    /// The cluster's validators that are on the chain.
    pub(super) validators: BTreeMap<GroupKey, Validator>,
}

impl Chain {
    pub(super) async fn ask(nodes: &BeaconNodes, lock: &Lock) -> anyhow::Result<Chain> {
        let client = client(nodes.beacon_node_endpoints.clone(), nodes, lock)?;
        let spec = client.spec().await.context("cannot learn the chain's configuration")?;
        let keys: Vec<_> = lock.validators.iter().map(|validator| validator.group_key.0).collect();
        let validators = client.validators_by_pubkey(&keys).await.context("cannot look the validators up")?;
        let by_key = validators.into_iter().map(|validator| (GroupKey(validator.pubkey), validator));
        Ok(Chain { client, spec, validators: by_key.collect() })
    }

    /// The epoch of this moment.
    pub(super) fn epoch(&self) -> Epoch {
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as i128;
        let since_genesis = now_ns - i128::from(self.spec.genesis.genesis_time) * 1_000_000_000;
        let slot = self.spec.slot_at_ns(i64::try_from(since_genesis).unwrap_or_default());
        self.spec.epoch_of(slot)
    }
}

/// A client of these nodes, which must be of the lock's network.
pub(super) fn client(endpoints: Vec<Url>, nodes: &BeaconNodes, lock: &Lock) -> anyhow::Result<Client> {
    let config = ClientConfig {
        endpoints,
        headers: nodes.beacon_node_headers.clone(),
        genesis_fork_version: Some(lock.definition.fork_version),
        timeout: nodes.beacon_node_timeout,
        submit_timeout: nodes.beacon_node_timeout,
        ..ClientConfig::default()
    };
    Ok(Client::new(config, &mut Registry::default())?)
}
