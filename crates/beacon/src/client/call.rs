//! One request to a beacon node, with its limits.

use std::time::Duration;

use bytes::Bytes;
use eth::Fork;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::Serialize;

use super::config::ClientConfig;
use crate::api::{BLOCK_BODY_MAX, MediaType};

/// Most bytes read of each kind of answer, after decompression.
pub struct Limits;

impl Limits {
    /// Genesis, syncing, version, peer count, attestation data, a sync contribution, a block's root.
    pub const SMALL: usize = 4 << 10;
    /// An aggregate: in the largest slot it has 131 072 bits, 33 kB of JSON.
    pub const AGGREGATE: usize = 64 << 10;
    /// A block header.
    pub const HEADER: usize = 16 << 10;
    /// The chain's configuration.
    pub const SPEC: usize = 256 << 10;
    /// Duties of an epoch.
    pub const DUTIES: usize = 8 << 20;
    /// Validators of a state, asked by id.
    pub const VALIDATORS: usize = 16 << 20;
    /// A block with its blobs.
    pub const BLOCK: usize = BLOCK_BODY_MAX;
    /// An error body.
    pub const ERROR: usize = 64 << 10;
    /// One server-sent event.
    pub const EVENT: usize = 256 << 10;
}

/// What is asked, how long we wait and how much we read.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Label of the metrics and name in errors.
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<(MediaType, Bytes)>,
    pub(crate) fork: Option<Fork>,
    pub(crate) limit: usize,
    pub(crate) timeout: Duration,
    /// When the next endpoint is asked as well; `None`: only when this one failed.
    pub(crate) patience: Option<Duration>,
}

/// What an endpoint answered with a 2xx status, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Prefers SSZ; every node understands JSON.
pub(crate) const SSZ_OR_JSON: &str = "application/octet-stream;q=1,application/json;q=0.9";

impl Call {
    pub(crate) fn get(
        config: &ClientConfig,
        name: &'static str,
        path: impl Into<String>,
        limit: usize,
    ) -> Call {
        Call {
            name,
            method: Method::GET,
            path: path.into(),
            accept: MediaType::Json.as_str(),
            body: None,
            fork: None,
            limit,
            timeout: config.timeout,
            patience: Some(config.patience),
        }
    }

    /// A question with a JSON body.
    pub(crate) fn ask_json(
        config: &ClientConfig,
        name: &'static str,
        path: impl Into<String>,
        body: Bytes,
        limit: usize,
    ) -> Call {
        let call = Call::get(config, name, path, limit);
        Call { method: Method::POST, body: Some((MediaType::Json, body)), ..call }
    }

    /// A submission: no answer is expected but the status.
    pub(crate) fn submit(
        config: &ClientConfig,
        name: &'static str,
        path: impl Into<String>,
        media: MediaType,
        body: Bytes,
    ) -> Call {
        let call = Call::get(config, name, path, Limits::ERROR);
        Call {
            method: Method::POST,
            body: Some((media, body)),
            timeout: config.submit_timeout,
            patience: None,
            ..call
        }
    }

    pub(crate) fn with_fork(self, fork: Fork) -> Call {
        Call { fork: Some(fork), ..self }
    }
}

/// JSON of our own types, which cannot fail: they hold no map with keys that are not text.
pub(crate) fn json_body(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("our own types are representable in JSON").into()
}
