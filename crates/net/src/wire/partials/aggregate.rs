//! A signed aggregate of a committee's attestations: a header with the fork, then SSZ; or JSON.

use std::sync::Arc;

use duty::Signed;
use eth::{AggregateAndProof, Preset, SignatureBytes, SignedAggregateAndProof, Spec};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::json;
use crate::wire::reject::Reject;
use crate::wire::versioned;

#[derive(Deserialize)]
struct Json<'a> {
    version: u64,
    /// The whole signed object, whatever its name says.
    #[serde(borrow)]
    aggregate_and_proof: &'a RawValue,
}

pub(super) fn encode(spec: &Spec, aggregate: &AggregateAndProof, signature: SignatureBytes) -> Vec<u8> {
    let fork = spec.fork_at(spec.epoch_of(aggregate.data().slot));
    versioned::encode_aggregate(fork, &aggregate.clone().sign(signature).to_ssz())
}

pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let signed = if let Some(json) = json::text(bytes) {
        let Json { version, aggregate_and_proof } = json::read(json)?;
        versioned::fork_of_aggregate(version)?;
        SignedAggregateAndProof::from_json(preset, aggregate_and_proof.get().as_bytes())?
    } else {
        SignedAggregateAndProof::from_ssz(preset, versioned::aggregate(bytes)?)?
    };
    let (aggregate, signature) = signed.into_parts();
    Ok((Signed::Aggregate(Arc::new(aggregate)), signature))
}
