//! Sets of partial signatures (charon-wire 5). One file per kind of duty.

mod aggregate;
mod attester;
mod committee_selection;
mod contribution;
mod exit;
mod proposer;
mod randao;
mod sync_message;
mod sync_selection;

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use duty::{Duty, DutyKind, Partial, PartialSet, Signed};
use eth::{SignatureBytes, Slot};
use prost::Message as _;
use qbft::PeerIndex;

use super::fields::{Field, Fields, map_entry, put_bytes, put_map_entry};
use super::reject::Reject;
use super::values::{MAX_ENTRIES, group_key};
use super::{Codec, proto};

/// What came of a received set.
#[derive(Debug)]
pub struct DecodedPartials {
    /// The entries that are sound. Their signatures are not verified.
    pub set: PartialSet,
    /// The keys, shortened, of the entries that are not, and why.
    pub refused: Vec<(String, Reject)>,
}

/// Reported refusals per set: enough to know what is wrong.
const MAX_REFUSED: usize = 16;

impl Codec {
    /// Encodes our own partial signatures. A set has one entry for a validator, so those of a validator in several sync
    /// subcommittees take several sets (charon-wire 5.5).
    pub fn encode_partials(&self, set: &PartialSet) -> Vec<u8> {
        let mut entries = Vec::new();
        for (key, partial) in &set.partials {
            let entry = proto::PartialSignature {
                data: self.encode_signed(partial),
                signature: partial.signature.as_bytes().to_vec(),
                share_index: i32::from(partial.share.number()),
            };
            put_map_entry(1, key.to_string().as_bytes(), &entry.encode_to_vec(), &mut entries);
        }
        let duty = proto::Duty { slot: set.duty.slot.0, r#type: i32::from(set.duty.kind.number()) };
        let mut out = Vec::with_capacity(entries.len() + 32);
        put_bytes(1, &duty.encode_to_vec(), &mut out);
        put_bytes(2, &entries, &mut out);
        out
    }

    /// Decodes a set that `from` delivered. Entries are judged one by one: a bad one costs the others nothing.
    ///
    /// # Errors
    /// When the set as a whole is unreadable, empty, or for a duty we know nothing of.
    pub fn partial_set(&self, bytes: &[u8], from: PeerIndex) -> Result<DecodedPartials, Reject> {
        let (duty, entries) = envelope(bytes)?;
        let mut set = PartialSet { duty, partials: BTreeMap::new() };
        let (mut refused, mut seen) = (Vec::new(), BTreeSet::new());
        for entry in entries {
            let (key, entry) = entry?;
            let partial = if seen.insert(key) {
                self.entry(duty.kind, from, key, entry)
            } else {
                Err(Reject::TwiceTheKey)
            };
            match partial {
                Ok((key, partial)) => drop(set.partials.insert(key, partial)),
                Err(reject) if refused.len() < MAX_REFUSED => refused.push((shown(key), reject)),
                Err(_) => {}
            }
        }
        if seen.is_empty() { Err(Reject::EmptySet) } else { Ok(DecodedPartials { set, refused }) }
    }

    fn entry(
        &self,
        kind: DutyKind,
        from: PeerIndex,
        key: &[u8],
        entry: &[u8],
    ) -> Result<(GroupKey, Partial), Reject> {
        let key = group_key(key)?;
        let entry = proto::PartialSignature::decode(entry)?;
        let share = self.shares.bind_sender(from, i64::from(entry.share_index))?;
        let (signed, signature) = self.decode_signed(kind, &entry.data)?;
        Ok((key, Partial { share, signed, signature }))
    }

    fn encode_signed(&self, partial: &Partial) -> Vec<u8> {
        let signature = partial.signature;
        match &partial.signed {
            Signed::Attestation { data, validator, committee } => {
                attester::encode(&self.spec, data, *validator, *committee, signature)
            }
            Signed::Block(proposal) => proposer::encode(proposal, signature),
            Signed::Randao { epoch } => randao::encode(*epoch, signature),
            Signed::CommitteeSelection { slot, validator } => {
                committee_selection::encode(*slot, *validator, signature)
            }
            Signed::Aggregate(aggregate) => aggregate::encode(&self.spec, aggregate, signature),
            Signed::SyncMessage { slot, block, validator } => {
                sync_message::encode(*slot, *block, *validator, signature)
            }
            Signed::SyncSelection { data, validator } => sync_selection::encode(*data, *validator, signature),
            Signed::Contribution(contribution) => contribution::encode(contribution, signature),
            Signed::Exit(exit) => exit::encode(*exit, signature),
        }
    }

    fn decode_signed(&self, kind: DutyKind, data: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
        let preset = self.spec.preset;
        match kind {
            DutyKind::Proposer => proposer::decode(preset, data),
            DutyKind::Attester => attester::decode(preset, data),
            DutyKind::Exit => exit::decode(data),
            DutyKind::Randao => randao::decode(data),
            DutyKind::PrepareAggregator => committee_selection::decode(data),
            DutyKind::Aggregator => aggregate::decode(preset, data),
            DutyKind::SyncMessage => sync_message::decode(data),
            DutyKind::PrepareSyncContribution => sync_selection::decode(preset, data),
            DutyKind::SyncContribution => contribution::decode(preset, data),
            DutyKind::Signature | DutyKind::BuilderRegistration | DutyKind::InfoSync => {
                Err(Reject::UnsupportedDuty(kind))
            }
        }
    }
}

/// Whether shares sign in duties of this kind outside of key ceremonies. Registrations are signed when the cluster is
/// made; nobody exchanges shares' signatures on them any more (charon-wire 8.6).
fn has_partials(kind: DutyKind) -> bool {
    !matches!(kind, DutyKind::Signature | DutyKind::BuilderRegistration | DutyKind::InfoSync)
}

/// The duty, and the entries as they come; no more of them than can be.
#[allow(clippy::type_complexity)]
fn envelope(bytes: &[u8]) -> Result<(Duty, impl Iterator<Item = Result<(&[u8], &[u8]), Reject>>), Reject> {
    let (mut duty, mut set) = (None, None);
    for field in Fields::of(bytes) {
        match field? {
            Field::Bytes(1, bytes) => duty = Some(bytes),
            Field::Bytes(2, bytes) => set = Some(bytes),
            _ => {}
        }
    }
    let duty = proto::Duty::decode(duty.ok_or(Reject::Missing("duty"))?)?;
    let set = set.ok_or(Reject::Missing("data_set"))?;
    if Fields::of(set).count() > MAX_ENTRIES {
        return Err(Reject::TooManyEntries { limit: MAX_ENTRIES });
    }
    let kind = DutyKind::from_number(i64::from(duty.r#type)).ok_or(Reject::DutyType(duty.r#type))?;
    if !has_partials(kind) {
        return Err(Reject::UnsupportedDuty(kind));
    }
    let entries = Fields::of(set).filter_map(|field| match field {
        Ok(Field::Bytes(1, entry)) => Some(map_entry(entry)),
        Ok(_) => None,
        Err(reject) => Some(Err(reject)),
    });
    Ok((Duty::new(Slot(duty.slot), kind), entries))
}

fn shown(key: &[u8]) -> String {
    String::from_utf8_lossy(key).chars().take(100).collect()
}
