//! Aggregates on the wire: as values to agree on, and signed with shares.

use std::sync::Arc;

use duty::{Content, DutyKind, Signed};
use eth::{
    AggregateAndProof, Attestation, Container, DecodeError, Fork, Preset, SignatureBytes, ValidatorIndex,
};
use net::wire::{self, Codec, Reject};
use qbft::PeerIndex;

use crate::cluster::keys;
use crate::samples::{aggregate, datum, group_key, spec_of};
use crate::wire_partials::{SIGNATURE, only, set_of, single};
use crate::wire_values::{received, set};

const PRESET: Preset = Preset::Minimal;
const SLOT: u64 = 33;

/// The header: number of the fork, offset.
fn header(fork: u64, offset: u32) -> Vec<u8> {
    [&fork.to_le_bytes()[..], &offset.to_le_bytes()].concat()
}

/// SSZ of [`aggregate`], field by field.
fn attestation_ssz(preset: Preset) -> Vec<u8> {
    let (offset, committees): (u32, &[u8]) = match preset {
        Preset::Mainnet => (236, &[4, 0, 0, 0, 0, 0, 0, 0]),
        Preset::Minimal => (229, &[4]),
    };
    let data = datum(SLOT, 1).data.to_ssz();
    [&offset.to_le_bytes()[..], &data, &[6; 96], committees, &[0, 0b0000_0011]].concat()
}

/// SSZ of [`aggregate_and_proof`] with a signature, field by field.
fn signed_ssz(preset: Preset) -> Vec<u8> {
    let message =
        [&77u64.to_le_bytes()[..], &108u32.to_le_bytes(), &[5; 96], &attestation_ssz(preset)].concat();
    [&100u32.to_le_bytes()[..], SIGNATURE.as_bytes(), &message].concat()
}

fn aggregate_and_proof(preset: Preset) -> AggregateAndProof {
    AggregateAndProof::new(ValidatorIndex(77), aggregate(preset, SLOT), SignatureBytes([5; 96]))
}

fn value_of(bytes: &[u8]) -> Result<Attestation, Reject> {
    let key = group_key(1);
    let value = received(DutyKind::Aggregator, &set(&[(&key.to_string(), bytes)]))?;
    let Content::Aggregator(set) = &value.content else { panic!("an aggregate") };
    Ok(set[&key].clone())
}

fn partial_of(bytes: &[u8]) -> Result<AggregateAndProof, Reject> {
    let partial = only(&set_of(9, bytes))?;
    let Signed::Aggregate(aggregate) = &partial.signed else { panic!("an aggregate") };
    assert_eq!(partial.signature, SIGNATURE);
    Ok((**aggregate).clone())
}

#[test]
fn a_value_is_a_header_and_the_attestation_of_either_preset() {
    for preset in [Preset::Mainnet, Preset::Minimal] {
        let aggregates = [1, 2].map(|validator| (group_key(validator), aggregate(preset, SLOT)));
        let content = Content::Aggregator(Arc::new(aggregates.into()));
        let value = wire::value(&spec_of(preset), content);
        let expected = [header(6, 12), attestation_ssz(preset)].concat();
        let keys = [1, 2].map(|validator| group_key(validator).to_string());
        assert_eq!(*value.bytes, *set(&[(&keys[0], &expected), (&keys[1], &expected)]));
        assert_eq!(value.hash.0, wire::hash_encoding(&value.bytes));
    }
}

#[test]
fn values_come_back_as_they_went_and_as_json() {
    let sent = aggregate(PRESET, SLOT);
    let ssz = sent.to_ssz();
    assert_eq!(value_of(&[header(6, 12), ssz.clone()].concat()), Ok(sent.clone()));
    assert_eq!(value_of(&[header(5, 12), ssz].concat()), Ok(sent.clone()), "Electra's is the same");
    let json =
        [&br#" {"version":5,"validator_index":"77","attestation":"#[..], &sent.to_json(), b"}"].concat();
    assert_eq!(value_of(&json), Ok(sent));
}

#[test]
fn a_partial_is_a_header_and_the_signed_aggregate_of_either_preset() {
    for preset in [Preset::Mainnet, Preset::Minimal] {
        let codec = Codec::new(keys(4), Arc::new(spec_of(preset)));
        let sent = aggregate_and_proof(preset);
        let encoded =
            codec.encode_partials(&single(DutyKind::Aggregator, Signed::Aggregate(sent.clone().into())));
        assert_eq!(encoded, set_of(9, &[header(6, 12), signed_ssz(preset)].concat()));
        let decoded = codec.partial_set(&encoded, PeerIndex(1)).expect("a sound set").set.partials;
        let partial = &decoded[&group_key(5)];
        assert!(matches!(&partial.signed, Signed::Aggregate(received) if **received == sent));
        assert_eq!(partial.signature, SIGNATURE);
    }
}

#[test]
fn a_partial_may_come_as_json() {
    let sent = aggregate_and_proof(PRESET);
    let signed = sent.clone().sign(SIGNATURE).to_json();
    let json = [&br#"{"version":6,"aggregate_and_proof":"#[..], &signed, b"}"].concat();
    assert_eq!(partial_of(&json), Ok(sent));
}

#[test]
fn forks_that_are_not_built_in_are_named() {
    let (attestation, signed) = (attestation_ssz(PRESET), signed_ssz(PRESET));
    let json = |number: u64, field: &str, json: &[u8]| {
        [format!(r#"{{"version":{number},"{field}":"#).as_bytes(), json, b"}"].concat()
    };
    let attestation_json = aggregate(PRESET, SLOT).to_json();
    let signed_json = aggregate_and_proof(PRESET).sign(SIGNATURE).to_json();
    for fork in [Fork::Phase0, Fork::Altair, Fork::Bellatrix, Fork::Capella, Fork::Deneb] {
        let (number, unsupported) = (fork.number(), Reject::Content(DecodeError::UnsupportedFork { fork }));
        for outcome in [
            value_of(&[header(number, 12), attestation.clone()].concat()).map(drop),
            value_of(&json(number, "attestation", &attestation_json)).map(drop),
            partial_of(&[header(number, 12), signed.clone()].concat()).map(drop),
            partial_of(&json(number, "aggregate_and_proof", &signed_json)).map(drop),
        ] {
            assert_eq!(outcome, Err(unsupported.clone()));
        }
    }
    // Gloas has the bytes of Electra (EIP-7688); only the root is another.
    assert!(value_of(&[header(Fork::Gloas.number(), 12), attestation.clone()].concat()).is_ok());
    assert!(partial_of(&[header(Fork::Gloas.number(), 12), signed].concat()).is_ok());
    for number in [8, u64::MAX] {
        let unknown = Err(Reject::Fork(Fork::try_from(number).expect_err("a fork of the future")));
        assert_eq!(value_of(&[header(number, 12), attestation.clone()].concat()).map(drop), unknown);
        assert_eq!(partial_of(&json(number, "aggregate_and_proof", &signed_json)).map(drop), unknown);
    }
}

#[test]
fn headers_with_other_offsets_and_content_without_header_are_refused() {
    let malformed = Reject::Malformed("aggregate header");
    for offset in [0, 11, 13, 20, u32::MAX] {
        let value = [header(6, offset), attestation_ssz(PRESET)].concat();
        assert_eq!(value_of(&value), Err(malformed.clone()));
        let partial = [header(6, offset), signed_ssz(PRESET)].concat();
        assert_eq!(partial_of(&partial), Err(malformed.clone()));
    }
    // As they were before forks had numbers.
    assert!(value_of(&attestation_ssz(PRESET)).is_err());
    assert!(partial_of(&signed_ssz(PRESET)).is_err());
}

#[test]
fn no_part_of_an_aggregate_is_one_nor_is_more_of_it() {
    let json =
        |field: &str, json: &[u8]| [format!(r#"{{"version":6,"{field}":"#).as_bytes(), json, b"}"].concat();
    let values = [
        [header(6, 12), attestation_ssz(PRESET)].concat(),
        json("attestation", &aggregate(PRESET, SLOT).to_json()),
    ];
    for value in values {
        assert!(value_of(&value).is_ok());
        assert!((0..value.len()).all(|length| value_of(&value[..length]).is_err()));
        assert!(value_of(&[&value[..], &[0]].concat()).is_err());
    }
    let partials = [
        [header(6, 12), signed_ssz(PRESET)].concat(),
        json("aggregate_and_proof", &aggregate_and_proof(PRESET).sign(SIGNATURE).to_json()),
    ];
    for partial in partials {
        assert!(partial_of(&partial).is_ok());
        assert!((0..partial.len()).all(|length| partial_of(&partial[..length]).is_err()));
        assert!(partial_of(&[&partial[..], &[0]].concat()).is_err());
    }
}

#[test]
fn inner_offsets_that_lie_never_panic() {
    let sound = [header(6, 12), signed_ssz(PRESET)].concat();
    for changed in 0..sound.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut bytes = sound.clone();
            bytes[changed] ^= bits;
            // What still decodes is another object, and encodes to what came.
            let Ok(partial) = only(&set_of(9, &bytes)) else { continue };
            let Signed::Aggregate(aggregate) = &partial.signed else { panic!("an aggregate") };
            let again = (**aggregate).clone().sign(partial.signature).to_ssz();
            assert_eq!(again, bytes[12..], "byte {changed} ^ {bits:02x}");
        }
    }
}
