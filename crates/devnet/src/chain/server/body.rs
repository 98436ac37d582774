//! Bodies of requests: lists in JSON or SSZ, judged item by item.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use eth::{Container, DecodeError, Fork, Preset, split_list};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::reply::{CONSENSUS_VERSION, Refusal, is_ssz, read_json, text};
use crate::chain::world::Statement;
use crate::chain::{Shared, judge};

/// A list of containers that are the same in every preset.
pub(super) fn read_list<T: Container + DeserializeOwned>(
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Vec<T>, Refusal> {
    if !is_ssz(headers) {
        return read_json(body);
    }
    let items = split_list(T::ssz_size(), body).map_err(invalid)?;
    items.into_iter().map(T::from_ssz).collect::<Result<_, _>>().map_err(invalid)
}

/// How containers that hide their preset are read.
#[derive(Clone, Copy)]
pub(super) struct Reader<T> {
    pub(super) from_json: fn(Preset, &[u8]) -> Result<T, DecodeError>,
    pub(super) from_ssz: fn(Preset, &[u8]) -> Result<T, DecodeError>,
    /// Bytes of SSZ, where they are the same for all.
    pub(super) size: fn(Preset) -> Option<usize>,
}

/// A list of containers that hide their preset.
pub(super) fn read_list_of_preset<T>(
    headers: &HeaderMap,
    body: &Bytes,
    preset: Preset,
    reader: Reader<T>,
) -> Result<Vec<T>, Refusal> {
    if is_ssz(headers) {
        let items = split_list((reader.size)(preset), body).map_err(invalid)?;
        return items
            .into_iter()
            .map(|item| (reader.from_ssz)(preset, item))
            .collect::<Result<_, _>>()
            .map_err(invalid);
    }
    let items: Vec<Box<RawValue>> = read_json(body)?;
    let items = items.iter().map(|item| (reader.from_json)(preset, item.get().as_bytes()));
    items.collect::<Result<_, _>>().map_err(invalid)
}

/// Publishing names the fork of the body.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    match text(headers, CONSENSUS_VERSION) {
        Some(version) if version == Fork::Fulu.name() => Ok(()),
        Some(other) => Err(Refusal::bad_request(format!("this chain is at fulu, not at {other}"))),
        None => Err(Refusal::bad_request("Eth-Consensus-Version is missing")),
    }
}

/// Judges each item; the answer lists those refused.
pub(super) async fn judge_each<S: Statement>(
    chain: &Arc<Shared>,
    statements: Vec<S>,
) -> Result<StatusCode, Refusal> {
    let verdicts = judge::statements(chain, statements).await;
    let refused =
        verdicts.into_iter().enumerate().filter_map(|(index, verdict)| Some((index, verdict.err()?)));
    let failures: Vec<(usize, String)> = refused.map(|(index, why)| (index, why.to_string())).collect();
    if failures.is_empty() { Ok(StatusCode::OK) } else { Err(Refusal::of_items(failures)) }
}

fn invalid(why: DecodeError) -> Refusal {
    Refusal::bad_request(format!("invalid body: {why}"))
}
