//! Consensus values: sets of unsigned duty data by validator (charon-wire 4.8). One file per kind of duty.

mod attester;
mod proposer;

use std::collections::BTreeMap;

use cluster::GroupKey;
use cluster::hash::hash_bytes;
use duty::{Content, DutyKind, Value};
use eth::PublicKeyBytes;
use qbft::Hash;

use super::Codec;
use super::fields::{Field, Fields, map_entry, put_map_entry};
use super::reject::Reject;

/// Entries a set may have: more validators than any cluster has.
pub(super) const MAX_ENTRIES: usize = 16_384;

/// Makes the value of some content: its encoding and its hash.
pub fn value(content: Content) -> Value {
    let set: BTreeMap<String, Vec<u8>> = match &content {
        Content::Attester(data) => {
            data.iter().map(|(key, datum)| (key.to_string(), attester::encode(datum))).collect()
        }
        Content::Proposer { key, proposal } => [(key.to_string(), proposer::encode(proposal))].into(),
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
    pub(super) fn value(&self, kind: DutyKind, received: &[u8]) -> Result<Value, Reject> {
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
        match kind {
            DutyKind::Attester => {
                let datum = |(key, bytes): (&&[u8], &&[u8])| Ok((group_key(key)?, attester::decode(bytes)?));
                set.iter().map(datum).collect::<Result<_, Reject>>().map(Content::Attester)
            }
            DutyKind::Proposer => {
                let (Some((key, bytes)), 1) = (set.first_key_value(), set.len()) else {
                    return Err(Reject::ProposalCount(set.len()));
                };
                let proposal = proposer::decode(self.spec.preset, bytes)?.into();
                Ok(Content::Proposer { key: group_key(key)?, proposal })
            }
            other => Err(Reject::UnsupportedDuty(other)),
        }
    }

    pub(super) fn memory(&self) -> std::sync::MutexGuard<'_, super::recent::Recent> {
        // Whoever panicked left the memory whole: every change to it is a single call.
        self.recent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
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
