//! Which container a proposal's bytes are, and what can be done with them once its type is forgotten.

use super::{Form, ProposalContainer, ProposalParts};
use crate::containers::{mainnet, minimal};
use crate::fork::BlockForm;
use crate::{Container, DecodeError, Preset};

/// The operations on one [`ProposalContainer`], as plain functions.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// Checks SSZ.
    pub(super) decode: fn(&[u8]) -> Result<ProposalParts, DecodeError>,
    /// JSON to SSZ.
    pub(super) from_json: fn(&[u8]) -> Result<Checked, DecodeError>,
    /// SSZ to JSON.
    pub(super) to_json: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
    /// Signed JSON to signed SSZ.
    pub(super) signed_from_json: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
    /// Signed SSZ to signed JSON.
    pub(super) signed_to_json: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
}

/// SSZ known to be sound, and what it says.
pub(super) type Checked = (Vec<u8>, ProposalParts);

impl Layout {
    /// The container of this fork, preset and kind.
    pub(super) fn find(form: Form) -> Result<Layout, DecodeError> {
        let Form { preset, fork, blinded } = form;
        Ok(match (fork.blocks()?, preset, blinded) {
            (BlockForm::Electra, Preset::Mainnet, false) => Layout::of::<mainnet::electra::BlockContents>(),
            (BlockForm::Electra, Preset::Minimal, false) => Layout::of::<minimal::electra::BlockContents>(),
            (BlockForm::Fulu, Preset::Mainnet, false) => Layout::of::<mainnet::fulu::BlockContents>(),
            (BlockForm::Fulu, Preset::Minimal, false) => Layout::of::<minimal::fulu::BlockContents>(),
            (BlockForm::Electra | BlockForm::Fulu, Preset::Mainnet, true) => {
                Layout::of::<mainnet::electra::BlindedBeaconBlock>()
            }
            (BlockForm::Electra | BlockForm::Fulu, Preset::Minimal, true) => {
                Layout::of::<minimal::electra::BlindedBeaconBlock>()
            }
        })
    }

    fn of<C: ProposalContainer>() -> Layout {
        Layout {
            decode: |ssz| Ok(C::from_ssz(ssz)?.parts()),
            from_json: |json| {
                let container: C = serde_json::from_slice(json)?;
                Ok((container.to_ssz(), container.parts()))
            },
            to_json: |ssz| Ok(serde_json::to_vec(&C::from_ssz(ssz)?)?),
            signed_from_json: |json| Ok(serde_json::from_slice::<C::Signed>(json)?.to_ssz()),
            signed_to_json: |ssz| Ok(serde_json::to_vec(&C::Signed::from_ssz(ssz)?)?),
        }
    }
}
