//! The two hashes of a definition (charon-wire 1.5). What is walked over, in which order and how, is the format.

use eth::Root;

use super::{Addresses, Creator, Definition, OperatorEntry, ValidatorAddresses};
use crate::FormatVersion::{V1_0, V1_1, V1_2, V1_4, V1_8, V1_9, V1_10, V1_11};
use crate::hash::HashWalker;
use crate::{AddressText, Error, FormatVersion, StoredHash, k1};

/// Most operators a definition can list.
pub(crate) const MAX_OPERATORS: usize = 256;
/// Most validators a definition can list.
pub(crate) const MAX_VALIDATORS: usize = 65_536;
/// Most deposits of one validator.
pub(crate) const MAX_DEPOSITS: usize = 256;
/// Most 65-byte signatures of one smart-contract wallet (v1.11).
const MAX_WALLET_SIGNATURES: usize = 32;
const ADDRESS_LENGTH: usize = 20;

/// What a walk covers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// What operators sign: all but records and signatures, which they add one after the other.
    Config,
    /// Everything.
    Whole,
}

impl Definition {
    /// Stores the hashes of the definition as it is now.
    pub fn with_hashes(mut self) -> Result<Definition, Error> {
        self.config_hash = self.compute_config_hash()?;
        self.definition_hash = self.compute_definition_hash()?;
        Ok(self)
    }

    /// Checks that both stored hashes are those of the content.
    pub fn check_hashes(&self) -> Result<(), Error> {
        StoredHash::Config.check(self.config_hash, self.compute_config_hash()?)?;
        StoredHash::Definition.check(self.definition_hash, self.compute_definition_hash()?)
    }

    /// The hash of what operators agree on before they add records and signatures.
    pub fn compute_config_hash(&self) -> Result<Root, Error> {
        self.hash(Scope::Config)
    }

    /// The hash of the whole definition.
    pub fn compute_definition_hash(&self) -> Result<Root, Error> {
        self.hash(Scope::Whole)
    }

    fn hash(&self, scope: Scope) -> Result<Root, Error> {
        let mut walker = HashWalker::new();
        match &self.addresses {
            Addresses::Shared(addresses) if self.version <= V1_2 => {
                self.put_texts(addresses, scope, &mut walker)?
            }
            Addresses::Shared(addresses) => self.put_v1_3(addresses, scope, &mut walker)?,
            Addresses::Each(list) => self.put_v1_5(list, scope, &mut walker)?,
        }
        Ok(Root(walker.root()))
    }

    /// v1.0 to v1.2: texts are hashed as written, without their lengths.
    fn put_texts(
        &self,
        addresses: &ValidatorAddresses,
        scope: Scope,
        walker: &mut HashWalker,
    ) -> Result<(), Error> {
        walker.put_bytes(self.uuid.as_bytes());
        walker.put_bytes(self.name.as_bytes());
        walker.put_bytes(self.version.as_str().as_bytes());
        walker.put_u64(self.validator_count);
        walker.put_u64(self.threshold);
        walker.put_bytes(addresses.fee_recipient.as_str().as_bytes());
        walker.put_bytes(addresses.withdrawal.as_str().as_bytes());
        walker.put_bytes(self.dkg_algorithm.as_bytes());
        walker.put_bytes(self.fork_version.to_string().as_bytes());
        let start = walker.mark();
        for operator in &self.operators {
            self.put_operator_texts(operator, scope, walker);
        }
        let count = self.operators.len();
        walker.merkleize_list("operators", start, count, count)?;
        if scope == Scope::Config || self.version != V1_0 {
            walker.put_bytes(self.timestamp.as_bytes());
        }
        Ok(())
    }

    fn put_operator_texts(&self, operator: &OperatorEntry, scope: Scope, walker: &mut HashWalker) {
        if scope == Scope::Config {
            return walker.put_bytes(operator.address.as_str().as_bytes());
        }
        let start = walker.mark();
        walker.put_bytes(operator.address.as_str().as_bytes());
        walker.put_bytes(operator.enr.as_bytes());
        if self.version <= V1_1 {
            walker.put_u64(0); // the nonce
        }
        walker.put_bytes(&operator.config_signature);
        walker.put_bytes(&operator.enr_signature);
        walker.merkleize(start);
    }

    /// v1.3 and v1.4: lengths are mixed in; absent addresses and signatures add no chunk.
    fn put_v1_3(
        &self,
        addresses: &ValidatorAddresses,
        scope: Scope,
        walker: &mut HashWalker,
    ) -> Result<(), Error> {
        self.put_head(walker)?;
        walker.put_bytes(addresses.fee_recipient.bytes());
        walker.put_bytes(addresses.withdrawal.bytes());
        walker.put_byte_list("dkg_algorithm", self.dkg_algorithm.as_bytes(), 32)?;
        walker.put_bytes(self.fork_version.as_bytes());
        self.put_operators(scope, walker)?;
        if self.version >= V1_4 {
            self.put_creator(scope, walker)?;
        }
        self.put_config_hash(scope, walker);
        Ok(())
    }

    /// v1.5 and later: one pair of addresses for each validator, and fields appended version by version.
    fn put_v1_5(
        &self,
        addresses: &[ValidatorAddresses],
        scope: Scope,
        walker: &mut HashWalker,
    ) -> Result<(), Error> {
        self.put_head(walker)?;
        walker.put_byte_list("dkg_algorithm", self.dkg_algorithm.as_bytes(), 32)?;
        walker.put_bytes(self.fork_version.as_bytes());
        self.put_operators(scope, walker)?;
        self.put_creator(scope, walker)?;
        put_addresses(addresses, walker)?;
        if self.version >= V1_8 {
            walker.put_u64_list("deposit_amounts", &self.deposit_amounts, MAX_DEPOSITS)?;
        }
        if self.version >= V1_9 {
            walker.put_byte_list("consensus_protocol", self.consensus_protocol.as_bytes(), 256)?;
        }
        if self.version >= V1_10 {
            walker.put_u64(self.target_gas_limit);
            walker.put_bool(self.compounding);
        }
        self.put_config_hash(scope, walker);
        Ok(())
    }

    fn put_head(&self, walker: &mut HashWalker) -> Result<(), Error> {
        walker.put_byte_list("uuid", self.uuid.as_bytes(), 64)?;
        walker.put_byte_list("name", self.name.as_bytes(), 256)?;
        walker.put_byte_list("version", self.version.as_str().as_bytes(), 16)?;
        walker.put_byte_list("timestamp", self.timestamp.as_bytes(), 32)?;
        walker.put_u64(self.validator_count);
        walker.put_u64(self.threshold);
        Ok(())
    }

    fn put_operators(&self, scope: Scope, walker: &mut HashWalker) -> Result<(), Error> {
        let list = walker.mark();
        for operator in &self.operators {
            let start = walker.mark();
            put_address("operators[].address", &operator.address, self.version, walker)?;
            if scope == Scope::Whole {
                walker.put_byte_list("operators[].enr", operator.enr.as_bytes(), 1024)?;
                put_signature(
                    "operators[].config_signature",
                    &operator.config_signature,
                    self.version,
                    walker,
                )?;
                put_signature("operators[].enr_signature", &operator.enr_signature, self.version, walker)?;
            }
            walker.merkleize(start);
        }
        walker.merkleize_list("operators", list, self.operators.len(), MAX_OPERATORS)
    }

    fn put_creator(&self, scope: Scope, walker: &mut HashWalker) -> Result<(), Error> {
        let Creator { address, config_signature } = &self.creator;
        let start = walker.mark();
        put_address("creator.address", address, self.version, walker)?;
        if scope == Scope::Whole {
            put_signature("creator.config_signature", config_signature, self.version, walker)?;
        }
        walker.merkleize(start);
        Ok(())
    }

    fn put_config_hash(&self, scope: Scope, walker: &mut HashWalker) {
        if scope == Scope::Whole {
            walker.put_bytes(self.config_hash.as_bytes());
        }
    }
}

fn put_addresses(addresses: &[ValidatorAddresses], walker: &mut HashWalker) -> Result<(), Error> {
    let list = walker.mark();
    for pair in addresses {
        let start = walker.mark();
        walker.put_fixed("validators[].fee_recipient_address", pair.fee_recipient.bytes(), ADDRESS_LENGTH)?;
        walker.put_fixed("validators[].withdrawal_address", pair.withdrawal.bytes(), ADDRESS_LENGTH)?;
        walker.merkleize(start);
    }
    walker.merkleize_list("validators", list, addresses.len(), MAX_VALIDATORS)
}

/// An absent address adds no chunk up to v1.4, and a chunk of zeros since.
fn put_address(
    field: &'static str,
    address: &AddressText,
    version: FormatVersion,
    walker: &mut HashWalker,
) -> Result<(), Error> {
    if version <= V1_4 {
        walker.put_bytes(address.bytes());
        return Ok(());
    }
    walker.put_fixed(field, address.bytes(), ADDRESS_LENGTH)
}

/// A wallet's signature: up to v1.4 as it is, up to v1.10 as 65 bytes, since then as a list of 65 bytes each, for
/// the several owners of a smart-contract wallet.
fn put_signature(
    field: &'static str,
    signature: &[u8],
    version: FormatVersion,
    walker: &mut HashWalker,
) -> Result<(), Error> {
    if version <= V1_4 {
        walker.put_bytes(signature);
        return Ok(());
    }
    if version < V1_11 {
        return walker.put_fixed(field, signature, k1::SIGNATURE_LENGTH);
    }
    let signatures = signature.chunks_exact(k1::SIGNATURE_LENGTH);
    if !signatures.remainder().is_empty() {
        return Err(Error::Field { field, expected: "a multiple of 65 bytes" });
    }
    let (start, count) = (walker.mark(), signatures.len());
    signatures.for_each(|one| walker.put_bytes(one));
    walker.merkleize_list(field, start, count, MAX_WALLET_SIGNATURES)
}
