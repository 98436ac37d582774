//! Consensus values: sets of unsigned duty data by validator (charon-wire 4.8). One file per kind of duty.

mod aggregator;
mod attester;
mod proposer;
mod sync_contribution;

use std::collections::BTreeMap;

use cluster::GroupKey;
use cluster::hash::hash_bytes;
use duty::{Content, DutyKind, Value};
use eth::{PublicKeyBytes, Spec};
use qbft::Hash;

use super::Codec;
use super::fields::{Field, Fields, map_entry, put_map_entry};
use super::reject::Reject;

/// Entries a set may have: more validators than any cluster has.
pub(super) const MAX_ENTRIES: usize = 16_384;

/// Makes the value of some content: its encoding and its hash. On the chain of `spec`, which has the forks of
/// aggregates.
pub fn value(spec: &Spec, content: Content) -> Value {
    let set: BTreeMap<String, Vec<u8>> = match &content {
        Content::Attester(data) => entries(data.iter(), attester::encode),
        Content::Proposer { key, proposal } => [(key.to_string(), proposer::encode(proposal))].into(),
        Content::Aggregator(set) => entries(set.iter(), |aggregate| aggregator::encode(spec, aggregate)),
        Content::SyncContribution(set) => {
            entries(set.iter(), |contributions| sync_contribution::encode(contributions))
        }
    };
    let bytes = encode_set(set.iter().map(|(key, value)| (key.as_bytes(), value.as_slice())));
    Value { hash: Hash(hash(&bytes)), content, bytes: bytes.into() }
}

/// The deterministic encoding of a set whose entries come in ascending order of their keys.
pub fn encode_set<'a>(entries: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in entries {
        put_map_entry(1, key, value, &mut out);
    }
    out
}

/// The hash of a deterministic encoding: the tree of its chunks, without its length (charon-wire 4.2).
pub fn hash(encoding: &[u8]) -> [u8; 32] {
    hash_bytes(encoding)
}

impl Codec {
    /// Decodes a received value. Its hash is that of its deterministic encoding, whichever order its entries came in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn value(&self, kind: DutyKind, received: &[u8]) -> Result<Value, Reject> {
        if let Some(known) = self.memory().value(kind, received) {
            return Ok(known);
        }
        let set = read_set(received)?;
        let content = self.content(kind, &set)?;
        let bytes = encode_set(set.iter().map(|(key, value)| (*key, *value)));
        let value = Value { hash: Hash(hash(&bytes)), content, bytes: bytes.into() };
        self.memory().remember(kind, value.clone());
        Ok(value)
    }

    fn content(&self, kind: DutyKind, set: &BTreeMap<&[u8], &[u8]>) -> Result<Content, Reject> {
        let preset = self.spec.preset;
        match kind {
            DutyKind::Attester => {
                let data: BTreeMap<_, _> = contents(set, attester::decode)?;
                Ok(Content::Attester(data.into()))
            }
            DutyKind::Proposer => {
                let (Some((key, bytes)), 1) = (set.first_key_value(), set.len()) else {
                    return Err(Reject::ProposalCount(set.len()));
                };
                let proposal = proposer::decode(preset, bytes)?.into();
                Ok(Content::Proposer { key: group_key(key)?, proposal })
            }
            DutyKind::Aggregator => {
                let aggregates = contents(set, |bytes| aggregator::decode(preset, bytes))?;
                Ok(Content::Aggregator(aggregates.into()))
            }
            DutyKind::SyncContribution => {
                let contributions = contents(set, |bytes| sync_contribution::decode(preset, bytes))?;
                Ok(Content::SyncContribution(contributions.into()))
            }
            other => Err(Reject::UnsupportedDuty(other)),
        }
    }

    pub(super) fn memory(&self) -> std::sync::MutexGuard<'_, super::recent::Recent> {
        // Whoever panicked left the memory whole: every change to it is a single call.
        self.recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn entries<'a, T: 'a>(
    set: impl Iterator<Item = (&'a GroupKey, &'a T)>,
    encode: impl Fn(&T) -> Vec<u8>,
) -> BTreeMap<String, Vec<u8>> {
    set.map(|(key, content)| (key.to_string(), encode(content))).collect()
}

fn contents<T>(
    set: &BTreeMap<&[u8], &[u8]>,
    decode: impl Fn(&[u8]) -> Result<T, Reject>,
) -> Result<BTreeMap<GroupKey, T>, Reject> {
    set.iter().map(|(key, bytes)| Ok((group_key(key)?, decode(bytes)?))).collect()
}

/// The entries of a set, by key. A message of another type, or from a newer version, shows by its other fields.
fn read_set(set: &[u8]) -> Result<BTreeMap<&[u8], &[u8]>, Reject> {
    let mut entries = BTreeMap::new();
    for field in Fields::of(set) {
        let Field::Bytes(1, entry) = field? else {
            return Err(Reject::NotCanonical("a value"));
        };
        let (key, value) = map_entry(entry)?;
        if entries.insert(key, value).is_some() {
            return Err(Reject::TwiceTheKey);
        }
        if entries.len() > MAX_ENTRIES {
            return Err(Reject::TooManyEntries { limit: MAX_ENTRIES });
        }
    }
    if entries.is_empty() { Err(Reject::EmptySet) } else { Ok(entries) }
}

/// A validator's key as sets write it: `0x` and 96 lower-case hex digits.
pub(super) fn group_key(text: &[u8]) -> Result<GroupKey, Reject> {
    let text = std::str::from_utf8(text).map_err(|_| Reject::Key)?;
    let key: PublicKeyBytes = text.parse().map_err(|_| Reject::Key)?;
    if key.to_string() == text { Ok(GroupKey(key)) } else { Err(Reject::Key) }
}
