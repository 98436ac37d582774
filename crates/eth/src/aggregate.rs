//! An attestation of one or more validators, of either preset.

use crate::containers::{mainnet, minimal};
use crate::{AttestationData, CommitteeIndex, Container, DecodeError, Preset, Root, SignatureBytes};

/// The same vote of validators of one or more committees, in the form of Electra and Fulu (EIP-7549). Hides the
/// preset, on which its sizes depend. (Gloas makes the container progressive: same bytes, other root; see
/// [`containers`](crate::containers).)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation(OfPreset);

#[derive(Clone, Debug, PartialEq, Eq)]
enum OfPreset {
    Mainnet(mainnet::attestation::Attestation),
    Minimal(minimal::attestation::Attestation),
}

/// The same expression on whichever container it is.
macro_rules! either {
    ($attestation:expr, $inner:ident => $result:expr) => {
        match $attestation {
            OfPreset::Mainnet($inner) => $result,
            OfPreset::Minimal($inner) => $result,
        }
    };
}

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
                crate::collection::Bitlist::from_bits(aggregation_bits).map_err(out_of_range("a committee's size"))?;
            inner.committee_bits.set(committee).map_err(out_of_range("a committee's index"))?;
            inner.data = data;
            inner.signature = signature;
        });
        Ok(attestation)
    }

    /// Decodes SSZ.
    ///
    /// # Errors
    /// The bytes are no attestation.
    pub fn from_ssz(preset: Preset, ssz: &[u8]) -> Result<Attestation, DecodeError> {
        Ok(Attestation(match preset {
            Preset::Mainnet => OfPreset::Mainnet(Container::from_ssz(ssz)?),
            Preset::Minimal => OfPreset::Minimal(Container::from_ssz(ssz)?),
        }))
    }

    /// Decodes the Beacon API's JSON.
    ///
    /// # Errors
    /// The text is no attestation.
    pub fn from_json(preset: Preset, json: &[u8]) -> Result<Attestation, DecodeError> {
        Ok(Attestation(match preset {
            Preset::Mainnet => OfPreset::Mainnet(serde_json::from_slice(json)?),
            Preset::Minimal => OfPreset::Minimal(serde_json::from_slice(json)?),
        }))
    }

    /// The SSZ.
    pub fn to_ssz(&self) -> Vec<u8> {
        either!(&self.0, inner => inner.to_ssz())
    }

    /// The Beacon API's JSON.
    pub fn to_json(&self) -> Vec<u8> {
        either!(&self.0, inner => serde_json::to_vec(inner).expect("containers are always writable"))
    }

    /// The hash tree root.
    pub fn root(&self) -> Root {
        either!(&self.0, inner => inner.root())
    }

    /// The preset of its sizes.
    pub fn preset(&self) -> Preset {
        match &self.0 {
            OfPreset::Mainnet(_) => Preset::Mainnet,
            OfPreset::Minimal(_) => Preset::Minimal,
        }
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
