//! Attestations of one or more validators, and what aggregators make of them, of either preset.

use crate::collection::Bitlist;
use crate::containers::{mainnet, minimal};
use crate::fork::AttestationForm;
use crate::of_preset::{OfPreset, either, of_preset};
use crate::{
    AttestationData, CommitteeIndex, Container, DecodeError, Fork, Preset, Root, SignatureBytes,
    ValidatorIndex,
};

/// Adds the root to a container that Gloas hashes otherwise than Electra.
macro_rules! root_in {
    ($name:ident) => {
        impl $name {
            /// The hash tree root in a fork, of which [`Self::root`] is that of Electra and Fulu.
            ///
            /// # Errors
            /// [`DecodeError::UnsupportedFork`]: the fork's containers are not built in.
            pub fn root_in(&self, fork: Fork) -> Result<Root, DecodeError> {
                match (fork.attestations()?, self.preset()) {
                    (AttestationForm::Electra, _) => Ok(self.root()),
                    (AttestationForm::Gloas, Preset::Mainnet) => {
                        root_of::<mainnet::gloas::$name>(&self.to_ssz())
                    }
                    (AttestationForm::Gloas, Preset::Minimal) => {
                        root_of::<minimal::gloas::$name>(&self.to_ssz())
                    }
                }
            }
        }
    };
}

of_preset! {
    /// The same vote of validators of one or more committees, in the form of Electra and Fulu (EIP-7549). Hides the
    /// preset, on which its sizes depend. Gloas has the same bytes with another root: see [`Attestation::root_in`].
    Attestation = attestation
}
root_in!(Attestation);

of_preset! {
    /// An aggregate as its aggregator hands it in: what is signed in the domain
    /// [`AggregateAndProof`](crate::DomainType::AggregateAndProof). The root that is signed is
    /// [`AggregateAndProof::root_in`] the fork.
    AggregateAndProof = attestation
}
root_in!(AggregateAndProof);

of_preset! {
    /// An aggregate with its aggregator's signature, which is not verified here.
    SignedAggregateAndProof = attestation
}
root_in!(SignedAggregateAndProof);

impl Attestation {
    /// The vote of the validators set in `aggregation_bits`, all of one committee. Nodes of a cluster exchange a single
    /// validator's vote in this form with no aggregation bits at all.
    ///
    /// # Errors
    /// [`DecodeError::OutOfRange`]: the preset has no such committee, or none so large.
    pub fn of_committee(
        preset: Preset,
        committee: CommitteeIndex,
        aggregation_bits: &[bool],
        data: AttestationData,
        signature: SignatureBytes,
    ) -> Result<Attestation, DecodeError> {
        let mut attestation = Attestation::empty(preset);
        let out_of_range = |what| move |_| DecodeError::OutOfRange { what, preset };
        let committee = usize::try_from(committee.0).unwrap_or(usize::MAX);
        either!(&mut attestation.0, inner => {
            inner.aggregation_bits =
                Bitlist::from_bits(aggregation_bits).map_err(out_of_range("a committee's size"))?;
            inner.committee_bits.set(committee).map_err(out_of_range("a committee's index"))?;
            inner.data = data;
            inner.signature = signature;
        });
        Ok(attestation)
    }

    /// The vote: what is signed.
    pub fn data(&self) -> &AttestationData {
        either!(&self.0, inner => &inner.data)
    }

    /// Aggregate of the voters' signatures.
    pub fn signature(&self) -> SignatureBytes {
        either!(&self.0, inner => inner.signature)
    }

    /// The same vote with another signature.
    pub fn with_signature(&self, signature: SignatureBytes) -> Attestation {
        let mut attestation = self.clone();
        either!(&mut attestation.0, inner => inner.signature = signature);
        attestation
    }

    /// Who voted: the members of the committees, one committee after the other.
    pub fn aggregation_bits(&self) -> Vec<bool> {
        either!(&self.0, inner => inner.aggregation_bits.iter().collect())
    }

    /// The committees, ascending.
    pub fn committees(&self) -> Vec<CommitteeIndex> {
        either!(&self.0, inner => inner.committee_bits.ones().map(|index| CommitteeIndex(index as u64)).collect())
    }

    fn empty(preset: Preset) -> Attestation {
        Attestation(match preset {
            Preset::Mainnet => OfPreset::Mainnet(Default::default()),
            Preset::Minimal => OfPreset::Minimal(Default::default()),
        })
    }
}

impl AggregateAndProof {
    /// What an aggregator signs: the aggregate, and its selection proof.
    pub fn new(
        aggregator_index: ValidatorIndex,
        aggregate: Attestation,
        selection_proof: SignatureBytes,
    ) -> AggregateAndProof {
        AggregateAndProof(match aggregate.0 {
            OfPreset::Mainnet(aggregate) => OfPreset::Mainnet(mainnet::attestation::AggregateAndProof {
                aggregator_index,
                aggregate,
                selection_proof,
            }),
            OfPreset::Minimal(aggregate) => OfPreset::Minimal(minimal::attestation::AggregateAndProof {
                aggregator_index,
                aggregate,
                selection_proof,
            }),
        })
    }

    /// The aggregator.
    pub fn aggregator_index(&self) -> ValidatorIndex {
        either!(&self.0, inner => inner.aggregator_index)
    }

    /// The aggregate.
    pub fn aggregate(&self) -> Attestation {
        Attestation(match &self.0 {
            OfPreset::Mainnet(inner) => OfPreset::Mainnet(inner.aggregate.clone()),
            OfPreset::Minimal(inner) => OfPreset::Minimal(inner.aggregate.clone()),
        })
    }

    /// The vote that was aggregated.
    pub fn data(&self) -> &AttestationData {
        either!(&self.0, inner => &inner.aggregate.data)
    }

    /// The aggregator's right to aggregate: the slot, signed in the domain
    /// [`SelectionProof`](crate::DomainType::SelectionProof).
    pub fn selection_proof(&self) -> SignatureBytes {
        either!(&self.0, inner => inner.selection_proof)
    }

    /// The same with the aggregator's signature.
    pub fn sign(self, signature: SignatureBytes) -> SignedAggregateAndProof {
        SignedAggregateAndProof(match self.0 {
            OfPreset::Mainnet(message) => {
                OfPreset::Mainnet(mainnet::attestation::SignedAggregateAndProof { message, signature })
            }
            OfPreset::Minimal(message) => {
                OfPreset::Minimal(minimal::attestation::SignedAggregateAndProof { message, signature })
            }
        })
    }
}

impl SignedAggregateAndProof {
    /// What is signed, and the signature.
    pub fn into_parts(self) -> (AggregateAndProof, SignatureBytes) {
        let signature = self.signature();
        let message = AggregateAndProof(match self.0 {
            OfPreset::Mainnet(inner) => OfPreset::Mainnet(inner.message),
            OfPreset::Minimal(inner) => OfPreset::Minimal(inner.message),
        });
        (message, signature)
    }

    /// The aggregator's signature.
    pub fn signature(&self) -> SignatureBytes {
        either!(&self.0, inner => inner.signature)
    }
}

fn root_of<T: Container>(ssz: &[u8]) -> Result<Root, DecodeError> {
    Ok(T::from_ssz(ssz)?.root())
}
