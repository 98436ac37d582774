//! The definition's JSON. Fields are in the order files write them; absent and `null` both mean empty.
//!
//! Only the fields of a file's version are read: others are not covered by its hashes, so nobody agreed on them.

use serde::{Deserialize, Serialize};

use super::{Addresses, Creator, Definition, OperatorEntry, ValidatorAddresses};
use crate::FormatVersion::{V1_1, V1_4, V1_5, V1_8, V1_9, V1_10};
use crate::encoding::ByteEncoding;
use crate::{AddressText, Error, FormatVersion};

/// The file of any version, bytes still in their text form.
#[derive(Serialize, Deserialize)]
pub(crate) struct DefinitionText {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<CreatorText>,
    operators: Option<Vec<OperatorText>>,
    uuid: Option<String>,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    num_validators: Option<u64>,
    threshold: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_recipient_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawal_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validators: Option<Vec<AddressesText>>,
    dkg_algorithm: Option<String>,
    fork_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_amounts: Option<Vec<Gwei>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consensus_protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_gas_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compounding: Option<bool>,
    config_hash: Option<String>,
    definition_hash: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct CreatorText {
    address: Option<String>,
    config_signature: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct OperatorText {
    address: Option<String>,
    enr: Option<String>,
    /// A number that is always 0 and that the hashes of v1.0 and v1.1 assume to be 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<u64>,
    config_signature: Option<String>,
    enr_signature: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct AddressesText {
    fee_recipient_address: Option<String>,
    withdrawal_address: Option<String>,
}

/// An amount: a quoted decimal; a plain number is read too.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Gwei(#[serde(with = "eth::quoted_u64")] u64);

impl TryFrom<DefinitionText> for Definition {
    type Error = Error;

    fn try_from(text: DefinitionText) -> Result<Definition, Error> {
        let version: FormatVersion = text.version.parse()?;
        let encoding = ByteEncoding::of(version);
        let validator_count = text.num_validators.unwrap_or_default();
        let shared = AddressesText {
            fee_recipient_address: text.fee_recipient_address,
            withdrawal_address: text.withdrawal_address,
        };
        let creator = text.creator.filter(|_| version >= V1_4);
        let deposit_amounts = text.deposit_amounts.filter(|_| version >= V1_8);
        Ok(Definition {
            name: text.name.unwrap_or_default(),
            creator: creator.map(|creator| creator.read(encoding)).transpose()?.unwrap_or_default(),
            operators: read_all(text.operators, |operator| operator.read(encoding))?,
            uuid: text.uuid.unwrap_or_default(),
            version,
            timestamp: text.timestamp.unwrap_or_default(),
            validator_count,
            threshold: text.threshold.unwrap_or_default(),
            addresses: read_addresses(version, validator_count, shared, text.validators)?,
            dkg_algorithm: text.dkg_algorithm.unwrap_or_default(),
            fork_version: read_fork_version(&text.fork_version)?,
            deposit_amounts: read_all(deposit_amounts, |amount| Ok(amount.0))?,
            consensus_protocol: text.consensus_protocol.filter(|_| version >= V1_9).unwrap_or_default(),
            target_gas_limit: text.target_gas_limit.filter(|_| version >= V1_10).unwrap_or_default(),
            compounding: text.compounding.filter(|_| version >= V1_10).unwrap_or_default(),
            config_hash: encoding.read_root("config_hash", text.config_hash)?,
            definition_hash: encoding.read_root("definition_hash", text.definition_hash)?,
        })
    }
}

impl From<&Definition> for DefinitionText {
    fn from(definition: &Definition) -> DefinitionText {
        let version = definition.version;
        let encoding = ByteEncoding::of(version);
        let (shared, each) = match &definition.addresses {
            Addresses::Shared(pair) => (pair.clone(), None),
            Addresses::Each(list) => {
                (ValidatorAddresses::default(), Some(list.iter().map(AddressesText::from).collect()))
            }
        };
        let nonce = (version <= V1_1).then_some(0);
        DefinitionText {
            name: non_empty(&definition.name),
            creator: (version >= V1_4).then(|| CreatorText::write(&definition.creator, encoding)),
            operators: Some(
                definition
                    .operators
                    .iter()
                    .map(|entry| OperatorText::write(entry, nonce, encoding))
                    .collect(),
            ),
            uuid: Some(definition.uuid.clone()),
            version: version.to_string(),
            timestamp: non_empty(&definition.timestamp),
            num_validators: Some(definition.validator_count),
            threshold: Some(definition.threshold),
            fee_recipient_address: non_empty(shared.fee_recipient.as_str()),
            withdrawal_address: non_empty(shared.withdrawal.as_str()),
            validators: each,
            dkg_algorithm: Some(definition.dkg_algorithm.clone()),
            fork_version: definition.fork_version.to_string(),
            deposit_amounts: (version >= V1_8)
                .then(|| definition.deposit_amounts.iter().map(|amount| Gwei(*amount)).collect()),
            consensus_protocol: (version >= V1_9).then(|| definition.consensus_protocol.clone()),
            target_gas_limit: (version >= V1_10).then_some(definition.target_gas_limit),
            compounding: (version >= V1_10).then_some(definition.compounding),
            config_hash: Some(encoding.write(definition.config_hash.as_bytes())),
            definition_hash: Some(encoding.write(definition.definition_hash.as_bytes())),
        }
    }
}

/// Reads a list that may be absent.
pub(crate) fn read_all<T, U>(
    list: Option<Vec<T>>,
    read: impl FnMut(T) -> Result<U, Error>,
) -> Result<Vec<U>, Error> {
    list.unwrap_or_default().into_iter().map(read).collect()
}

fn read_addresses(
    version: FormatVersion,
    validator_count: u64,
    shared: AddressesText,
    each: Option<Vec<AddressesText>>,
) -> Result<Addresses, Error> {
    if version < V1_5 {
        return shared.read().map(Addresses::Shared);
    }
    let list = read_all(each, AddressesText::read)?;
    if list.len() as u64 != validator_count {
        return Err(Error::AddressCount { validators: validator_count, addresses: list.len() });
    }
    Ok(Addresses::Each(list))
}

fn read_fork_version(text: &str) -> Result<eth::Version, Error> {
    text.parse().map_err(|_| Error::FieldLength { field: "fork_version", expected: 4 })
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

impl CreatorText {
    fn read(self, encoding: ByteEncoding) -> Result<Creator, Error> {
        Ok(Creator {
            address: AddressText::read("creator.address", self.address)?,
            config_signature: encoding.read("creator.config_signature", self.config_signature)?,
        })
    }

    fn write(creator: &Creator, encoding: ByteEncoding) -> CreatorText {
        CreatorText {
            address: Some(creator.address.as_str().to_owned()),
            config_signature: Some(encoding.write(&creator.config_signature)),
        }
    }
}

impl OperatorText {
    fn read(self, encoding: ByteEncoding) -> Result<OperatorEntry, Error> {
        Ok(OperatorEntry {
            address: AddressText::read("operators[].address", self.address)?,
            enr: self.enr.unwrap_or_default(),
            config_signature: encoding.read("operators[].config_signature", self.config_signature)?,
            enr_signature: encoding.read("operators[].enr_signature", self.enr_signature)?,
        })
    }

    fn write(entry: &OperatorEntry, nonce: Option<u64>, encoding: ByteEncoding) -> OperatorText {
        OperatorText {
            address: Some(entry.address.as_str().to_owned()),
            enr: Some(entry.enr.clone()),
            nonce,
            config_signature: Some(encoding.write(&entry.config_signature)),
            enr_signature: Some(encoding.write(&entry.enr_signature)),
        }
    }
}

impl AddressesText {
    fn read(self) -> Result<ValidatorAddresses, Error> {
        Ok(ValidatorAddresses {
            fee_recipient: AddressText::read("fee_recipient_address", self.fee_recipient_address)?,
            withdrawal: AddressText::read("withdrawal_address", self.withdrawal_address)?,
        })
    }
}

impl From<&ValidatorAddresses> for AddressesText {
    fn from(pair: &ValidatorAddresses) -> AddressesText {
        AddressesText {
            fee_recipient_address: Some(pair.fee_recipient.as_str().to_owned()),
            withdrawal_address: Some(pair.withdrawal.as_str().to_owned()),
        }
    }
}
