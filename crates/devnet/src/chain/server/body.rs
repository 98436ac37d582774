//! Bodies of requests: lists in JSON or SSZ, judged item by item.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use eth::{Container, DecodeError, Fork, Preset};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::reply::{CONSENSUS_VERSION, Refusal, is_ssz, read_json, text};
use crate::chain::world::Statement;
use crate::chain::{Shared, judge};

/// A list of containers that have the same `size` in every preset, in bytes of SSZ.
pub(super) fn read_list<T: Container + DeserializeOwned>(
    headers: &HeaderMap,
    body: &Bytes,
    size: usize,
) -> Result<Vec<T>, Refusal> {
    if !is_ssz(headers) {
        return read_json(body);
    }
    // A list of items of fixed size is the items, one after the other.
    body.chunks(size).map(T::from_ssz).collect::<Result<_, _>>().map_err(invalid)
}

/// How containers that hide their preset are read.
#[derive(Clone, Copy)]
pub(super) struct Reader<T> {
    pub(super) from_json: fn(Preset, &[u8]) -> Result<T, DecodeError>,
    pub(super) from_ssz: fn(Preset, &[u8]) -> Result<T, DecodeError>,
    /// Bytes of SSZ, where they are the same for all.
    pub(super) size: Option<usize>,
}

/// A list of containers that hide their preset.
pub(super) fn read_list_of_preset<T>(
    headers: &HeaderMap,
    body: &Bytes,
    preset: Preset,
    reader: Reader<T>,
) -> Result<Vec<T>, Refusal> {
    if is_ssz(headers) {
        let items = match reader.size {
            Some(size) => body.chunks(size).collect(),
            None => split(body).ok_or_else(|| Refusal::bad_request("invalid body: wrong offsets"))?,
        };
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

/// The items of an SSZ list of items of variable size: offsets of four bytes, then the items.
fn split(list: &[u8]) -> Option<Vec<&[u8]>> {
    let Some((first, _)) = list.split_first_chunk::<4>() else { return list.is_empty().then(Vec::new) };
    let head = list.get(..u32::from_le_bytes(*first) as usize).filter(|head| head.len() % 4 == 0)?;
    let offset = |bytes: &[u8]| bytes.try_into().map(|bytes| u32::from_le_bytes(bytes) as usize).ok();
    let starts = head.chunks(4).map(offset).collect::<Option<Vec<usize>>>()?;
    let ends = starts.iter().skip(1).copied().chain([list.len()]);
    starts.iter().zip(ends).map(|(start, end)| list.get(*start..end)).collect()
}

fn invalid(why: DecodeError) -> Refusal {
    Refusal::bad_request(format!("invalid body: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_items_of_variable_size_are_split_at_their_offsets() {
        let list = [8, 0, 0, 0, 9, 0, 0, 0, b'a', b'b', b'c'];
        assert_eq!(split(&list), Some(vec![&b"a"[..], &b"bc"[..]]));
        assert_eq!(split(&[]), Some(Vec::new()));
        for wrong in
            [&[8, 0, 0, 0][..], &[3, 0, 0, 0], &[4, 0], &[8, 0, 0, 0, 99, 0, 0, 0], &[8, 0, 0, 0, 4, 0, 0, 0]]
        {
            assert_eq!(split(wrong), None, "{wrong:?}");
        }
    }
}
