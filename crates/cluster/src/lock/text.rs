//! The lock's JSON. Fields are in the order files write them; absent and `null` both mean empty.
//!
//! Only the fields of a file's version are read, as with definitions.

use eth::{
    Address, DepositData, Hash32, PublicKeyBytes, SignatureBytes, SignedValidatorRegistration,
    ValidatorRegistration,
};
use serde::{Deserialize, Serialize};

use super::{Lock, Validator};
use crate::FormatVersion::{V1_6, V1_7, V1_8};
use crate::definition::{DefinitionText, read_all};
use crate::encoding::ByteEncoding;
use crate::{AddressText, Definition, Error, FormatVersion, GroupKey, ShareKey};

/// The file of any version, bytes still in their text form.
#[derive(Serialize, Deserialize)]
pub(super) struct LockText {
    cluster_definition: DefinitionText,
    distributed_validators: Option<Vec<ValidatorText>>,
    signature_aggregate: Option<String>,
    lock_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_signatures: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
struct ValidatorText {
    distributed_public_key: Option<String>,
    public_shares: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_data: Option<DepositText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    builder_registration: Option<RegistrationText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_deposit_data: Option<Vec<DepositText>>,
}

#[derive(Serialize, Deserialize)]
struct DepositText {
    pubkey: Option<String>,
    withdrawal_credentials: Option<String>,
    #[serde(with = "eth::quoted_u64")]
    amount: u64,
    signature: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RegistrationText {
    message: RegistrationMessageText,
    signature: Option<String>,
}

/// Unlike the Beacon API, cluster files write these numbers without quotes.
#[derive(Serialize, Deserialize)]
struct RegistrationMessageText {
    fee_recipient: Option<String>,
    gas_limit: u64,
    timestamp: u64,
    pubkey: Option<String>,
}

impl TryFrom<LockText> for Lock {
    type Error = Error;

    fn try_from(text: LockText) -> Result<Lock, Error> {
        let definition = Definition::try_from(text.cluster_definition)?;
        let encoding = ByteEncoding::of(definition.version);
        let validators = text.distributed_validators.unwrap_or_default();
        if validators.len() as u64 != definition.validator_count {
            return Err(Error::ValidatorCount {
                announced: definition.validator_count,
                found: validators.len(),
            });
        }
        let node_signatures = text.node_signatures.filter(|_| definition.version >= V1_7);
        let read = |(position, validator): (usize, ValidatorText)| validator.read(position, &definition);
        Ok(Lock {
            validators: validators.into_iter().enumerate().map(read).collect::<Result<_, _>>()?,
            signature_aggregate: encoding.read("signature_aggregate", text.signature_aggregate)?,
            lock_hash: encoding.read_root("lock_hash", text.lock_hash)?,
            node_signatures: read_all(node_signatures, |signature| {
                encoding.read("node_signatures[]", Some(signature))
            })?,
            definition,
        })
    }
}

impl From<&Lock> for LockText {
    fn from(lock: &Lock) -> LockText {
        let version = lock.definition.version;
        let encoding = ByteEncoding::of(version);
        let write_all = |list: &[Vec<u8>]| list.iter().map(|bytes| encoding.write(bytes)).collect();
        LockText {
            cluster_definition: DefinitionText::from(&lock.definition),
            distributed_validators: Some(
                lock.validators.iter().map(|validator| ValidatorText::write(validator, version)).collect(),
            ),
            signature_aggregate: Some(encoding.write(&lock.signature_aggregate)),
            lock_hash: Some(encoding.write(lock.lock_hash.as_bytes())),
            node_signatures: (version >= V1_7).then(|| write_all(&lock.node_signatures)),
        }
    }
}

impl ValidatorText {
    fn read(self, position: usize, definition: &Definition) -> Result<Validator, Error> {
        let version = definition.version;
        let shares = ByteEncoding::of(version);
        let addresses = definition.addresses_of(position);
        let registration = self.builder_registration.filter(|_| version >= V1_7);
        let deposits = match version {
            V1_6 | V1_7 => self.deposit_data.map(|only| vec![only]),
            _ => self.partial_deposit_data.filter(|_| version >= V1_8),
        };
        Ok(Validator {
            group_key: read_key("distributed_public_key", self.distributed_public_key).map(GroupKey)?,
            shares: read_all(self.public_shares, |share| {
                shares.read_fixed("public_shares[]", Some(share)).map(|bytes| ShareKey(PublicKeyBytes(bytes)))
            })?,
            fee_recipient: addresses.and_then(|pair| pair.fee_recipient.address()),
            withdrawal: addresses.and_then(|pair| pair.withdrawal.address()),
            deposits: read_all(deposits, DepositText::read)?,
            builder_registration: registration.map(RegistrationText::read).transpose()?,
        })
    }

    fn write(validator: &Validator, version: FormatVersion) -> ValidatorText {
        let shares = ByteEncoding::of(version);
        let single = matches!(version, V1_6 | V1_7);
        let many = version >= V1_8 && !validator.deposits.is_empty();
        let registration = validator.builder_registration.as_ref().filter(|_| version >= V1_7);
        ValidatorText {
            distributed_public_key: Some(validator.group_key.to_string()),
            public_shares: Some(
                validator.shares.iter().map(|share| shares.write(share.0.as_bytes())).collect(),
            ),
            deposit_data: validator.deposits.first().filter(|_| single).map(DepositText::from),
            builder_registration: registration.map(RegistrationText::from),
            partial_deposit_data: many.then(|| validator.deposits.iter().map(DepositText::from).collect()),
        }
    }
}

impl DepositText {
    fn read(self) -> Result<DepositData, Error> {
        Ok(DepositData {
            pubkey: read_key("deposit pubkey", self.pubkey)?,
            withdrawal_credentials: ByteEncoding::Hex
                .read_fixed("withdrawal_credentials", self.withdrawal_credentials)
                .map(Hash32)?,
            amount: self.amount,
            signature: read_signature("deposit signature", self.signature)?,
        })
    }
}

impl From<&DepositData> for DepositText {
    fn from(deposit: &DepositData) -> DepositText {
        DepositText {
            pubkey: Some(deposit.pubkey.to_string()),
            withdrawal_credentials: Some(deposit.withdrawal_credentials.to_string()),
            amount: deposit.amount,
            signature: Some(deposit.signature.to_string()),
        }
    }
}

impl RegistrationText {
    fn read(self) -> Result<SignedValidatorRegistration, Error> {
        let RegistrationMessageText { fee_recipient, gas_limit, timestamp, pubkey } = self.message;
        let fee_recipient = AddressText::read("builder_registration fee_recipient", fee_recipient)?;
        let message = ValidatorRegistration {
            fee_recipient: fee_recipient.address().unwrap_or(Address::ZERO),
            gas_limit,
            timestamp,
            pubkey: read_key("builder_registration pubkey", pubkey)?,
        };
        let signature = read_signature("builder_registration signature", self.signature)?;
        Ok(SignedValidatorRegistration { message, signature })
    }
}

impl From<&SignedValidatorRegistration> for RegistrationText {
    fn from(registration: &SignedValidatorRegistration) -> RegistrationText {
        let message = &registration.message;
        RegistrationText {
            message: RegistrationMessageText {
                fee_recipient: Some(message.fee_recipient.to_string()),
                gas_limit: message.gas_limit,
                timestamp: message.timestamp,
                pubkey: Some(message.pubkey.to_string()),
            },
            signature: Some(registration.signature.to_string()),
        }
    }
}

fn read_key(field: &'static str, text: Option<String>) -> Result<PublicKeyBytes, Error> {
    ByteEncoding::Hex.read_fixed(field, text).map(PublicKeyBytes)
}

fn read_signature(field: &'static str, text: Option<String>) -> Result<SignatureBytes, Error> {
    ByteEncoding::Hex.read_fixed(field, text).map(SignatureBytes)
}
