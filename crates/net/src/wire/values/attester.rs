//! Attestation data and the duty it is for: 232 bytes of SSZ, or JSON.

use duty::AttesterDatum;
use eth::{AttestationData, AttesterDuty, Container};
use serde::Deserialize;

use crate::wire::json;
use crate::wire::reject::Reject;

/// Two offsets: both parts count as variable in size, though neither is.
const HEADER: [u8; 8] = [8, 0, 0, 0, 136, 0, 0, 0];
/// Bytes of the data.
const DATA: usize = 128;

#[derive(Deserialize)]
struct Json {
    attestation_data: AttestationData,
    attestation_duty: AttesterDuty,
}

pub(super) fn encode(datum: &AttesterDatum) -> Vec<u8> {
    [&HEADER[..], &datum.data.to_ssz(), &datum.duty.to_ssz()].concat()
}

pub(super) fn decode(bytes: &[u8]) -> Result<AttesterDatum, Reject> {
    if let Some(json) = json::text(bytes) {
        let Json { attestation_data, attestation_duty } = json::read(json)?;
        return Ok(AttesterDatum { data: attestation_data, duty: attestation_duty });
    }
    let parts = bytes.strip_prefix(&HEADER).and_then(|parts| parts.split_at_checked(DATA));
    let (data, duty) = parts.ok_or(Reject::Malformed("attester value"))?;
    Ok(AttesterDatum { data: AttestationData::from_ssz(data)?, duty: AttesterDuty::from_ssz(duty)? })
}
