//! What a command that asks once learns of the chain, and gives to it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use beacon::client::{Client, ClientConfig};
use cluster::{GroupKey, Lock};
use eth::{Epoch, SignedVoluntaryExit, Spec};
use prometheus_client::registry::Registry;
use url::Url;

use crate::Error;

pub use beacon::api::{Validator, ValidatorStatus};

/// Beacon nodes, or whatever speaks the Beacon API, and how to ask them.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// The preferred one first.
    pub urls: Vec<Url>,
    /// Headers for every request.
    pub headers: Vec<(String, String)>,
    /// Longest wait for an answer.
    pub timeout: Duration,
}

/// The chain at this moment.
pub struct ChainView {
    client: Client,
    /// Its configuration.
    pub spec: Spec,
    /// The cluster's validators that are on the chain.
    pub validators: BTreeMap<GroupKey, Validator>,
}

impl ChainView {
    /// Asks for the chain's configuration and the validators of the lock.
    ///
    /// # Errors
    /// No endpoint answers, or all are of another network than the lock.
    pub async fn ask(endpoints: Endpoints, lock: &Lock) -> Result<ChainView, Error> {
        let client = client(endpoints, lock)?;
        let spec = client.spec().await?;
        let keys: Vec<_> = lock.validators.iter().map(|validator| validator.group_key.0).collect();
        let validators = client.validators_by_pubkey(&keys).await?;
        let by_key = validators.into_iter().map(|validator| (GroupKey(validator.pubkey), validator));
        Ok(ChainView { client, spec, validators: by_key.collect() })
    }

    /// The epoch of this moment.
    pub fn epoch(&self) -> Epoch {
        let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as i128;
        let since_genesis = now_ns - i128::from(self.spec.genesis.genesis_time) * 1_000_000_000;
        self.spec.epoch_of(self.spec.slot_at_ns(i64::try_from(since_genesis).unwrap_or_default()))
    }

    /// Publishes a complete exit.
    ///
    /// # Errors
    /// No beacon node takes it.
    pub async fn submit_exit(&self, exit: &SignedVoluntaryExit) -> Result<(), Error> {
        Ok(self.client.submit_exit(exit).await?)
    }
}

/// Gives an exit signed with a share to a node of the cluster, over its validator API.
///
/// # Errors
/// The node is not there, or refuses it.
pub async fn hand_in_exit(node: Endpoints, lock: &Lock, exit: &SignedVoluntaryExit) -> Result<(), Error> {
    Ok(client(node, lock)?.submit_exit(exit).await?)
}

/// A client of these endpoints, which must be of the lock's network.
fn client(endpoints: Endpoints, lock: &Lock) -> Result<Client, Error> {
    let Endpoints { urls, headers, timeout } = endpoints;
    let config = ClientConfig {
        endpoints: urls,
        headers,
        genesis_fork_version: Some(lock.definition.fork_version),
        timeout,
        submit_timeout: timeout,
        ..ClientConfig::default()
    };
    Ok(Client::new(config, &mut Registry::default())?)
}
