//! The hash of a lock (charon-wire 1.6): the cluster's identity, and what all shares and nodes sign.

use eth::{DepositData, Root, SignedValidatorRegistration};

use super::{Lock, Validator};
use crate::FormatVersion::{V1_2, V1_3, V1_6, V1_7, V1_8};
use crate::definition::{MAX_DEPOSITS, MAX_OPERATORS, MAX_VALIDATORS};
use crate::hash::HashWalker;
use crate::{Error, FormatVersion, RegistrationProblem, StoredHash};

impl Lock {
    /// Stores the hash of the lock as it is now.
    pub fn with_hash(mut self) -> Result<Lock, Error> {
        self.lock_hash = self.compute_hash()?;
        Ok(self)
    }

    /// Checks that the stored hashes of definition and lock are those of their content.
    pub fn check_hashes(&self) -> Result<(), Error> {
        self.definition.check_hashes()?;
        StoredHash::Lock.check(self.lock_hash, self.compute_hash()?)
    }

    /// The hash of definition and validators.
    pub fn compute_hash(&self) -> Result<Root, Error> {
        let version = self.definition.version;
        let mut walker = HashWalker::new();
        walker.put_bytes(self.definition.compute_definition_hash()?.as_bytes());
        let start = walker.mark();
        for (position, validator) in self.validators.iter().enumerate() {
            validator.put(position, version, &mut walker)?;
        }
        let count = self.validators.len();
        let limit = if version <= V1_2 { count } else { MAX_VALIDATORS };
        walker.merkleize_list("distributed_validators", start, count, limit)?;
        Ok(Root(walker.root()))
    }
}

impl Validator {
    fn put(&self, position: usize, version: FormatVersion, walker: &mut HashWalker) -> Result<(), Error> {
        let start = walker.mark();
        if version <= V1_2 {
            walker.put_bytes(self.group_key.to_string().as_bytes());
        } else {
            walker.put_bytes(self.group_key.0.as_bytes());
        }
        self.put_shares(version, walker)?;
        self.put_deposits(version, walker)?;
        if version >= V1_7 {
            let problem = RegistrationProblem::Missing;
            let missing = Error::Registration { validator: position, problem };
            put_registration(self.builder_registration.as_ref().ok_or(missing)?, walker);
        }
        walker.merkleize(start);
        Ok(())
    }

    fn put_shares(&self, version: FormatVersion, walker: &mut HashWalker) -> Result<(), Error> {
        let (start, count) = (walker.mark(), self.shares.len());
        self.shares.iter().for_each(|share| walker.put_bytes(share.0.as_bytes()));
        let limit = if version < V1_3 { count } else { MAX_OPERATORS };
        walker.merkleize_list("public_shares", start, count, limit)
    }

    /// v1.6 puts the fields of its deposit among the validator's own, a slip that became the format.
    fn put_deposits(&self, version: FormatVersion, walker: &mut HashWalker) -> Result<(), Error> {
        let first = self.deposits.first().copied().unwrap_or_default();
        let start = walker.mark();
        match version {
            V1_6 => put_deposit_fields(&first, walker),
            V1_7 => put_deposit(&first, walker),
            _ if version >= V1_8 => {
                self.deposits.iter().for_each(|deposit| put_deposit(deposit, walker));
                walker.merkleize_list("partial_deposit_data", start, self.deposits.len(), MAX_DEPOSITS)?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn put_deposit(deposit: &DepositData, walker: &mut HashWalker) {
    let start = walker.mark();
    put_deposit_fields(deposit, walker);
    walker.merkleize(start);
}

fn put_deposit_fields(deposit: &DepositData, walker: &mut HashWalker) {
    walker.put_bytes(deposit.pubkey.as_bytes());
    walker.put_bytes(deposit.withdrawal_credentials.as_bytes());
    walker.put_u64(deposit.amount);
    walker.put_bytes(deposit.signature.as_bytes());
}

fn put_registration(registration: &SignedValidatorRegistration, walker: &mut HashWalker) {
    let message = &registration.message;
    let start = walker.mark();
    walker.put_bytes(message.fee_recipient.as_bytes());
    walker.put_u64(message.gas_limit);
    walker.put_u64(message.timestamp);
    walker.put_bytes(message.pubkey.as_bytes());
    walker.merkleize(start);
    walker.put_bytes(registration.signature.as_bytes());
    walker.merkleize(start);
}
