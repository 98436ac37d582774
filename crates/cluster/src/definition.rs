//! The cluster definition: what operators agree on before keys exist.

mod hashing;
mod signatures;
mod text;

use eth::{Root, Version};

use crate::{AddressText, Error, FormatVersion, Network};

use crate::json::to_json;

pub(crate) use hashing::{MAX_DEPOSITS, MAX_OPERATORS, MAX_VALIDATORS};
pub(crate) use text::{DefinitionText, read_all};

/// A cluster definition as its file says, of any version; its hashes and signatures are checked by
/// [`Definition::check_hashes`] and [`Definition::check_signatures`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What people call the cluster; may be empty.
    pub name: String,
    /// Who proposed it (v1.4 and later).
    pub creator: Creator,
    /// The operators; their order gives peers and shares their numbers and never changes.
    pub operators: Vec<OperatorEntry>,
    /// Tells clusters apart; hashed as written.
    pub uuid: String,
    /// The version of the format.
    pub version: FormatVersion,
    /// When it was made, RFC 3339, hashed as written; may be empty.
    pub timestamp: String,
    /// How many validators it has.
    pub validator_count: u64,
    /// How many shares make a signature.
    pub threshold: u64,
    /// Where validators' rewards and stakes go.
    pub addresses: Addresses,
    /// How keys are to be made: `default`, `frost` or `pedersen`.
    pub dkg_algorithm: String,
    /// The network: its genesis fork version.
    pub fork_version: Version,
    /// Amounts of the deposits of each validator, in Gwei; empty means the default (v1.8 and later).
    pub deposit_amounts: Vec<u64>,
    /// The consensus protocol the cluster prefers; may be empty (v1.9 and later).
    pub consensus_protocol: String,
    /// The gas limit of pre-signed builder registrations (v1.10 and later).
    pub target_gas_limit: u64,
    /// Whether validators have compounding (0x02) withdrawal credentials (v1.10 and later).
    pub compounding: bool,
    /// The stored hash of what operators sign: all but records and signatures.
    pub config_hash: Root,
    /// The stored hash of everything above.
    pub definition_hash: Root,
}

/// Who proposed the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Creator {
    /// Its wallet.
    pub address: AddressText,
    /// Its wallet's signature over the configuration, or nothing.
    pub config_signature: Vec<u8>,
}

/// An operator as the definition lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorEntry {
    /// Its wallet.
    pub address: AddressText,
    /// The record of its node, hashed as written.
    pub enr: String,
    /// Its wallet's signature over the configuration, or nothing.
    pub config_signature: Vec<u8>,
    /// Its wallet's signature over the record, or nothing.
    pub enr_signature: Vec<u8>,
}

/// Validators' addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// One pair for all validators (up to v1.4).
    Shared(ValidatorAddresses),
    /// One pair for each validator (v1.5 and later).
    Each(Vec<ValidatorAddresses>),
}

/// Where one validator's rewards and stake go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidatorAddresses {
    /// Who gets the fees of its blocks.
    pub fee_recipient: AddressText,
    /// Who gets its stake back.
    pub withdrawal: AddressText,
}

impl Definition {
    /// Reads a definition file of any version.
    pub fn parse(json: &[u8]) -> Result<Definition, Error> {
        let text: DefinitionText = serde_json::from_slice(json)
            .map_err(|problem| Error::Json { file: "cluster definition", problem: problem.to_string() })?;
        Definition::try_from(text)
    }

    /// The definition file.
    pub fn to_json(&self) -> Vec<u8> {
        to_json(&DefinitionText::from(self))
    }

    /// The network, if it is one that is known by name.
    pub fn network(&self) -> Option<Network> {
        Network::from_fork_version(self.fork_version)
    }

    /// The addresses of the validator at that position.
    pub fn addresses_of(&self, validator: usize) -> Option<&ValidatorAddresses> {
        match &self.addresses {
            Addresses::Shared(addresses) => Some(addresses),
            Addresses::Each(list) => list.get(validator),
        }
    }
}
