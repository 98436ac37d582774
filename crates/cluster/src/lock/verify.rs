//! Whether a lock may be run: every check, in the order every node makes them (charon-wire 1.8).

use std::collections::BTreeSet;

use bls::Signature;
use eth::{Container, PublicKeyBytes, SignedValidatorRegistration, registration_domain, signing_root};

use super::{Lock, Validator, ValidatorKeys};
use crate::{Error, FormatVersion, RegistrationProblem};

/// One check of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The stored hashes are those of the content.
    Hashes,
    /// The threshold keeps two conflicting signatures from both being made.
    Threshold,
    /// Wallets signed the definition.
    WalletSignatures,
    /// Every operator has one share of each validator, no key occurs twice, and shares make up validators' keys.
    Shares,
    /// All shares signed the lock hash.
    SignatureAggregate,
    /// Validators signed their builder registrations, which pay whom the definition says.
    Registrations,
    /// All nodes signed the lock hash.
    NodeSignatures,
}

impl Check {
    /// All checks in order.
    pub const ALL: [Check; 7] = [
        Check::Hashes,
        Check::Threshold,
        Check::WalletSignatures,
        Check::Shares,
        Check::SignatureAggregate,
        Check::Registrations,
        Check::NodeSignatures,
    ];
}

impl Lock {
    /// Makes every check; the first one that fails says why. Returns the decoded keys, in validators' order.
    ///
    /// Deposits are not checked: they are of no use to a running cluster.
    pub fn verify(&self) -> Result<Vec<ValidatorKeys>, Error> {
        let keys = self.keys();
        for check in Check::ALL {
            match check {
                Check::Shares => self.check_shares(keys.as_ref().map_err(Error::clone)?)?,
                Check::SignatureAggregate => self.check_aggregate(keys.as_ref().map_err(Error::clone)?)?,
                _ => self.check(check)?,
            }
        }
        keys
    }

    /// Makes one check, whatever the others would say.
    pub fn check(&self, check: Check) -> Result<(), Error> {
        match check {
            Check::Hashes => self.check_hashes(),
            Check::Threshold => self.check_threshold(),
            Check::WalletSignatures => self.definition.check_signatures(),
            Check::Shares => self.check_shares(&self.keys()?),
            Check::SignatureAggregate => self.check_aggregate(&self.keys()?),
            Check::Registrations => self.check_registrations(),
            Check::NodeSignatures => self.check_node_signatures(),
        }
    }

    fn check_threshold(&self) -> Result<(), Error> {
        let nodes = self.definition.operators.len();
        let threshold = self.definition.threshold;
        let minimum = qbft::minimum_threshold(nodes);
        if nodes == 0 {
            return Err(Error::NoOperators);
        }
        if threshold < minimum as u64 || threshold > nodes as u64 {
            return Err(Error::Threshold { threshold, nodes, minimum });
        }
        Ok(())
    }

    fn check_shares(&self, keys: &[ValidatorKeys]) -> Result<(), Error> {
        let nodes = self.definition.operators.len();
        let mut seen = BTreeSet::new();
        for (position, validator) in self.validators.iter().enumerate() {
            if validator.shares.len() != nodes {
                return Err(Error::ShareCount { validator: position, found: validator.shares.len(), nodes });
            }
            if let Some(key) = validator.all_keys().find(|key| !seen.insert(*key)) {
                return Err(Error::DuplicateKey { validator: position, key });
            }
        }
        let threshold = u8::try_from(self.definition.threshold).unwrap_or(u8::MAX);
        keys.iter().enumerate().try_for_each(|(validator, keys)| {
            bls::check_sharing(&keys.group, &keys.shares, threshold)
                .map_err(|problem| Error::Sharing { validator, problem })
        })
    }

    /// A plain sum, without Lagrange coefficients and without a domain.
    fn check_aggregate(&self, keys: &[ValidatorKeys]) -> Result<(), Error> {
        let shares: Vec<_> =
            keys.iter().flat_map(|validator| &validator.shares).map(|share| share.0).collect();
        let refused = Error::SignatureAggregate { shares: shares.len() };
        let signature = <&[u8; 96]>::try_from(self.signature_aggregate.as_slice())
            .ok()
            .and_then(|bytes| Signature::from_bytes(bytes).ok());
        match signature {
            Some(sum) if bls::fast_aggregate_verify(self.lock_hash.as_bytes(), &shares, &sum) => Ok(()),
            _ => Err(refused),
        }
    }

    fn check_registrations(&self) -> Result<(), Error> {
        if self.definition.version < FormatVersion::V1_7 {
            return Ok(());
        }
        self.validators.iter().enumerate().try_for_each(|(position, validator)| {
            self.check_registration(position, validator)
                .map_err(|problem| Error::Registration { validator: position, problem })
        })
    }

    fn check_registration(&self, position: usize, validator: &Validator) -> Result<(), RegistrationProblem> {
        let registration = validator.builder_registration.as_ref().ok_or(RegistrationProblem::Missing)?;
        if registration.message.pubkey != validator.group_key.0 {
            return Err(RegistrationProblem::OtherValidator);
        }
        if Some(registration.message.fee_recipient) != self.fee_recipient_in_definition(position) {
            return Err(RegistrationProblem::FeeRecipient);
        }
        if !self.is_signed_by_validator(registration) {
            return Err(RegistrationProblem::Signature);
        }
        Ok(())
    }

    fn fee_recipient_in_definition(&self, position: usize) -> Option<eth::Address> {
        self.definition.addresses_of(position).and_then(|addresses| addresses.fee_recipient.address())
    }

    fn is_signed_by_validator(&self, registration: &SignedValidatorRegistration) -> bool {
        let domain = registration_domain(self.definition.fork_version);
        let root = signing_root(registration.message.root(), domain);
        let key = bls::PublicKey::from_bytes(registration.message.pubkey.as_bytes());
        let signature = Signature::from_bytes(registration.signature.as_bytes());
        matches!((key, signature), (Ok(key), Ok(signature)) if signature.verify(root.as_bytes(), &key))
    }

    fn check_node_signatures(&self) -> Result<(), Error> {
        let nodes = self.operators()?;
        if self.definition.version < FormatVersion::V1_7 {
            return Ok(());
        }
        if self.node_signatures.len() != nodes.len() {
            return Err(Error::NodeSignatureCount { found: self.node_signatures.len(), nodes: nodes.len() });
        }
        let signed = nodes.iter().zip(&self.node_signatures);
        let refused = |(node, signature): (&crate::Operator, &Vec<u8>)| {
            !node.public_key.verify(self.lock_hash.as_bytes(), signature)
        };
        match signed.into_iter().position(refused) {
            Some(operator) => Err(Error::NodeSignature { operator }),
            None => Ok(()),
        }
    }
}

impl Validator {
    fn all_keys(&self) -> impl Iterator<Item = PublicKeyBytes> {
        std::iter::once(self.group_key.0).chain(self.shares.iter().map(|share| share.0))
    }
}
