//! Consensus messages: signing, encoding, and the receive path in the order of charon-wire 4.3.

use std::sync::Arc;

use cluster::NodeKey;
use cluster::hash::hash_bytes;
use duty::{ConsensusMessage, Duty, DutyKind, Value};
use eth::Slot;
use prost::Message as _;
use qbft::{Draft, Hash, Kind, Message, PeerIndex, Round, limits};

use super::any::{self, UNSIGNED_DATA_SET};
use super::fields::{Field, Fields, put_bytes};
use super::recent::digest;
use super::reject::Reject;
use super::{Codec, proto};

/// Signs a message of our own for an instance. Its `wire` holds the signed bytes.
pub fn sign(key: &NodeKey, me: PeerIndex, duty: Duty, draft: Draft) -> Message {
    let mut message = proto::QbftMessage {
        r#type: draft.kind as i64,
        duty: Some(proto::Duty { slot: duty.slot.0, r#type: i32::from(duty.kind.number()) }),
        peer_index: i64::from(me.0),
        round: draft.round.number().cast_signed(),
        prepared_round: draft.prepared_round.cast_signed(),
        signature: Vec::new(),
        value_hash: hash_field(draft.value),
        prepared_value_hash: hash_field(draft.prepared_value),
    };
    message.signature = key.sign(&hash_bytes(&message.encode_to_vec())).to_vec();
    draft.signed(me, message.encode_to_vec().into())
}

/// Encodes a signed message with its justification and all values that they name.
pub fn encode(message: &ConsensusMessage) -> Vec<u8> {
    let ConsensusMessage { message, values, .. } = message;
    let justification = message.justification.iter().map(|entry| &entry.wire[..]);
    envelope(&message.wire, justification, values.iter().map(|value| &value.bytes[..]))
}

/// The envelope of a signed message, the signed messages that justify it, and encoded values.
pub(crate) fn envelope<'a>(
    message: &[u8],
    justification: impl Iterator<Item = &'a [u8]>,
    values: impl Iterator<Item = &'a [u8]> + Clone,
) -> Vec<u8> {
    let size = message.len() + values.clone().map(|value| value.len() + 128).sum::<usize>();
    let mut out = Vec::with_capacity(size + 256 * justification.size_hint().0);
    put_bytes(1, message, &mut out);
    for entry in justification {
        put_bytes(2, entry, &mut out);
    }
    for value in values {
        put_bytes(3, &any::encode(UNSIGNED_DATA_SET, value), &mut out);
    }
    out
}

/// The deterministic encoding of a duty.
pub fn duty_encoding(slot: u64, kind: i32) -> Vec<u8> {
    proto::Duty { slot, r#type: kind }.encode_to_vec()
}

/// Hashes are always written in full, zeros where there is none.
fn hash_field(hash: Option<Hash>) -> Vec<u8> {
    hash.map_or([0; 32], |hash| hash.0).to_vec()
}

impl Codec {
    /// Decodes and verifies a received message, its justification and its values.
    ///
    /// Whether the duty is one of ours and still alive is for the engine to say; who delivered the message does not
    /// matter, only who signed it.
    ///
    /// # Errors
    /// The first thing that is wrong with it; the message is to be dropped.
    pub fn consensus_message(&self, bytes: &[u8]) -> Result<ConsensusMessage, Reject> {
        limits::size(bytes.len())?;
        let envelope = Envelope::read(bytes, self.peers.len())?;
        let (duty, mut message) = self.verified(envelope.message)?;
        for justification in &envelope.justification {
            let (other, justification) = self.verified(justification)?;
            if other != duty {
                return Err(Reject::ForeignJustification);
            }
            message.justification.push(justification);
        }
        let sent = self.values(duty.kind, &envelope.values)?;
        let values = named_values(&message, sent)?;
        Ok(ConsensusMessage { duty, message, values })
    }

    /// A signed message whose signature is good.
    fn verified(&self, signed: &[u8]) -> Result<(Duty, Message), Reject> {
        let mut decoded = proto::QbftMessage::decode(signed)?;
        if decoded.encode_to_vec() != signed {
            return Err(Reject::NotCanonical("a signed message"));
        }
        let (duty, message) = self.meaning(&decoded, signed)?;
        let digest = digest(signed);
        if self.memory().is_verified(&digest) {
            return Ok((duty, message));
        }
        let signature = std::mem::take(&mut decoded.signature);
        let hash = hash_bytes(&decoded.encode_to_vec());
        let signer = self.peers.get(usize::from(message.source.0));
        if !signer.is_some_and(|signer| signer.verify(&hash, &signature)) {
            return Err(Reject::Signature(message.source));
        }
        self.memory().verified(digest);
        Ok((duty, message))
    }

    fn meaning(&self, message: &proto::QbftMessage, signed: &[u8]) -> Result<(Duty, Message), Reject> {
        let duty = message.duty.as_ref().ok_or(Reject::Missing("duty"))?;
        let kind = kind(message.r#type).ok_or(Reject::MessageType(message.r#type))?;
        let duty = Duty::new(Slot(duty.slot), duty_kind(duty.r#type)?);
        let (round, prepared_round) = (message.round, message.prepared_round);
        let out_of_range = Reject::Round { round, prepared_round };
        let numbers = (u64::try_from(round).ok().and_then(Round::new), u64::try_from(prepared_round).ok());
        let (Some(round), Some(prepared_round)) = numbers else {
            return Err(out_of_range);
        };
        let source =
            u8::try_from(message.peer_index).ok().filter(|index| usize::from(*index) < self.peers.len());
        let source = source.map(PeerIndex).ok_or(Reject::Signer(message.peer_index))?;
        let message = Message {
            kind,
            source,
            round,
            value: hash_of_field(&message.value_hash),
            prepared_round,
            prepared_value: hash_of_field(&message.prepared_value_hash),
            justification: Vec::new(),
            wire: Arc::from(signed),
        };
        Ok((duty, message))
    }

    fn values(&self, kind: DutyKind, encoded: &[&[u8]]) -> Result<Vec<Value>, Reject> {
        let value = |any: &&[u8]| match any::decode(any)? {
            (UNSIGNED_DATA_SET, set) => self.value(kind, set),
            (other, _) => Err(Reject::ValueType(other.chars().take(80).collect())),
        };
        encoded.iter().map(value).collect()
    }
}

fn kind(number: i64) -> Option<Kind> {
    let kinds = [Kind::PrePrepare, Kind::Prepare, Kind::Commit, Kind::RoundChange, Kind::Decided];
    kinds.into_iter().find(|kind| *kind as i64 == number)
}

fn duty_kind(number: i32) -> Result<DutyKind, Reject> {
    let kind = DutyKind::from_number(i64::from(number)).ok_or(Reject::DutyType(number))?;
    if kind.has_consensus() { Ok(kind) } else { Err(Reject::UnsupportedDuty(kind)) }
}

/// A hash of another length than 32, or of zeros, is none.
fn hash_of_field(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok().map(Hash).filter(|hash| hash.0 != [0; 32])
}

/// The values that a message and its justification name; others are dropped.
fn named_values(message: &Message, mut sent: Vec<Value>) -> Result<Vec<Value>, Reject> {
    let messages = std::iter::once(message).chain(&message.justification);
    let named: Vec<Hash> =
        messages.flat_map(|message| [message.value, message.prepared_value]).flatten().collect();
    if let Some(missing) = named.iter().find(|hash| !sent.iter().any(|value| value.hash == **hash)) {
        return Err(Reject::MissingValue(*missing));
    }
    sent.sort_by_key(|value| value.hash);
    sent.dedup_by_key(|value| value.hash);
    sent.retain(|value| named.contains(&value.hash));
    Ok(sent)
}

/// The parts of a message, not yet looked into.
struct Envelope<'a> {
    message: &'a [u8],
    justification: Vec<&'a [u8]>,
    values: Vec<&'a [u8]>,
}

impl<'a> Envelope<'a> {
    /// Finds the parts, counting them before anything is allocated for them.
    fn read(bytes: &'a [u8], peers: usize) -> Result<Envelope<'a>, Reject> {
        let (mut justifications, mut values) = (0, 0);
        for field in Fields::of(bytes) {
            match field? {
                Field::Bytes(2, _) => justifications += 1,
                Field::Bytes(3, _) => values += 1,
                _ => {}
            }
        }
        limits::counts(peers, justifications, values)?;
        let mut message = None;
        let mut envelope = Envelope {
            message: &[],
            justification: Vec::with_capacity(justifications),
            values: Vec::with_capacity(values),
        };
        for field in Fields::of(bytes) {
            match field? {
                Field::Bytes(1, bytes) => message = Some(bytes),
                Field::Bytes(2, bytes) => envelope.justification.push(bytes),
                Field::Bytes(3, bytes) => envelope.values.push(bytes),
                _ => {}
            }
        }
        envelope.message = message.ok_or(Reject::Missing("msg"))?;
        Ok(envelope)
    }
}
