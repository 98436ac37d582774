//! A block to be signed, of any fork and preset.

mod envelope;
mod layout;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::layout::Layout;
use crate::{
    Address, BeaconBlockHeader, Container, DecodeError, Fork, Graffiti, Preset, Root, SignatureBytes, Slot,
    ValidatorIndex,
};

/// A block to be signed: full, with its blobs (`BlockContents`), or blinded. Holds its SSZ, which was decoded once and
/// found to be sound. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Proposal {
    form: Form,
    ssz: Arc<[u8]>,
    parts: ProposalParts,
    block_root: Root,
}

/// A proposal and the proposer's signature, which is not verified here.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedProposal {
    proposal: Proposal,
    signature: SignatureBytes,
}

/// The fields of a block that decide whether and how it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalParts {
    /// The block's summary, which has the block's root.
    pub header: BeaconBlockHeader,
    /// The proposer's contribution to the chain's randomness.
    pub randao_reveal: SignatureBytes,
    /// The proposer's note.
    pub graffiti: Graffiti,
    /// Where the payload's fees go.
    pub fee_recipient: Address,
}

/// A container in which a proposal comes: `BlockContents` or `BlindedBeaconBlock` of a fork and preset.
pub trait ProposalContainer: Container + Serialize + DeserializeOwned {
    /// The same with a signature.
    type Signed: Container + Serialize + DeserializeOwned;
    /// The preset of its sizes.
    const PRESET: Preset;
    /// The forks that use it.
    const FORKS: &'static [Fork];
    /// Whether the payload's transactions are left out.
    const BLINDED: bool;

    /// The fields that decide.
    fn parts(&self) -> ProposalParts;
}

/// What has to be known to read a proposal's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    preset: Preset,
    fork: Fork,
    blinded: bool,
}

impl Proposal {
    /// Takes a container made here, in a fork that uses it.
    ///
    /// # Errors
    /// [`DecodeError::UnsupportedFork`]: the fork has containers of its own.
    pub fn new<C: ProposalContainer>(fork: Fork, container: &C) -> Result<Proposal, DecodeError> {
        if !C::FORKS.contains(&fork) {
            return Err(DecodeError::UnsupportedFork { fork });
        }
        let form = Form { preset: C::PRESET, fork, blinded: C::BLINDED };
        Ok(Proposal::sound(form, container.to_ssz(), container.parts()))
    }

    /// Decodes SSZ: `BlockContents`, or `BlindedBeaconBlock` when `blinded`.
    ///
    /// # Errors
    /// The bytes are none, or the fork is not built in.
    pub fn from_ssz(preset: Preset, fork: Fork, blinded: bool, ssz: &[u8]) -> Result<Proposal, DecodeError> {
        let form = Form { preset, fork, blinded };
        let parts = (Layout::find(form)?.decode)(ssz)?;
        Ok(Proposal::sound(form, ssz, parts))
    }

    /// Decodes the Beacon API's JSON of the same containers.
    ///
    /// # Errors
    /// The text is none, or the fork is not built in.
    pub fn from_json(
        preset: Preset,
        fork: Fork,
        blinded: bool,
        json: &[u8],
    ) -> Result<Proposal, DecodeError> {
        let form = Form { preset, fork, blinded };
        let (ssz, parts) = (Layout::find(form)?.from_json)(json)?;
        Ok(Proposal::sound(form, ssz, parts))
    }

    /// The SSZ.
    pub fn to_ssz(&self) -> &[u8] {
        &self.ssz
    }

    /// The Beacon API's JSON.
    pub fn to_json(&self) -> Vec<u8> {
        (self.layout().to_json)(&self.ssz).expect("the SSZ was decoded when the proposal was made")
    }

    /// The preset of the containers' sizes.
    pub fn preset(&self) -> Preset {
        self.form.preset
    }

    /// The fork.
    pub fn fork(&self) -> Fork {
        self.form.fork
    }

    /// Whether the payload's transactions are left out.
    pub fn blinded(&self) -> bool {
        self.form.blinded
    }

    /// The block's slot.
    pub fn slot(&self) -> Slot {
        self.parts.header.slot
    }

    /// Who proposes it.
    pub fn proposer_index(&self) -> ValidatorIndex {
        self.parts.header.proposer_index
    }

    /// The block it builds on.
    pub fn parent_root(&self) -> Root {
        self.parts.header.parent_root
    }

    /// Root of the `BeaconBlock`, the object that is signed; a blinded block has the root of the full one.
    pub fn block_root(&self) -> Root {
        self.block_root
    }

    /// The block's summary.
    pub fn header(&self) -> &BeaconBlockHeader {
        &self.parts.header
    }

    /// The proposer's contribution to the chain's randomness.
    pub fn randao_reveal(&self) -> SignatureBytes {
        self.parts.randao_reveal
    }

    /// Where the payload's fees go.
    pub fn fee_recipient(&self) -> Address {
        self.parts.fee_recipient
    }

    /// The proposer's note.
    pub fn graffiti(&self) -> Graffiti {
        self.parts.graffiti
    }

    /// The proposal with a signature over [`Proposal::block_root`], domain
    /// [`BeaconProposer`](crate::DomainType::BeaconProposer) of the slot's epoch.
    pub fn sign(self, signature: SignatureBytes) -> SignedProposal {
        SignedProposal { proposal: self, signature }
    }

    /// This very proposal with a signature, if that is what the SSZ is. Saves decoding and hashing when peers send
    /// their signatures on a proposal that is already known.
    pub fn recognise_signed(&self, ssz: &[u8]) -> Option<SignedProposal> {
        let (unsigned, signature) = envelope::open(self.form.blinded, ssz).ok()?;
        (*unsigned == *self.ssz).then(|| self.clone().sign(signature))
    }

    fn sound(form: Form, ssz: impl Into<Arc<[u8]>>, parts: ProposalParts) -> Proposal {
        Proposal { form, ssz: ssz.into(), block_root: parts.header.root(), parts }
    }

    fn layout(&self) -> Layout {
        Layout::find(self.form).expect("a proposal is made of forks that are built in")
    }
}

impl SignedProposal {
    /// Decodes SSZ: `SignedBlockContents`, or `SignedBlindedBeaconBlock` when `blinded`.
    ///
    /// # Errors
    /// The bytes are none, or the fork is not built in.
    pub fn from_ssz(
        preset: Preset,
        fork: Fork,
        blinded: bool,
        ssz: &[u8],
    ) -> Result<SignedProposal, DecodeError> {
        Layout::find(Form { preset, fork, blinded })?;
        let (unsigned, signature) = envelope::open(blinded, ssz)?;
        Ok(Proposal::from_ssz(preset, fork, blinded, &unsigned)?.sign(signature))
    }

    /// Decodes the Beacon API's JSON of the same containers.
    ///
    /// # Errors
    /// The text is none, or the fork is not built in.
    pub fn from_json(
        preset: Preset,
        fork: Fork,
        blinded: bool,
        json: &[u8],
    ) -> Result<SignedProposal, DecodeError> {
        let ssz = (Layout::find(Form { preset, fork, blinded })?.signed_from_json)(json)?;
        SignedProposal::from_ssz(preset, fork, blinded, &ssz)
    }

    /// The SSZ.
    pub fn to_ssz(&self) -> Vec<u8> {
        envelope::close(self.blinded(), &self.proposal.ssz, &self.signature)
    }

    /// The Beacon API's JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let layout = self.proposal.layout();
        (layout.signed_to_json)(&self.to_ssz()).expect("the SSZ was decoded when the proposal was made")
    }

    /// What is signed.
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// The signature.
    pub fn signature(&self) -> SignatureBytes {
        self.signature
    }

    /// The same proposal with another signature.
    pub fn with_signature(&self, signature: SignatureBytes) -> SignedProposal {
        self.proposal.clone().sign(signature)
    }

    /// The fork.
    pub fn fork(&self) -> Fork {
        self.proposal.fork()
    }

    /// Whether the payload's transactions are left out.
    pub fn blinded(&self) -> bool {
        self.proposal.blinded()
    }

    /// The block's slot.
    pub fn slot(&self) -> Slot {
        self.proposal.slot()
    }

    /// Root of the block, the object that is signed.
    pub fn block_root(&self) -> Root {
        self.proposal.block_root()
    }
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Form { fork, blinded, .. } = self.form;
        f.debug_struct("Proposal")
            .field("fork", &fork)
            .field("blinded", &blinded)
            .field("slot", &self.slot())
            .field("block_root", &self.block_root)
            .field("bytes", &self.ssz.len())
            .finish()
    }
}

impl fmt::Debug for SignedProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedProposal")
            .field("proposal", &self.proposal)
            .field("signature", &self.signature)
            .finish()
    }
}
