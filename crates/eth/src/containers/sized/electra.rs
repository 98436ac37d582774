//! Blocks of Electra. Fulu left them as they are and changed only what travels beside them.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use super::attestation::{Attestation, AttesterSlashing};
use super::payload::{ExecutionPayload, ExecutionPayloadHeader};
use super::preset::PRESET;
use super::sync::SyncAggregate;
use crate::collection::{ByteVector, List};
use crate::containers::operations::{
    Deposit, Eth1Data, ExecutionRequests, ProposerSlashing, SignedBlsToExecutionChange,
};
use crate::proposal::{ProposalContainer, ProposalParts};
use crate::{
    BeaconBlockHeader, Container, Fork, Graffiti, KzgCommitment, KzgProof, Preset, Root, SignatureBytes,
    SignedVoluntaryExit, Slot, ValidatorIndex,
};

/// The commitments to a block's blobs; `MAX_BLOB_COMMITMENTS_PER_BLOCK`.
pub type BlobKzgCommitments = List<KzgCommitment, 4096>;
/// A blob; `FIELD_ELEMENTS_PER_BLOB` elements of 32 bytes.
pub type Blob = ByteVector<131_072>;
/// A block's blobs.
pub type Blobs = List<Blob, 4096>;

/// A block's content, with the whole payload.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct BeaconBlockBody {
    /// The proposer's contribution to the chain's randomness.
    pub randao_reveal: SignatureBytes,
    /// A vote on the deposit contract.
    pub eth1_data: Eth1Data,
    /// The proposer's note.
    pub graffiti: Graffiti,
    /// `MAX_PROPOSER_SLASHINGS`.
    pub proposer_slashings: List<ProposerSlashing, 16>,
    /// `MAX_ATTESTER_SLASHINGS_ELECTRA`.
    pub attester_slashings: List<AttesterSlashing, 1>,
    /// `MAX_ATTESTATIONS_ELECTRA`.
    pub attestations: List<Attestation, 8>,
    /// `MAX_DEPOSITS`.
    pub deposits: List<Deposit, 16>,
    /// `MAX_VOLUNTARY_EXITS`.
    pub voluntary_exits: List<SignedVoluntaryExit, 16>,
    /// The sync committee's signature.
    pub sync_aggregate: SyncAggregate,
    /// The execution block.
    pub execution_payload: ExecutionPayload,
    /// `MAX_BLS_TO_EXECUTION_CHANGES`.
    pub bls_to_execution_changes: List<SignedBlsToExecutionChange, 16>,
    /// Commitments to the block's blobs.
    pub blob_kzg_commitments: BlobKzgCommitments,
    /// What the execution layer asks for.
    pub execution_requests: ExecutionRequests,
}

/// A block's content, with the payload's header only. Its hash tree root is that of the whole.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct BlindedBeaconBlockBody {
    /// The proposer's contribution to the chain's randomness.
    pub randao_reveal: SignatureBytes,
    /// A vote on the deposit contract.
    pub eth1_data: Eth1Data,
    /// The proposer's note.
    pub graffiti: Graffiti,
    /// `MAX_PROPOSER_SLASHINGS`.
    pub proposer_slashings: List<ProposerSlashing, 16>,
    /// `MAX_ATTESTER_SLASHINGS_ELECTRA`.
    pub attester_slashings: List<AttesterSlashing, 1>,
    /// `MAX_ATTESTATIONS_ELECTRA`.
    pub attestations: List<Attestation, 8>,
    /// `MAX_DEPOSITS`.
    pub deposits: List<Deposit, 16>,
    /// `MAX_VOLUNTARY_EXITS`.
    pub voluntary_exits: List<SignedVoluntaryExit, 16>,
    /// The sync committee's signature.
    pub sync_aggregate: SyncAggregate,
    /// The execution block's header.
    pub execution_payload_header: ExecutionPayloadHeader,
    /// `MAX_BLS_TO_EXECUTION_CHANGES`.
    pub bls_to_execution_changes: List<SignedBlsToExecutionChange, 16>,
    /// Commitments to the block's blobs.
    pub blob_kzg_commitments: BlobKzgCommitments,
    /// What the execution layer asks for.
    pub execution_requests: ExecutionRequests,
}

/// A block.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct BeaconBlock {
    /// Its slot.
    pub slot: Slot,
    /// Who proposes it.
    pub proposer_index: ValidatorIndex,
    /// The block it builds on.
    pub parent_root: Root,
    /// Root of the beacon state after it.
    pub state_root: Root,
    /// Its content.
    pub body: BeaconBlockBody,
}

/// A block whose payload only its builder knows.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct BlindedBeaconBlock {
    /// Its slot.
    pub slot: Slot,
    /// Who proposes it.
    pub proposer_index: ValidatorIndex,
    /// The block it builds on.
    pub parent_root: Root,
    /// Root of the beacon state after it.
    pub state_root: Root,
    /// Its content.
    pub body: BlindedBeaconBlockBody,
}

/// A block with its proposer's signature.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SignedBeaconBlock {
    /// The block.
    pub message: BeaconBlock,
    /// Signature over it.
    pub signature: SignatureBytes,
}

/// A blinded block with its proposer's signature.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SignedBlindedBeaconBlock {
    /// The block.
    pub message: BlindedBeaconBlock,
    /// Signature over it.
    pub signature: SignatureBytes,
}

/// A block with its blobs, as a beacon node produces it.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct BlockContents {
    /// The block.
    pub block: BeaconBlock,
    /// One proof for each blob.
    pub kzg_proofs: List<KzgProof, 4096>,
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
    /// One proof for each blob.
    pub kzg_proofs: List<KzgProof, 4096>,
    /// The blobs.
    pub blobs: Blobs,
}

impl BeaconBlock {
    /// The block without its payload's transactions and withdrawals: the same root.
    pub fn blind(&self) -> BlindedBeaconBlock {
        let body = self.body.clone();
        BlindedBeaconBlock {
            slot: self.slot,
            proposer_index: self.proposer_index,
            parent_root: self.parent_root,
            state_root: self.state_root,
            body: BlindedBeaconBlockBody {
                randao_reveal: body.randao_reveal,
                eth1_data: body.eth1_data,
                graffiti: body.graffiti,
                proposer_slashings: body.proposer_slashings,
                attester_slashings: body.attester_slashings,
                attestations: body.attestations,
                deposits: body.deposits,
                voluntary_exits: body.voluntary_exits,
                sync_aggregate: body.sync_aggregate,
                execution_payload_header: body.execution_payload.header(),
                bls_to_execution_changes: body.bls_to_execution_changes,
                blob_kzg_commitments: body.blob_kzg_commitments,
                execution_requests: body.execution_requests,
            },
        }
    }

    /// What a proposal shows of this block.
    pub(crate) fn parts(&self) -> ProposalParts {
        ProposalParts {
            header: BeaconBlockHeader {
                slot: self.slot,
                proposer_index: self.proposer_index,
                parent_root: self.parent_root,
                state_root: self.state_root,
                body_root: self.body.root(),
            },
            randao_reveal: self.body.randao_reveal,
            graffiti: self.body.graffiti,
            fee_recipient: self.body.execution_payload.fee_recipient,
        }
    }
}

impl ProposalContainer for BlockContents {
    type Signed = SignedBlockContents;
    const PRESET: Preset = PRESET;
    const FORKS: &'static [Fork] = &[Fork::Electra];
    const BLINDED: bool = false;

    fn parts(&self) -> ProposalParts {
        self.block.parts()
    }
}

impl ProposalContainer for BlindedBeaconBlock {
    type Signed = SignedBlindedBeaconBlock;
    const PRESET: Preset = PRESET;
    const FORKS: &'static [Fork] = &[Fork::Electra, Fork::Fulu];
    const BLINDED: bool = true;

    fn parts(&self) -> ProposalParts {
        ProposalParts {
            header: BeaconBlockHeader {
                slot: self.slot,
                proposer_index: self.proposer_index,
                parent_root: self.parent_root,
                state_root: self.state_root,
                body_root: self.body.root(),
            },
            randao_reveal: self.body.randao_reveal,
            graffiti: self.body.graffiti,
            fee_recipient: self.body.execution_payload_header.fee_recipient,
        }
    }
}
