//! Consensus values on the wire.

use std::sync::{Arc, LazyLock};

use duty::{AttesterDatum, ConsensusMessage, Content, Duty, DutyKind, Value};
use eth::{Container, Slot};
use net::wire::{self, Codec, Reject};
use qbft::{Hash, Kind, PeerIndex};

use crate::cluster::{key, keys};
use crate::samples::{attester_value, datum, draft, group_key, proposal, proposer_value, spec};

/// What a peer makes of a value of our spelling, carried by a message.
pub(crate) fn received(kind: DutyKind, bytes: &[u8]) -> Result<Value, Reject> {
    let duty = Duty::new(Slot(9), kind);
    let content = attester_value(9).content;
    let value = Value { hash: Hash(wire::hash_encoding(bytes)), content, bytes: bytes.into() };
    let message = wire::sign(&key(1), PeerIndex(1), duty, draft(Kind::Prepare, Some(&value)));
    let sent = wire::encode_consensus(&ConsensusMessage { duty, message, values: vec![value] });
    static CODEC: LazyLock<Codec> = LazyLock::new(|| Codec::new(keys(4), Arc::new(spec())));
    CODEC.consensus_message(&sent).map(|received| received.values[0].clone())
}

pub(crate) fn set(entries: &[(&str, &[u8])]) -> Vec<u8> {
    wire::encode_set(entries.iter().map(|(key, value)| (key.as_bytes(), *value)))
}

fn attester_content(value: &Value) -> Vec<AttesterDatum> {
    match &value.content {
        Content::Attester(data) => data.values().cloned().collect(),
        _ => panic!("attestation data"),
    }
}

#[test]
fn attester_values_are_232_bytes_of_ssz() {
    let expected = datum(9, 1);
    let ssz = [&[8, 0, 0, 0, 136, 0, 0, 0][..], &expected.data.to_ssz(), &expected.duty.to_ssz()].concat();
    assert_eq!(ssz.len(), 232);
    let key = group_key(1).to_string();
    let value = received(DutyKind::Attester, &set(&[(&key, &ssz)])).expect("a sound value");
    assert_eq!(attester_content(&value), [expected]);
}

#[test]
fn attester_values_may_be_json() {
    let AttesterDatum { data, duty } = datum(9, 1);
    let json = serde_json::json!({ "attestation_data": data, "attestation_duty": duty }).to_string();
    let key = group_key(1).to_string();
    let value = received(DutyKind::Attester, &set(&[(&key, json.as_bytes())])).expect("a sound value");
    assert_eq!(attester_content(&value), [datum(9, 1)]);
}

#[test]
fn proposals_may_be_json() {
    let json = [&br#"{"version":6,"block":"#[..], &proposal(9).to_json(), br#","blinded":false}"#].concat();
    let key = group_key(1).to_string();
    let value = received(DutyKind::Proposer, &set(&[(&key, &json)])).expect("a sound value");
    assert!(matches!(&value.content, Content::Proposer { proposal: block, .. } if **block == proposal(9)));
}

#[test]
fn a_proposal_begins_with_fork_form_and_offset() {
    let block = proposal(9);
    let header = [6, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0];
    let key = group_key(1).to_string();
    let bytes = set(&[(&key, &[&header[..], block.to_ssz()].concat())]);
    assert_eq!(*proposer_value(9).bytes, *bytes);
    assert!(received(DutyKind::Proposer, &bytes).is_ok());
}

#[test]
fn malformed_values_are_refused() {
    let key = group_key(1).to_string();
    let sound = attester_value(9);
    let Content::Attester(data) = &sound.content else { panic!("attestation data") };
    let datum = &data[&group_key(1)];
    let ssz = [&[8, 0, 0, 0, 136, 0, 0, 0][..], &datum.data.to_ssz(), &datum.duty.to_ssz()].concat();
    let upper = key.to_uppercase().replacen("0X", "0x", 1);
    let longer = [&ssz[..], &[0]].concat();
    assert_eq!(received(DutyKind::Attester, &set(&[("0xaabb", &ssz)])).err(), Some(Reject::Key));
    assert_eq!(
        received(DutyKind::Attester, &set(&[(key.trim_start_matches("0x"), &ssz)])).err(),
        Some(Reject::Key)
    );
    assert!(received(DutyKind::Attester, &set(&[(&key, &longer)])).is_err());
    assert!(received(DutyKind::Attester, &set(&[(&key, &ssz[..231])])).is_err());
    assert!(received(DutyKind::Attester, &set(&[(&key, b"{}")])).is_err());
    assert!(received(DutyKind::Attester, &set(&[(&key, b"")])).is_err());
    assert_eq!(
        received(DutyKind::Attester, &set(&[(&key, &ssz), (&key, &ssz)])).err(),
        Some(Reject::TwiceTheKey)
    );
    assert_eq!(upper, key, "digits only: the sample key has no letters");
    let two = set(&[(&key, &ssz), (&group_key(2).to_string(), &ssz)]);
    assert_eq!(received(DutyKind::Proposer, &two).err(), Some(Reject::ProposalCount(2)));
    for header in
        [&[6u8, 0, 0, 0, 0, 0, 0, 0, 2, 13, 0, 0, 0][..], &[6, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0], &[6]]
    {
        assert!(received(DutyKind::Proposer, &set(&[(&key, header)])).is_err());
    }
}

#[test]
fn keys_are_lower_case() {
    let key = group_key(0xab).to_string();
    let upper = key.to_uppercase().replacen("0X", "0x", 1);
    assert_ne!(upper, key);
    let refused = received(DutyKind::Attester, &set(&[(&upper, b"{}")]));
    assert_eq!(refused.err(), Some(Reject::Key));
}

#[test]
fn duties_without_values_of_ours_are_unsupported() {
    for kind in [DutyKind::InfoSync, DutyKind::Randao, DutyKind::PrepareAggregator, DutyKind::SyncMessage] {
        let refused = received(kind, &attester_value(9).bytes);
        assert_eq!(refused.err(), Some(Reject::UnsupportedDuty(kind)));
    }
}
