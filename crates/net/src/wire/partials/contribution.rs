//! A signed contribution of a sync subcommittee: SSZ without a header, or JSON.

use std::sync::Arc;

use duty::Signed;
use eth::{ContributionAndProof, Preset, SignatureBytes, SignedContributionAndProof};

use crate::wire::json;
use crate::wire::reject::Reject;
use crate::wire::subcommittee;

pub(super) fn encode(contribution: &ContributionAndProof, signature: SignatureBytes) -> Vec<u8> {
    contribution.clone().sign(signature).to_ssz()
}

pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let ssz = SignedContributionAndProof::from_ssz(preset, bytes);
    let signed = json::unless(ssz, bytes, |json| Ok(SignedContributionAndProof::from_json(preset, json)?))?;
    let (contribution, signature) = signed.into_parts();
    subcommittee::sound(preset, contribution.subcommittee_index())?;
    Ok((Signed::Contribution(Arc::new(contribution)), signature))
}
