//! A block to be signed: a header with fork and form, then SSZ; or JSON.

use eth::{Preset, Proposal};
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

pub(super) fn encode(proposal: &Proposal) -> Vec<u8> {
    let header = BlockHeader { fork: proposal.fork(), blinded: proposal.blinded() };
    [&header.encode()[..], proposal.to_ssz()].concat()
}

pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<Proposal, Reject> {
    if let Some(json) = json::text(bytes) {
        let Json { version, block, blinded } = json::read(json)?;
        let fork = versioned::fork(version)?;
        return Ok(Proposal::from_json(preset, fork, blinded, block.get().as_bytes())?);
    }
    let (BlockHeader { fork, blinded }, ssz) = BlockHeader::decode(bytes)?;
    Ok(Proposal::from_ssz(preset, fork, blinded, ssz)?)
}
