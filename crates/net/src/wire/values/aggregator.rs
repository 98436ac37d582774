//! The aggregate of a committee's attestations: a header with the fork, then SSZ; or JSON.

use eth::{Attestation, Preset, Spec};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::json;
use crate::wire::reject::Reject;
use crate::wire::versioned;

#[derive(Deserialize)]
struct Json<'a> {
    version: u64,
    #[serde(borrow)]
    attestation: &'a RawValue,
}

pub(super) fn encode(spec: &Spec, aggregate: &Attestation) -> Vec<u8> {
    let fork = spec.fork_at(spec.epoch_of(aggregate.data().slot));
    versioned::encode_aggregate(fork, &aggregate.to_ssz())
}

pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<Attestation, Reject> {
    if let Some(json) = json::text(bytes) {
        let Json { version, attestation } = json::read(json)?;
        versioned::fork_of_aggregate(version)?;
        return Ok(Attestation::from_json(preset, attestation.get().as_bytes())?);
    }
    Ok(Attestation::from_ssz(preset, versioned::aggregate(bytes)?)?)
}
