//! Blocks of Fulu: those of Electra, with a proof for each cell of a blob instead of one for the blob (EIP-7594).

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

pub use super::electra::{
    BeaconBlock, BeaconBlockBody, BlindedBeaconBlock, BlindedBeaconBlockBody, Blob, BlobKzgCommitments,
    Blobs, SignedBeaconBlock, SignedBlindedBeaconBlock,
};
use super::preset::PRESET;
use crate::collection::List;
use crate::proposal::{ProposalContainer, ProposalParts};
use crate::{Fork, KzgProof, Preset};

/// Proofs for the cells of a block's blobs; `FIELD_ELEMENTS_PER_EXT_BLOB * MAX_BLOB_COMMITMENTS_PER_BLOCK`.
pub type CellProofs = List<KzgProof, 33_554_432>;

/// A block with its blobs, as a beacon node produces it.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct BlockContents {
    /// The block.
    pub block: BeaconBlock,
    /// A proof for each cell of each blob.
    pub kzg_proofs: CellProofs,
    /// The blobs.
    pub blobs: Blobs,
}

/// A signed block with its blobs, as it is published.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SignedBlockContents {
    /// The block.
    pub signed_block: SignedBeaconBlock,
    /// A proof for each cell of each blob.
    pub kzg_proofs: CellProofs,
    /// The blobs.
    pub blobs: Blobs,
}

impl ProposalContainer for BlockContents {
    type Signed = SignedBlockContents;
    const PRESET: Preset = PRESET;
    const FORKS: &'static [Fork] = &[Fork::Fulu];
    const BLINDED: bool = false;

    fn parts(&self) -> ProposalParts {
        self.block.parts()
    }
}
