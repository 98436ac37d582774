//! Partial signatures on the wire.

use std::sync::{Arc, LazyLock};

use ::cluster::GroupKey;
use duty::{Duty, DutyKind, Partial, PartialSet, Signed};
use eth::containers::minimal::attestation::Attestation;
use eth::{CommitteeIndex, Container, Epoch, SignatureBytes, Slot, ValidatorIndex};
use net::wire::{Codec, DecodedPartials, Reject};
use qbft::PeerIndex;

use crate::cluster::keys;
use crate::samples::{datum, group_key, partials, proposal, share, spec};

const FROM: PeerIndex = PeerIndex(1);

fn codec() -> &'static Codec {
    static CODEC: LazyLock<Codec> = LazyLock::new(|| Codec::new(keys(4), Arc::new(spec())));
    &CODEC
}

pub(crate) fn decode(bytes: &[u8]) -> Result<DecodedPartials, Reject> {
    codec().partial_set(bytes, FROM)
}

pub(crate) const SIGNATURE: SignatureBytes = SignatureBytes([8; 96]);

/// A set of one entry.
pub(crate) fn single(kind: DutyKind, signed: Signed) -> PartialSet {
    let partial = Partial { share: share(2), signed, signature: SIGNATURE };
    PartialSet { duty: Duty::new(Slot(33), kind), partials: [(group_key(5), partial)].into() }
}

fn round_trip(set: &PartialSet) -> Partial {
    let decoded = decode(&codec().encode_partials(set)).expect("a sound set");
    assert!(decoded.refused.is_empty());
    assert_eq!(decoded.set.duty, set.duty);
    decoded.set.partials.into_values().next().expect("one entry")
}

/// A set of one entry whose content is `data`, as every implementation writes it.
pub(crate) fn set_of(kind: u8, data: &[u8]) -> Vec<u8> {
    set_with_copy(kind, data, &SIGNATURE)
}

fn set_with_copy(kind: u8, data: &[u8], copy: &SignatureBytes) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let mut buffer = unsigned_varint::encode::usize_buffer();
        [&[number << 3 | 2], unsigned_varint::encode::usize(bytes.len(), &mut buffer), bytes].concat()
    };
    let entry = [field(1, data), field(2, copy.as_bytes()), vec![24, 2]].concat();
    let entry = [field(1, group_key(5).to_string().as_bytes()), field(2, &entry)].concat();
    [field(1, &[8, 33, 16, kind]), field(2, &field(1, &entry))].concat()
}

pub(crate) fn only(bytes: &[u8]) -> Result<Partial, Reject> {
    let mut decoded = decode(bytes)?;
    match decoded.refused.pop() {
        Some((_, reject)) => Err(reject),
        None => Ok(decoded.set.partials.into_values().next().expect("one entry")),
    }
}

#[test]
fn attestations_come_back_as_they_went() {
    let sent = partials(1, 100);
    let decoded = decode(&codec().encode_partials(&sent)).expect("a sound set");
    for (key, partial) in &sent.partials {
        let received = &decoded.set.partials[key];
        assert_eq!((received.share, received.signature), (partial.share, partial.signature));
        let Signed::Attestation { data, validator, committee } = &received.signed else {
            panic!("an attestation");
        };
        assert_eq!((*data, *validator), (datum(100, 1).data, Some(ValidatorIndex(u64::from(key.0.0[0])))));
        assert_eq!(*committee, CommitteeIndex(2));
    }
}

#[test]
fn an_attestation_is_encoded_as_the_specification_has_it() {
    let data = datum(33, 1).data;
    let signed =
        Signed::Attestation { data, validator: Some(ValidatorIndex(77)), committee: CommitteeIndex(2) };
    let mut attestation = Attestation { data, signature: SignatureBytes([8; 96]), ..Attestation::default() };
    attestation.committee_bits.set(2).expect("four committees");
    let ssz = attestation.to_ssz();
    let header = [&6u64.to_le_bytes()[..], &77u64.to_le_bytes(), &20u32.to_le_bytes()].concat();
    let encoded = codec().encode_partials(&single(DutyKind::Attester, signed));
    let expected = [header, ssz.clone()].concat();
    assert!(encoded.windows(expected.len()).any(|window| window == expected));
    // And the form of a sender that does not know the validator's index.
    let short = [&5u64.to_le_bytes()[..], &12u32.to_le_bytes(), &ssz].concat();
    let received = only(&set_of(2, &short)).expect("the short form is sound");
    assert!(matches!(
        received.signed,
        Signed::Attestation { validator: None, committee: CommitteeIndex(2), .. }
    ));
}

#[test]
fn an_attestation_may_come_as_json() {
    let data = serde_json::to_string(&datum(33, 1).data).expect("JSON");
    let signature = SignatureBytes([8; 96]);
    let json = format!(
        r#" {{"version":6,"validator_index":"77","attestation":{{"aggregation_bits":"0x01","data":{data},"signature":"{signature}","committee_bits":"0x04"}}}}"#
    );
    let received = only(&set_of(2, json.as_bytes())).expect("sound JSON");
    assert!(matches!(
        received.signed,
        Signed::Attestation { validator: Some(ValidatorIndex(77)), committee: CommitteeIndex(2), .. }
    ));
    assert_eq!(received.signature, signature);
}

#[test]
fn blocks_come_back_as_they_went_and_as_json() {
    let block = proposal(33);
    let received = round_trip(&single(DutyKind::Proposer, Signed::Block(Arc::new(block.clone()))));
    assert!(matches!(&received.signed, Signed::Block(proposal) if **proposal == block));
    assert_eq!(received.signature, SignatureBytes([8; 96]));
    let signed = block.clone().sign(SignatureBytes([8; 96])).to_json();
    let json = [&br#"{"version":6,"block":"#[..], &signed, b"}"].concat();
    let received = only(&set_of(1, &json)).expect("sound JSON");
    assert!(matches!(&received.signed, Signed::Block(proposal) if **proposal == block));
}

#[test]
fn randao_reveals_are_json() {
    let received = round_trip(&single(DutyKind::Randao, Signed::Randao { epoch: Epoch(4) }));
    assert!(matches!(received.signed, Signed::Randao { epoch: Epoch(4) }));
    let signature = SignatureBytes([8; 96]);
    let json = format!(r#"{{"epoch":"4","signature":"{signature}"}}"#);
    assert_eq!(only(&set_of(7, json.as_bytes())).expect("sound JSON").signature, signature);
    assert!(only(&set_of(7, &[0; 104])).is_err());
}

#[test]
fn the_signature_beside_the_content_is_a_copy_that_does_not_count() {
    let json = format!(r#"{{"epoch":"4","signature":"{SIGNATURE}"}}"#);
    let received = only(&set_with_copy(7, json.as_bytes(), &SignatureBytes([9; 96]))).expect("sound JSON");
    assert_eq!(received.signature, SIGNATURE);
}

#[test]
fn one_bad_entry_costs_the_others_nothing() {
    let mut set = partials(1, 100);
    let foreign = partials(0, 100).partials.remove(&group_key(2)).expect("in the sample");
    set.partials.insert(group_key(2), foreign);
    let decoded = decode(&codec().encode_partials(&set)).expect("a sound set");
    assert_eq!(decoded.set.partials.into_keys().collect::<Vec<_>>(), [1, 3].map(group_key));
    let (key, reject) = &decoded.refused[0];
    assert_eq!(
        (key, reject.to_string().as_str()),
        (&group_key(2).to_string(), "share 1 is not the sender's")
    );
}

#[test]
fn duties_of_other_kinds_are_clearly_unsupported() {
    for kind in [3, 6, 13] {
        let refused = decode(&set_of(kind, b"{}")).err();
        let expected = DutyKind::from_number(i64::from(kind)).map(Reject::UnsupportedDuty);
        assert_eq!(refused, expected);
    }
    for kind in [0, 5, 14] {
        assert_eq!(decode(&set_of(kind, b"{}")).err(), Some(Reject::DutyType(i32::from(kind))));
    }
}

#[test]
fn absent_and_empty_parts_are_refused() {
    assert_eq!(decode(&[]).err(), Some(Reject::Missing("duty")));
    assert_eq!(decode(&[0x0a, 2, 16, 2]).err(), Some(Reject::Missing("data_set")));
    assert_eq!(decode(&[0x0a, 2, 16, 2, 0x12, 0]).err(), Some(Reject::EmptySet));
}

#[test]
fn a_million_entries_are_not_even_counted_to_the_end_in_memory() {
    let entries = [0x0a, 0].repeat(1_000_000);
    let mut length = unsigned_varint::encode::usize_buffer();
    let length = unsigned_varint::encode::usize(entries.len(), &mut length).to_vec();
    let bytes = [&[0x0a, 2, 16, 2, 0x12][..], &length, &entries].concat();
    assert!(matches!(decode(&bytes).err(), Some(Reject::TooManyEntries { .. })));
}

#[test]
fn truncated_and_changed_sets_never_panic() {
    let bytes = codec().encode_partials(&partials(1, 100));
    for length in 0..bytes.len() {
        let _ = decode(&bytes[..length]);
    }
    for changed in 0..bytes.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[changed] ^= bits;
            let _ = decode(&bytes);
        }
    }
    let key: GroupKey = group_key(1);
    assert!(decode(&bytes).expect("a sound set").set.partials.contains_key(&key));
}
