//! The EIP-3076 interchange file, version 5: how a signing history moves from one client to another.

use eth::{Epoch, PublicKeyBytes, Root, Slot};
use serde::{Deserialize, Serialize};

use crate::{Error, Record, Signable};

/// The only format version there is software for.
const VERSION: &str = "5";

/// An interchange file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interchange {
    /// Format and network.
    pub metadata: Metadata,
    /// Histories; one key may appear more than once.
    pub data: Vec<ValidatorHistory>,
}

/// What the file is and of which network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// `"5"`.
    pub interchange_format_version: String,
    /// The network.
    pub genesis_validators_root: Root,
}

/// What one validator signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidatorHistory {
    /// The validator's public key.
    pub pubkey: PublicKeyBytes,
    /// Its blocks, in any order.
    pub signed_blocks: Vec<SignedBlock>,
    /// Its attestations, in any order.
    pub signed_attestations: Vec<SignedAttestation>,
}

/// A signed block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBlock {
    /// Its slot.
    pub slot: Slot,
    /// What was signed, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_root: Option<Root>,
}

/// A signed attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedAttestation {
    /// Epoch of the source checkpoint.
    pub source_epoch: Epoch,
    /// Epoch of the target checkpoint.
    pub target_epoch: Epoch,
    /// What was signed, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_root: Option<Root>,
}

impl Interchange {
    /// A file of that network with those histories.
    pub fn new(genesis_validators_root: Root, data: Vec<ValidatorHistory>) -> Interchange {
        let interchange_format_version = VERSION.to_owned();
        Interchange { metadata: Metadata { interchange_format_version, genesis_validators_root }, data }
    }

    /// Reads a file. Anything but version 5 is refused; fields the EIP does not know are ignored.
    pub fn parse(json: &[u8]) -> Result<Interchange, Error> {
        let interchange: Interchange =
            serde_json::from_slice(json).map_err(|error| Error::Malformed(error.to_string()))?;
        let found = &interchange.metadata.interchange_format_version;
        if found != VERSION {
            return Err(Error::UnsupportedVersion { found: found.clone() });
        }
        Ok(interchange)
    }

    /// The file, indented for people.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and lists always serialize")
    }
}

impl ValidatorHistory {
    /// Everything it lists, as records.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let votes = self.signed_attestations.iter().map(|vote| Record {
            what: Signable::Attestation { source: vote.source_epoch, target: vote.target_epoch },
            signing_root: vote.signing_root,
        });
        let blocks = self.signed_blocks.iter().map(|block| Record {
            what: Signable::Block { slot: block.slot },
            signing_root: block.signing_root,
        });
        votes.chain(blocks)
    }

    /// The history of a validator from its records.
    pub(crate) fn from_records(
        pubkey: PublicKeyBytes,
        records: impl IntoIterator<Item = Record>,
    ) -> ValidatorHistory {
        let mut history = ValidatorHistory { pubkey, signed_blocks: vec![], signed_attestations: vec![] };
        for Record { what, signing_root } in records {
            match what {
                Signable::Attestation { source, target } => {
                    let vote = SignedAttestation { source_epoch: source, target_epoch: target, signing_root };
                    history.signed_attestations.push(vote);
                }
                Signable::Block { slot } => history.signed_blocks.push(SignedBlock { slot, signing_root }),
            }
        }
        history
    }
}
