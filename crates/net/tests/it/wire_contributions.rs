//! Contributions of sync subcommittees on the wire: as values to agree on, and signed with shares.

use std::sync::Arc;

use duty::{Content, DutyKind, Signed};
use eth::{ContributionAndProof, Preset, SignatureBytes, SyncCommitteeContribution, ValidatorIndex};
use net::wire::{self, Codec, Reject};
use qbft::PeerIndex;

use crate::cluster::keys;
use crate::samples::{contribution, group_key, spec, spec_of};
use crate::wire_partials::{SIGNATURE, only, set_of, single};
use crate::wire_values::{received, set};

const PRESET: Preset = Preset::Minimal;
const PRESETS: [Preset; 2] = [Preset::Mainnet, Preset::Minimal];
const SLOT: u64 = 33;

/// SSZ of [`contribution`], field by field.
fn ssz(preset: Preset, slot: u64, subcommittee: u64) -> Vec<u8> {
    let bits: &[u8] = match preset {
        Preset::Mainnet => &[0b0010_0001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        Preset::Minimal => &[0b0010_0001],
    };
    [&slot.to_le_bytes()[..], &[1; 32], &subcommittee.to_le_bytes(), bits, &[7; 96]].concat()
}

/// JSON of [`contribution`] in the minimal preset.
fn json(subcommittee: u64) -> String {
    let (root, signature) = (eth::Root([1; 32]), SignatureBytes([7; 96]));
    format!(
        r#"{{"slot":"33","beacon_block_root":"{root}","subcommittee_index":"{subcommittee}","aggregation_bits":"0x21","signature":"{signature}"}}"#
    )
}

fn several(subcommittees: &[u64]) -> String {
    let items: Vec<_> = subcommittees.iter().map(|subcommittee| json(*subcommittee)).collect();
    format!("[{}]", items.join(","))
}

fn value_of(bytes: &[u8]) -> Result<Vec<SyncCommitteeContribution>, Reject> {
    let key = group_key(1);
    let value = received(DutyKind::SyncContribution, &set(&[(&key.to_string(), bytes)]))?;
    let Content::SyncContribution(set) = &value.content else { panic!("contributions") };
    Ok(set[&key].clone())
}

fn proof(preset: Preset) -> ContributionAndProof {
    ContributionAndProof::new(ValidatorIndex(77), contribution(preset, SLOT, 2), SignatureBytes([5; 96]))
}

/// SSZ of [`proof`] with a signature, field by field.
fn signed_ssz(preset: Preset, subcommittee: u64) -> Vec<u8> {
    let contribution = ssz(preset, SLOT, subcommittee);
    [&77u64.to_le_bytes()[..], &contribution, &[5; 96], SIGNATURE.as_bytes()].concat()
}

fn partial_of(bytes: &[u8]) -> Result<ContributionAndProof, Reject> {
    let partial = only(&set_of(12, bytes))?;
    let Signed::Contribution(contribution) = &partial.signed else { panic!("a contribution") };
    assert_eq!(partial.signature, SIGNATURE);
    Ok((**contribution).clone())
}

#[test]
fn a_single_contribution_is_ssz_without_a_header_in_either_preset() {
    for preset in PRESETS {
        let contributions = [(group_key(1), vec![contribution(preset, SLOT, 2)])];
        let content = Content::SyncContribution(Arc::new(contributions.into()));
        let value = wire::value(&spec_of(preset), content);
        let key = group_key(1).to_string();
        assert_eq!(*value.bytes, *set(&[(&key, &ssz(preset, SLOT, 2))]));
    }
    assert_eq!(ssz(Preset::Mainnet, SLOT, 2).len(), 160);
    assert_eq!(value_of(&ssz(PRESET, SLOT, 2)), Ok(vec![contribution(PRESET, SLOT, 2)]));
}

#[test]
fn several_contributions_are_a_json_array() {
    let of = |subcommittees: &[u64]| -> Vec<_> {
        subcommittees.iter().map(|subcommittee| contribution(PRESET, SLOT, *subcommittee)).collect()
    };
    let contributions = [(group_key(1), of(&[0, 3])), (group_key(2), of(&[1]))];
    let value = wire::value(&spec(), Content::SyncContribution(Arc::new(contributions.into())));
    let keys = [1, 2].map(|validator| group_key(validator).to_string());
    let (first, second) = (several(&[0, 3]), ssz(PRESET, SLOT, 1));
    assert_eq!(*value.bytes, *set(&[(&keys[0], first.as_bytes()), (&keys[1], &second)]));
    let again = received(DutyKind::SyncContribution, &value.bytes).expect("a sound value");
    let Content::SyncContribution(received) = &again.content else { panic!("contributions") };
    assert_eq!((&received[&group_key(1)], &received[&group_key(2)]), (&of(&[0, 3]), &of(&[1])));
    assert_eq!(value_of(several(&[0, 1, 2, 3]).as_bytes()), Ok(of(&[0, 1, 2, 3])));
    assert_eq!(value_of(several(&[2]).as_bytes()), Ok(of(&[2])), "an array of one");
}

#[test]
fn a_single_contribution_may_be_json() {
    assert_eq!(value_of(format!(" {}\n", json(2)).as_bytes()), Ok(vec![contribution(PRESET, SLOT, 2)]));
}

#[test]
fn ssz_may_begin_like_json() {
    for slot in [u64::from(b'{'), u64::from(b'['), u64::from_le_bytes(*b" \t[{\"slo")] {
        assert_eq!(value_of(&ssz(PRESET, slot, 2)), Ok(vec![contribution(PRESET, slot, 2)]));
    }
    let aggregator = u64::from_le_bytes(*b" {\"messa");
    let mut signed = signed_ssz(PRESET, 2);
    signed[..8].copy_from_slice(&aggregator.to_le_bytes());
    let received = partial_of(&signed).map(|proof| proof.aggregator_index());
    assert_eq!(received, Ok(ValidatorIndex(aggregator)));
}

#[test]
fn arrays_without_order_are_refused() {
    for subcommittees in [&[][..], &[1, 0], &[1, 1], &[0, 2, 1], &[0, 1, 2, 3, 3]] {
        assert_eq!(value_of(several(subcommittees).as_bytes()), Err(Reject::Contributions));
    }
    for beyond in [several(&[0, 1, 2, 3, 4]).into_bytes(), json(4).into_bytes(), ssz(PRESET, SLOT, 4)] {
        let refused = value_of(&beyond).expect_err("there is no such subcommittee");
        assert_eq!(refused.to_string(), "the index of a sync subcommittee does not fit the minimal preset");
    }
    assert!(value_of(format!("[{},null]", json(0)).as_bytes()).is_err());
    assert!(value_of(format!("[[{}]]", json(0)).as_bytes()).is_err());
    assert!(value_of(&"[".repeat(10_000).into_bytes()).is_err());
}

#[test]
fn a_million_contributions_are_not_even_looked_at() {
    let array = format!("[{}]", ["0"; 1_000_000].join(","));
    assert_eq!(value_of(array.as_bytes()), Err(Reject::Contributions));
}

#[test]
fn a_partial_is_ssz_without_a_header_in_either_preset() {
    for preset in PRESETS {
        let codec = Codec::new(keys(4), Arc::new(spec_of(preset)));
        let sent = Signed::Contribution(proof(preset).into());
        let encoded = codec.encode_partials(&single(DutyKind::SyncContribution, sent));
        assert_eq!(encoded, set_of(12, &signed_ssz(preset, 2)));
        let decoded = codec.partial_set(&encoded, PeerIndex(1)).expect("a sound set").set.partials;
        let received = &decoded[&group_key(5)];
        assert!(matches!(&received.signed, Signed::Contribution(sound) if **sound == proof(preset)));
        assert_eq!(received.signature, SIGNATURE);
    }
}

#[test]
fn a_partial_may_come_as_json() {
    assert_eq!(partial_of(&proof(PRESET).sign(SIGNATURE).to_json()), Ok(proof(PRESET)));
}

#[test]
fn no_part_of_a_contribution_is_one_nor_is_more_of_it() {
    for value in [ssz(PRESET, SLOT, 2), json(2).into_bytes(), several(&[0, 2]).into_bytes()] {
        assert!(value_of(&value).is_ok());
        assert!((0..value.len()).all(|length| value_of(&value[..length]).is_err()));
        assert!(value_of(&[&value[..], &[0]].concat()).is_err());
    }
    for partial in [signed_ssz(PRESET, 2), proof(PRESET).sign(SIGNATURE).to_json()] {
        assert!(partial_of(&partial).is_ok());
        assert!((0..partial.len()).all(|length| partial_of(&partial[..length]).is_err()));
        assert!(partial_of(&[&partial[..], &[0]].concat()).is_err());
    }
    let refused = partial_of(&signed_ssz(PRESET, 4)).expect_err("there is no such subcommittee");
    assert_eq!(refused.to_string(), "the index of a sync subcommittee does not fit the minimal preset");
}
