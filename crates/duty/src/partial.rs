//! Partial signatures on their way to a threshold.

use std::collections::BTreeMap;
use std::sync::Arc;

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{Container,AttestationData, CommitteeIndex, Domain, DomainType, Epoch, Proposal, Root, SignatureBytes, Spec, ValidatorIndex};

use crate::Duty;

/// Partial signatures of one node for one duty, at most one per validator.
#[derive(Clone, Debug)]
pub struct PartialSet {
    /// The duty they are for.
    pub duty: Duty,
    /// By validator.
    pub partials: BTreeMap<GroupKey, Partial>,
}

/// A share's signature over something. Not verified.
#[derive(Clone, Debug)]
pub struct Partial {
    /// The share that signed.
    pub share: ShareIndex,
    /// What was signed.
    pub signed: Signed,
    /// The compressed signature.
    pub signature: SignatureBytes,
}

/// What a partial signature is over, with the fields needed to publish it once it is complete.
#[derive(Clone, Debug)]
pub enum Signed {
    /// An attestation. The indices are not covered by the signature.
    Attestation {
        /// The signed data.
        data: AttestationData,
        /// The attesting validator, where the sender told it.
        validator: Option<ValidatorIndex>,
        /// Its committee.
        committee: CommitteeIndex,
    },
    /// A block.
    Block(Arc<Proposal>),
    /// A RANDAO reveal.
    Randao {
        /// The signed epoch.
        epoch: Epoch,
    },
}

impl Signed {
    /// The root under which partial signatures of the same thing meet (last column of charon-wire 3.1).
    pub fn root(&self) -> Root {
        match self {
            Signed::Attestation { data, .. } => data.root(),
            Signed::Block(proposal) => proposal.block_root(),
            Signed::Randao { epoch } => eth::epoch_root(*epoch),
        }
    }

    /// The domain it is signed in on the chain of `spec` (charon-wire 5.4).
    pub fn domain(&self, spec: &Spec) -> Domain {
        match self {
            Signed::Attestation { data, .. } => spec.domain(DomainType::BeaconAttester, data.target.epoch),
            Signed::Block(proposal) => spec.domain(DomainType::BeaconProposer, spec.epoch_of(proposal.slot())),
            Signed::Randao { epoch } => spec.domain(DomainType::Randao, *epoch),
        }
    }

    /// The 32 bytes that the BLS signature is over.
    pub fn signing_root(&self, spec: &Spec) -> Root {
        eth::signing_root(self.root(), self.domain(spec))
    }
}
