//! What a part of the sync committee signed, gathered, of either preset.

use crate::containers::{mainnet, minimal};
use crate::of_preset::{OfPreset, either, of_preset};
use crate::{DecodeError, Preset, Root, SignatureBytes, Slot, SubcommitteeIndex, ValidatorIndex};

of_preset! {
    /// What a subcommittee of the sync committee signed. Hides the preset, on which its size depends.
    SyncCommitteeContribution = sync
}

of_preset! {
    /// A contribution as its aggregator hands it in: what is signed in the domain
    /// [`ContributionAndProof`](crate::DomainType::ContributionAndProof).
    ContributionAndProof = sync
}

of_preset! {
    /// A contribution with its aggregator's signature, which is not verified here.
    SignedContributionAndProof = sync
}

impl SyncCommitteeContribution {
    /// What the members at `participants`, places within the subcommittee, signed for a block.
    ///
    /// # Errors
    /// [`DecodeError::OutOfRange`]: the preset's subcommittees have no such place.
    pub fn new(
        preset: Preset,
        slot: Slot,
        beacon_block_root: Root,
        subcommittee_index: SubcommitteeIndex,
        participants: &[usize],
        signature: SignatureBytes,
    ) -> Result<SyncCommitteeContribution, DecodeError> {
        let mut contribution = SyncCommitteeContribution(match preset {
            Preset::Mainnet => OfPreset::Mainnet(Default::default()),
            Preset::Minimal => OfPreset::Minimal(Default::default()),
        });
        either!(&mut contribution.0, inner => {
            inner.slot = slot;
            inner.beacon_block_root = beacon_block_root;
            inner.subcommittee_index = subcommittee_index;
            inner.signature = signature;
            for place in participants {
                let what = "a place in a sync subcommittee";
                inner.aggregation_bits.set(*place).map_err(|_| DecodeError::OutOfRange { what, preset })?;
            }
        });
        Ok(contribution)
    }

    /// The slot.
    pub fn slot(&self) -> Slot {
        either!(&self.0, inner => inner.slot)
    }

    /// The block signed for.
    pub fn beacon_block_root(&self) -> Root {
        either!(&self.0, inner => inner.beacon_block_root)
    }

    /// The subcommittee.
    pub fn subcommittee_index(&self) -> SubcommitteeIndex {
        either!(&self.0, inner => inner.subcommittee_index)
    }

    /// Who signed: places within the subcommittee, ascending.
    pub fn participants(&self) -> Vec<usize> {
        either!(&self.0, inner => inner.aggregation_bits.ones().collect())
    }

    /// Aggregate of the members' signatures.
    pub fn signature(&self) -> SignatureBytes {
        either!(&self.0, inner => inner.signature)
    }
}

impl ContributionAndProof {
    /// What an aggregator signs: the contribution, and its selection proof.
    pub fn new(
        aggregator_index: ValidatorIndex,
        contribution: SyncCommitteeContribution,
        selection_proof: SignatureBytes,
    ) -> ContributionAndProof {
        ContributionAndProof(match contribution.0 {
            OfPreset::Mainnet(contribution) => OfPreset::Mainnet(mainnet::sync::ContributionAndProof {
                aggregator_index,
                contribution,
                selection_proof,
            }),
            OfPreset::Minimal(contribution) => OfPreset::Minimal(minimal::sync::ContributionAndProof {
                aggregator_index,
                contribution,
                selection_proof,
            }),
        })
    }

    /// The aggregator.
    pub fn aggregator_index(&self) -> ValidatorIndex {
        either!(&self.0, inner => inner.aggregator_index)
    }

    /// The contribution.
    pub fn contribution(&self) -> SyncCommitteeContribution {
        SyncCommitteeContribution(match &self.0 {
            OfPreset::Mainnet(inner) => OfPreset::Mainnet(inner.contribution.clone()),
            OfPreset::Minimal(inner) => OfPreset::Minimal(inner.contribution.clone()),
        })
    }

    /// The contribution's slot.
    pub fn slot(&self) -> Slot {
        either!(&self.0, inner => inner.contribution.slot)
    }

    /// The contribution's subcommittee.
    pub fn subcommittee_index(&self) -> SubcommitteeIndex {
        either!(&self.0, inner => inner.contribution.subcommittee_index)
    }

    /// The aggregator's right to aggregate: slot and subcommittee, signed in the domain
    /// [`SyncCommitteeSelectionProof`](crate::DomainType::SyncCommitteeSelectionProof).
    pub fn selection_proof(&self) -> SignatureBytes {
        either!(&self.0, inner => inner.selection_proof)
    }

    /// The same with the aggregator's signature.
    pub fn sign(self, signature: SignatureBytes) -> SignedContributionAndProof {
        SignedContributionAndProof(match self.0 {
            OfPreset::Mainnet(message) => {
                OfPreset::Mainnet(mainnet::sync::SignedContributionAndProof { message, signature })
            }
            OfPreset::Minimal(message) => {
                OfPreset::Minimal(minimal::sync::SignedContributionAndProof { message, signature })
            }
        })
    }
}

impl SignedContributionAndProof {
    /// What is signed, and the signature.
    pub fn into_parts(self) -> (ContributionAndProof, SignatureBytes) {
        let signature = self.signature();
        let message = ContributionAndProof(match self.0 {
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
