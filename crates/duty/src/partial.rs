//! Partial signatures on their way to a threshold.

use std::collections::BTreeMap;
use std::sync::Arc;

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{
    AttestationData, CommitteeIndex, Container, Domain, DomainType, Epoch, Proposal, Root, SignatureBytes,
    Spec, ValidatorIndex,
};

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
            Signed::Block(proposal) => {
                spec.domain(DomainType::BeaconProposer, spec.epoch_of(proposal.slot()))
            }
            Signed::Randao { epoch } => spec.domain(DomainType::Randao, *epoch),
        }
    }

    /// The 32 bytes that the BLS signature is over.
    pub fn signing_root(&self, spec: &Spec) -> Root {
        eth::signing_root(self.root(), self.domain(spec))
    }
}

/// Signing roots, without hashing the same attestation data once for each validator of a slot.
#[derive(Debug)]
pub(crate) struct SigningRoots<'a> {
    spec: &'a Spec,
    latest: Option<(AttestationData, Root)>,
}

impl<'a> SigningRoots<'a> {
    pub(crate) fn new(spec: &'a Spec) -> SigningRoots<'a> {
        SigningRoots { spec, latest: None }
    }

    pub(crate) fn of(&mut self, signed: &Signed) -> Root {
        match signed {
            Signed::Attestation { data, .. } => self.of_attestation(data),
            Signed::Block(_) | Signed::Randao { .. } => signed.signing_root(self.spec),
        }
    }

    pub(crate) fn of_attestation(&mut self, data: &AttestationData) -> Root {
        if let Some((known, root)) = &self.latest
            && known == data
        {
            return *root;
        }
        let domain = self.spec.domain(DomainType::BeaconAttester, data.target.epoch);
        let root = eth::signing_root(data.root(), domain);
        self.latest = Some((*data, root));
        root
    }
}
