//! Partial signatures on their way to a threshold.

use std::collections::BTreeMap;
use std::sync::Arc;

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{
    AggregateAndProof, AttestationData, CommitteeIndex, Container, ContributionAndProof, Domain, DomainType,
    Epoch, Proposal, Root, SignatureBytes, Slot, Spec, SubcommitteeIndex, SyncAggregatorSelectionData,
    ValidatorIndex, VoluntaryExit,
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
    /// The proof of a place among a committee's aggregators. The validator is not covered by the signature.
    CommitteeSelection {
        /// The signed slot.
        slot: Slot,
        /// Whose proof it is.
        validator: ValidatorIndex,
    },
    /// An aggregate of a committee's attestations.
    Aggregate(Arc<AggregateAndProof>),
    /// A sync committee member's word on the head. Slot and validator are not covered by the signature.
    SyncMessage {
        /// When.
        slot: Slot,
        /// The signed block root.
        block: Root,
        /// The member.
        validator: ValidatorIndex,
    },
    /// The proof of a place among a sync subcommittee's aggregators. The validator is not covered by the signature.
    SyncSelection {
        /// The signed slot and subcommittee.
        data: SyncAggregatorSelectionData,
        /// Whose proof it is.
        validator: ValidatorIndex,
    },
    /// An aggregate of a sync subcommittee's messages.
    Contribution(Arc<ContributionAndProof>),
    /// The wish to leave the validator set.
    Exit(VoluntaryExit),
}

/// Whom a signature of one duty is for: a validator, and, as it may sit in several sync subcommittees, which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// The validator.
    pub key: GroupKey,
    /// The subcommittee; the first for everything but sync selections and contributions (charon-wire 5.5).
    pub subcommittee: SubcommitteeIndex,
}

impl From<GroupKey> for Seat {
    fn from(key: GroupKey) -> Seat {
        Seat { key, subcommittee: SubcommitteeIndex(0) }
    }
}

impl Signed {
    /// The root under which partial signatures of the same thing meet (last column of charon-wire 3.1).
    pub fn root(&self) -> Root {
        match self {
            Signed::Attestation { data, .. } => data.root(),
            Signed::Block(proposal) => proposal.block_root(),
            Signed::Randao { epoch } => eth::epoch_root(*epoch),
            Signed::CommitteeSelection { slot, .. } => eth::slot_root(*slot),
            Signed::Aggregate(aggregate) => aggregate.root(),
            Signed::SyncMessage { block, .. } => *block,
            Signed::SyncSelection { data, .. } => data.root(),
            Signed::Contribution(contribution) => contribution.root(),
            Signed::Exit(exit) => exit.root(),
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
            Signed::CommitteeSelection { slot, .. } => {
                spec.domain(DomainType::SelectionProof, spec.epoch_of(*slot))
            }
            Signed::Aggregate(aggregate) => {
                spec.domain(DomainType::AggregateAndProof, spec.epoch_of(aggregate.data().slot))
            }
            Signed::SyncMessage { slot, .. } => spec.domain(DomainType::SyncCommittee, spec.epoch_of(*slot)),
            Signed::SyncSelection { data, .. } => {
                spec.domain(DomainType::SyncCommitteeSelectionProof, spec.epoch_of(data.slot))
            }
            Signed::Contribution(contribution) => {
                spec.domain(DomainType::ContributionAndProof, spec.epoch_of(contribution.slot()))
            }
            // With the Capella fork version whatever the epoch (EIP-7044).
            Signed::Exit(exit) => spec.domain(DomainType::VoluntaryExit, exit.epoch),
        }
    }

    /// The seat it is for.
    pub fn seat(&self, key: GroupKey) -> Seat {
        let subcommittee = match self {
            Signed::SyncSelection { data, .. } => data.subcommittee_index,
            Signed::Contribution(contribution) => contribution.subcommittee_index(),
            _ => SubcommitteeIndex(0),
        };
        Seat { key, subcommittee }
    }

    /// The 32 bytes that the BLS signature is over.
    pub fn signing_root(&self, spec: &Spec) -> Root {
        eth::signing_root(self.object_root(spec), self.domain(spec))
    }

    /// The root of what is signed in the fork in force: [`Signed::root`], but for Gloas, which hashes the same aggregate
    /// otherwise. Decoding has refused aggregates of forks that are not built in.
    fn object_root(&self, spec: &Spec) -> Root {
        match self {
            Signed::Aggregate(aggregate) => {
                let fork = spec.fork_at(spec.epoch_of(aggregate.data().slot));
                aggregate.root_in(fork).unwrap_or_else(|_| aggregate.root())
            }
            other => other.root(),
        }
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
            other => other.signing_root(self.spec),
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

#[cfg(test)]
mod tests {
    use eth::{Attestation, CommitteeIndex, Fork, Genesis, Preset, Version};

    use super::*;

    #[test]
    fn an_aggregate_is_hashed_as_its_fork_does() {
        let genesis = Genesis {
            genesis_time: 0,
            genesis_validators_root: Root::ZERO,
            genesis_fork_version: Version([0; 4]),
        };
        let (committee, data) = (CommitteeIndex(0), AttestationData::default());
        let attestation =
            Attestation::of_committee(Preset::Minimal, committee, &[true], data, SignatureBytes::ZERO)
                .expect("every preset has a committee 0");
        let aggregate = AggregateAndProof::new(ValidatorIndex(1), attestation, SignatureBytes::ZERO);
        let signed = Signed::Aggregate(Arc::new(aggregate.clone()));
        for fork in [Fork::Electra, Fork::Fulu, Fork::Gloas] {
            let spec = Spec::local(Preset::Minimal, genesis, 12_000, fork);
            let root = aggregate.root_in(fork).expect("aggregates of the fork are built in");
            let expected = eth::signing_root(root, spec.domain(DomainType::AggregateAndProof, Epoch(0)));
            assert_eq!(signed.signing_root(&spec), expected, "{fork}");
        }
    }
}
