//! What the server needs of the node behind it.

use std::future::Future;

use eth::{
    AggregatorQuery, Attestation, AttestationData, BeaconCommitteeSelection, CommitteeIndex, Graffiti,
    Proposal, Root, SignatureBytes, SignedAggregateAndProof, SignedContributionAndProof, SignedProposal,
    SignedVoluntaryExit, SingleAttestation, Slot, SubcommitteeIndex, SyncCommitteeContribution,
    SyncCommitteeMessage, SyncCommitteeSelection,
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

    /// The aggregate the cluster decided on for this vote and committee; held until it did.
    ///
    /// # Errors
    /// When no validator of the cluster aggregates for the committee, the vote is not the decided one, or nothing is
    /// decided by the duty's deadline.
    fn aggregate(
        &self,
        slot: Slot,
        data_root: Root,
        committee: CommitteeIndex,
    ) -> impl Future<Output = Result<Attestation, ApiError>> + Send;

    /// Takes aggregates signed with this node's shares, with the validators' own selection proofs. One verdict per
    /// item, in the same order.
    fn submit_aggregates(
        &self,
        items: Vec<SignedAggregateAndProof>,
    ) -> impl Future<Output = Vec<Result<(), ApiError>>> + Send;

    /// The contribution the cluster decided on for this block and subcommittee; held until it did.
    ///
    /// # Errors
    /// When no validator of the cluster aggregates for the subcommittee, or nothing is decided by the duty's deadline.
    fn contribution(
        &self,
        slot: Slot,
        subcommittee: SubcommitteeIndex,
        block: Root,
    ) -> impl Future<Output = Result<SyncCommitteeContribution, ApiError>> + Send;

    /// Takes contributions signed with this node's shares, with the validators' own selection proofs. One verdict per
    /// item, in the same order.
    fn submit_contributions(
        &self,
        items: Vec<SignedContributionAndProof>,
    ) -> impl Future<Output = Vec<Result<(), ApiError>>> + Send;

    /// Takes sync committee messages signed with this node's shares. One verdict per item, in the same order.
    fn submit_sync_messages(
        &self,
        items: Vec<SyncCommitteeMessage>,
    ) -> impl Future<Output = Vec<Result<(), ApiError>>> + Send;

    /// Takes partial selection proofs and answers those of the validators; held until all are combined. What is not
    /// combined by the deadline, or not ours, is left out. Never called with an empty list.
    ///
    /// # Errors
    /// When there is nothing to answer.
    fn committee_selections(
        &self,
        items: Vec<BeaconCommitteeSelection>,
    ) -> impl Future<Output = Result<Vec<BeaconCommitteeSelection>, ApiError>> + Send;

    /// The same for subcommittees of the sync committee.
    ///
    /// # Errors
    /// When there is nothing to answer.
    fn sync_selections(
        &self,
        items: Vec<SyncCommitteeSelection>,
    ) -> impl Future<Output = Result<Vec<SyncCommitteeSelection>, ApiError>> + Send;

    /// Takes partial selection proofs and answers which of the validators aggregate: one answer per item, in the same
    /// order; held until all are combined. Never called with an empty list.
    ///
    /// # Errors
    /// When there is nothing to answer.
    fn are_aggregators(
        &self,
        items: Vec<AggregatorQuery>,
    ) -> impl Future<Output = Result<Vec<bool>, ApiError>> + Send;

    /// Takes an exit signed with this node's share.
    ///
    /// # Errors
    /// When it is not of a validator of the cluster, or not signed by this node's share.
    fn submit_exit(&self, exit: SignedVoluntaryExit) -> impl Future<Output = Result<(), ApiError>> + Send;
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
