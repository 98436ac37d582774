//! A signed block, full or blinded: a header with fork and form, then SSZ; or JSON.

use std::sync::Arc;

use duty::Signed;
use eth::{Preset, Proposal, SignatureBytes, SignedProposal};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::json;
use crate::wire::reject::Reject;
use crate::wire::versioned::{self, BlockHeader};

#[derive(Deserialize)]
struct Json<'a> {
    version: u64,
    #[serde(borrow)]
    block: &'a RawValue,
    #[serde(default)]
    blinded: bool,
}

pub(super) fn encode(proposal: &Proposal, signature: SignatureBytes) -> Vec<u8> {
    let header = BlockHeader { fork: proposal.fork(), blinded: proposal.blinded() };
    [header.encode(), proposal.clone().sign(signature).to_ssz()].concat()
}

pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let signed = if let Some(json) = json::text(bytes) {
        let Json { version, block, blinded } = json::read(json)?;
        SignedProposal::from_json(preset, versioned::fork(version)?, blinded, block.get().as_bytes())?
    } else {
        let (BlockHeader { fork, blinded }, ssz) = BlockHeader::decode(bytes)?;
        SignedProposal::from_ssz(preset, fork, blinded, ssz)?
    };
    Ok((Signed::Block(Arc::new(signed.proposal().clone())), signed.signature()))
}
