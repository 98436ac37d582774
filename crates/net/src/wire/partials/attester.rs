//! A signed attestation, since Electra for exactly one committee and with an empty list of attesters; the validator
//! stands in the header.

use duty::Signed;
use eth::{AttestationData, CommitteeIndex, Container, Preset, SignatureBytes, Spec, ValidatorIndex};
use serde::Deserialize;

use crate::wire::json;
use crate::wire::reject::Reject;
use crate::wire::versioned;

/// Offset of the attestation behind version, validator index and offset.
const WITH_VALIDATOR: u32 = 20;
/// Offset behind version and offset, when the sender does not know the validator's index.
const WITHOUT_VALIDATOR: u32 = 12;
/// Bytes of the offset, data and signature that begin an attestation.
const FIXED: usize = 4 + DATA + 96;
const DATA: usize = 128;
/// An empty bit list: nothing but the bit that ends it.
const NO_ATTESTERS: [u8; 1] = [1];

pub(super) fn encode(
    spec: &Spec,
    data: &AttestationData,
    validator: Option<ValidatorIndex>,
    committee: CommitteeIndex,
    signature: SignatureBytes,
) -> Vec<u8> {
    let mut out = spec.fork_at(data.target.epoch).number().to_le_bytes().to_vec();
    match validator {
        Some(validator) => {
            out.extend(validator.0.to_le_bytes());
            out.extend(WITH_VALIDATOR.to_le_bytes());
        }
        None => out.extend(WITHOUT_VALIDATOR.to_le_bytes()),
    }
    let bits = committee_bits(spec.preset, committee);
    out.extend(bits_offset(spec.preset).to_le_bytes());
    out.extend(data.to_ssz());
    out.extend(signature.as_bytes());
    out.extend(bits);
    out.extend(NO_ATTESTERS);
    out
}

pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    if let Some(json) = json::text(bytes) {
        return decode_json(json);
    }
    let (version, validator, attestation) = header(bytes).ok_or(Reject::Malformed("attestation header"))?;
    versioned::fork_of_aggregate(version)?;
    let (data, signature, committee) =
        attestation_parts(preset, attestation).ok_or(Reject::Malformed("attestation"))?;
    let data = AttestationData::from_ssz(data)?;
    Ok((Signed::Attestation { data, validator, committee: only_committee(committee)? }, signature))
}

fn header(bytes: &[u8]) -> Option<(u64, Option<ValidatorIndex>, &[u8])> {
    let (version, rest) = bytes.split_first_chunk()?;
    let version = u64::from_le_bytes(*version);
    if let Some((validator, tail)) = rest.split_first_chunk()
        && let Some((offset, attestation)) = tail.split_first_chunk()
        && u32::from_le_bytes(*offset) == WITH_VALIDATOR
    {
        return Some((version, Some(ValidatorIndex(u64::from_le_bytes(*validator))), attestation));
    }
    let (offset, attestation) = rest.split_first_chunk()?;
    (u32::from_le_bytes(*offset) == WITHOUT_VALIDATOR).then_some((version, None, attestation))
}

/// Data, signature and committee bits. The list of attesters is not looked at: the header names the only one.
fn attestation_parts(preset: Preset, attestation: &[u8]) -> Option<(&[u8], SignatureBytes, &[u8])> {
    let (offset, rest) = attestation.split_first_chunk()?;
    if u32::from_le_bytes(*offset) != bits_offset(preset) {
        return None;
    }
    let (data, rest) = rest.split_at_checked(DATA)?;
    let (signature, rest) = rest.split_first_chunk()?;
    let (committees, _attesters) = rest.split_at_checked(committee_bytes(preset))?;
    Some((data, SignatureBytes(*signature), committees))
}

fn bits_offset(preset: Preset) -> u32 {
    u32::try_from(FIXED + committee_bytes(preset)).expect("a few hundred bytes")
}

fn committee_bytes(preset: Preset) -> usize {
    usize::try_from(preset.committees_per_slot().div_ceil(8)).expect("a few bytes")
}

/// A committee outside the preset sets no bit; peers then refuse the attestation.
fn committee_bits(preset: Preset, committee: CommitteeIndex) -> Vec<u8> {
    let mut bits = vec![0; committee_bytes(preset)];
    if let Some(byte) = usize::try_from(committee.0 / 8).ok().and_then(|byte| bits.get_mut(byte)) {
        *byte = 1 << (committee.0 % 8);
    }
    bits
}

fn only_committee(bits: &[u8]) -> Result<CommitteeIndex, Reject> {
    let ones: u32 = bits.iter().map(|byte| byte.count_ones()).sum();
    let set = bits.iter().zip(0u64..).find(|(byte, _)| **byte != 0);
    match set {
        Some((byte, position)) if ones == 1 => {
            Ok(CommitteeIndex(8 * position + u64::from(byte.trailing_zeros())))
        }
        _ => Err(Reject::Committee),
    }
}

#[derive(Deserialize)]
struct Json {
    version: u64,
    #[serde(default)]
    validator_index: Option<ValidatorIndex>,
    attestation: JsonAttestation,
}

#[derive(Deserialize)]
struct JsonAttestation {
    data: AttestationData,
    signature: SignatureBytes,
    committee_bits: String,
}

fn decode_json(json: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let Json { version, validator_index, attestation } = json::read(json)?;
    versioned::fork_of_aggregate(version)?;
    let JsonAttestation { data, signature, committee_bits } = attestation;
    let bits = hex(&committee_bits).ok_or(Reject::Malformed("committee bits"))?;
    let committee = only_committee(&bits)?;
    Ok((Signed::Attestation { data, validator: validator_index, committee }, signature))
}

/// The bytes of at most 8 pairs of hex digits after `0x`.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len() <= 16 && digits.len() % 2 == 0).then(|| digits.chunks(2).map(byte).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_committee_has_its_own_bit() {
        for committee in (0..Preset::Mainnet.committees_per_slot()).map(CommitteeIndex) {
            let bits = committee_bits(Preset::Mainnet, committee);
            assert_eq!(only_committee(&bits), Ok(committee));
        }
        for wrong in [[0, 0], [3, 0], [1, 1]] {
            assert_eq!(only_committee(&wrong), Err(Reject::Committee));
        }
    }

    #[test]
    fn hex_is_bounded_and_whole() {
        assert_eq!(hex("0x0100"), Some(vec![1, 0]));
        for wrong in ["01", "0x1", "0xzz", "0x010000000000000000"] {
            assert_eq!(hex(wrong), None, "{wrong}");
        }
    }
}
