//! What a beacon node says of its chain and of itself.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use eth::{Genesis, Root, Slot, Spec};
use serde::Deserialize;
use serde_json::Value;

use super::Client;
use super::call::{Answer, Call, Limits};
use super::failover::in_sync;
use super::read;
use crate::api::{BlockSummary, PeerCount, Syncing};
use crate::error::{Error, Problem};

impl Client {
    /// The chain's genesis, the same at every endpoint that is not refused.
    ///
    /// # Errors
    /// When no endpoint of the right network answers; before genesis is known they answer 404.
    pub async fn genesis(&self) -> Result<Genesis, Error> {
        let known = *self.inner.genesis.read().unwrap_or_else(PoisonError::into_inner);
        match known {
            Some(genesis) => Ok(genesis),
            None => {
                self.first(self.get("genesis", "/eth/v1/beacon/genesis", Limits::SMALL), read::genesis).await
            }
        }
    }

    /// The chain's configuration.
    ///
    /// # Errors
    /// When no endpoint answers, or none with a configuration that makes sense.
    pub async fn spec(&self) -> Result<Spec, Error> {
        let genesis = self.genesis().await?;
        let call = self.get("spec", "/eth/v1/config/spec", Limits::SPEC);
        self.first(call, |answer| {
            let values: BTreeMap<String, Value> = read::data(answer)?;
            Spec::from_api(&values, genesis).map_err(|error| Problem::Malformed(error.to_string()))
        })
        .await
    }

    /// The configuration as the beacon node words it, for a validator client that compares each key.
    pub(crate) async fn spec_json(&self) -> Result<Value, Error> {
        self.first(self.get("spec", "/eth/v1/config/spec", Limits::SPEC), read::json).await
    }

    /// Sync status of the first endpoint that is in sync; when none is, of one that is not.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn syncing(&self) -> Result<Syncing, Error> {
        let call = self.get("node_syncing", "/eth/v1/node/syncing", Limits::SMALL);
        match self.first(call.clone(), in_sync).await {
            Err(Error::Failed { failures, .. })
                if failures.iter().any(|failure| matches!(failure.problem, Problem::Syncing { .. })) =>
            {
                self.first(call, read::data).await
            }
            result => result,
        }
    }

    /// Name and version of the first endpoint's software.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn version(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Entry {
            version: String,
        }
        let call = self.get("node_version", "/eth/v1/node/version", Limits::SMALL);
        self.first(call, |answer| read::data::<Entry>(answer).map(|entry| entry.version)).await
    }

    /// Peers of the first endpoint.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn peer_count(&self) -> Result<PeerCount, Error> {
        self.first(self.get("node_peer_count", "/eth/v1/node/peer_count", Limits::SMALL), read::data).await
    }

    /// What is known of the block with this root; `None` when no endpoint knows it.
    ///
    /// # Errors
    /// When an endpoint failed and none knows the block: then nothing can be said.
    pub async fn block_header(&self, root: Root) -> Result<Option<BlockSummary>, Error> {
        let call = self.get("block_header", format!("/eth/v1/beacon/headers/{root}"), Limits::HEADER);
        let named = move |answer: &Answer| match summary(answer)? {
            summary if summary.root == root => Ok(summary),
            summary => Err(Problem::Malformed(format!("asked for block {root}, answered {}", summary.root))),
        };
        match self.first(call, named).await {
            Ok(summary) => Ok(Some(summary)),
            Err(Error::Failed { failures, .. })
                if failures.iter().all(|failure| is_not_found(&failure.problem)) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The head of the chain.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn head(&self) -> Result<BlockSummary, Error> {
        self.first(self.get("block_header", "/eth/v1/beacon/headers/head", Limits::HEADER), summary).await
    }

    /// Root of the head block.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn head_root(&self) -> Result<Root, Error> {
        #[derive(Deserialize)]
        struct Entry {
            root: Root,
        }
        let call = self.get("beacon_block_root", "/eth/v1/beacon/blocks/head/root", Limits::SMALL);
        self.first(call, |answer| read::data::<Entry>(answer).map(|entry| entry.root)).await
    }

    pub(crate) fn get(&self, name: &'static str, path: impl Into<String>, limit: usize) -> Call {
        Call::get(&self.inner.config, name, path, limit)
    }
}

fn is_not_found(problem: &Problem) -> bool {
    matches!(problem, Problem::Status { code: 404, .. })
}

fn summary(answer: &Answer) -> Result<BlockSummary, Problem> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        execution_optimistic: bool,
        data: Named,
    }
    #[derive(Deserialize)]
    struct Named {
        root: Root,
        header: Signed,
    }
    #[derive(Deserialize)]
    struct Signed {
        message: Header,
    }
    #[derive(Deserialize)]
    struct Header {
        slot: Slot,
        parent_root: Root,
    }
    let Entry { execution_optimistic, data: Named { root, header } } = read::json(answer)?;
    let Header { slot, parent_root } = header.message;
    Ok(BlockSummary { root, slot, parent_root, execution_optimistic })
}
