//! Making blocks of Fulu and looking into them, whatever the preset.

mod blobs;
mod mainnet;
mod minimal;

use eth::{
    Address, AttestationData, BeaconBlockHeader, CommitteeIndex, DecodeError, Graffiti, Hash32, Preset,
    Proposal, Root, SignatureBytes, SignedProposal, SignedVoluntaryExit, Slot, ValidatorIndex,
};
use sha2::{Digest, Sha256};

/// What a block is made of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) slot: Slot,
    pub(crate) proposer_index: ValidatorIndex,
    pub(crate) parent_root: Root,
    pub(crate) parent_state_root: Root,
    pub(crate) randao_reveal: SignatureBytes,
    pub(crate) graffiti: Graffiti,
    /// At most [`AGGREGATES`].
    pub(crate) aggregates: Vec<Aggregate>,
    /// At most [`EXITS`].
    pub(crate) exits: Vec<SignedVoluntaryExit>,
    pub(crate) sync: SyncSignature,
    pub(crate) payload: Payload,
    /// Whether the payload is a builder's, with transactions that only it knows.
    pub(crate) by_builder: bool,
    pub(crate) blobs: usize,
}

/// The same vote of members of one or more committees of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aggregate {
    pub(crate) data: AttestationData,
    /// The committees, rising.
    pub(crate) committees: Vec<CommitteeIndex>,
    /// A bit for each member of the committees, one committee after the other.
    pub(crate) bits: Vec<bool>,
    pub(crate) signature: SignatureBytes,
}

/// The sync committee's signature over the parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyncSignature {
    /// The seats that signed, rising.
    pub(crate) seats: Vec<usize>,
    pub(crate) signature: SignatureBytes,
}

/// The parts of the execution payload that are no constants on this chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) parent_hash: Hash32,
    pub(crate) fee_recipient: Address,
    pub(crate) prev_randao: Hash32,
    pub(crate) block_number: u64,
    /// Unix time of the slot, seconds.
    pub(crate) timestamp: u64,
}

/// What the judge has to know of a block, besides what [`Proposal`] says.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) aggregates: Vec<Aggregate>,
    pub(crate) exits: Vec<SignedVoluntaryExit>,
    pub(crate) sync: SyncSignature,
    pub(crate) payload: Payload,
    pub(crate) block_hash: Hash32,
    /// The hash the payload should have.
    pub(crate) computed_block_hash: Hash32,
    pub(crate) blobs: usize,
    /// Whether the blobs are those the block commits to.
    pub(crate) blobs_belong: bool,
}

/// Aggregates in a block at most: `MAX_ATTESTATIONS_ELECTRA`.
pub(crate) const AGGREGATES: usize = 8;
/// Exits in a block at most: `MAX_VOLUNTARY_EXITS`.
pub(crate) const EXITS: usize = 16;

impl SyncSignature {
    /// Nobody signed.
    pub(crate) fn nobody() -> SyncSignature {
        SyncSignature { seats: Vec::new(), signature: SignatureBytes::INFINITY }
    }
}

/// The block of that plan, with the state root and the block hash that the judge will compute.
pub(crate) fn assemble(preset: Preset, plan: &Plan) -> Proposal {
    match preset {
        Preset::Mainnet => mainnet::assemble(plan),
        Preset::Minimal => minimal::assemble(plan),
    }
}

/// A full proposal without its payload's transactions and its blobs, as a builder shows it.
pub(crate) fn blind(proposal: &Proposal) -> Result<Proposal, DecodeError> {
    match proposal.preset() {
        Preset::Mainnet => mainnet::blind(proposal.to_ssz()),
        Preset::Minimal => minimal::blind(proposal.to_ssz()),
    }
}

/// A signed full proposal without its blobs, to be kept.
pub(crate) fn without_blobs(signed: &SignedProposal) -> Result<SignedProposal, DecodeError> {
    let proposal = signed.proposal();
    let bare = match proposal.preset() {
        Preset::Mainnet => mainnet::without_blobs(proposal.to_ssz()),
        Preset::Minimal => minimal::without_blobs(proposal.to_ssz()),
    };
    Ok(bare?.sign(signed.signature()))
}

/// Looks into a full proposal.
pub(crate) fn content(proposal: &Proposal) -> Result<Content, DecodeError> {
    match proposal.preset() {
        Preset::Mainnet => mainnet::content(proposal.to_ssz()),
        Preset::Minimal => minimal::content(proposal.to_ssz()),
    }
}

/// Body root of the block at genesis, which has an empty body.
pub(crate) fn empty_body_root(preset: Preset) -> Root {
    match preset {
        Preset::Mainnet => mainnet::empty_body_root(),
        Preset::Minimal => minimal::empty_body_root(),
    }
}

/// This chain has no states. Its "state root" after a block commits to the block and to the one before it, so that it
/// can be checked without a state transition.
pub(crate) fn state_root_after(parent_state_root: Root, header: &BeaconBlockHeader) -> Root {
    let mut hash = Sha256::new();
    hash.update(b"state after");
    hash.update(parent_state_root.0);
    hash.update(header.slot.0.to_le_bytes());
    hash.update(header.proposer_index.0.to_le_bytes());
    hash.update(header.body_root.0);
    Root(hash.finalize().into())
}
