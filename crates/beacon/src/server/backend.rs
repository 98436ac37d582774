//! What the server needs of the node behind it.

use std::future::Future;

use eth::{
    AttestationData, CommitteeIndex, Graffiti, Proposal, SignatureBytes, SignedProposal, SingleAttestation,
    Slot,
};

use super::ApiError;

/// The node behind the validator API. Each call ends by its duty's deadline, with an error if need be.
pub trait Backend: Clone + Send + Sync + 'static {
    /// What the cluster decided to attest to in this slot; held until it did. Any committee gets the same data, but
    /// for the committee index in it.
    ///
    /// # Errors
    /// When nothing is decided by the duty's deadline, or this node must not sign it.
    fn attestation_data(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
    ) -> impl Future<Output = Result<AttestationData, ApiError>> + Send;

    /// Takes attestations signed with this node's shares. One verdict per item, in the same order: one bad item never
    /// drops the others.
    fn submit_attestations(
        &self,
        items: Vec<SingleAttestation>,
    ) -> impl Future<Output = Vec<Result<(), ApiError>>> + Send;

    /// The block the cluster decided to propose; held until it did.
    ///
    /// # Errors
    /// When no validator of the cluster proposes in this slot, the RANDAO reveal is not this node's share's, or nothing
    /// is decided by the duty's deadline.
    fn propose(&self, request: ProposalRequest) -> impl Future<Output = Result<Proposal, ApiError>> + Send;

    /// Takes the decided block signed with this node's share.
    ///
    /// # Errors
    /// When it is not the decided block, or not signed by this node's share.
    fn submit_block(&self, block: SignedProposal) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// A validator client asks for a block to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalRequest {
    /// The block's slot.
    pub slot: Slot,
    /// The RANDAO reveal, signed with this node's share.
    pub randao_reveal: SignatureBytes,
    /// The graffiti the validator client would like.
    pub graffiti: Option<Graffiti>,
}
