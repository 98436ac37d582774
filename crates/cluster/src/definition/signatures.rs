//! The signatures of the creator's and the operators' wallets (charon-wire 1.7).

use super::{Definition, OperatorEntry};
use crate::eip712::Statement;
use crate::{Error, FormatVersion, Network, NodeKey, WalletSignature};

impl Definition {
    /// Checks every wallet's signature. Versions before v1.3 have none to check.
    ///
    /// Operators may be unsigned only all together, as a cluster made on one machine is; the creator only then.
    /// Signatures of smart-contract wallets need an execution node to be checked and are refused here.
    pub fn check_signatures(&self) -> Result<(), Error> {
        if self.version < FormatVersion::V1_3 {
            return Ok(());
        }
        let signed = self.operators.iter().filter(|operator| !operator.is_unsigned()).count();
        let creator_unsigned =
            self.creator.address.address().is_none() && self.creator.config_signature.is_empty();
        if signed == 0 && creator_unsigned {
            return Ok(());
        }
        let chain_id = self.chain_id()?;
        if signed > 0 {
            (0..self.operators.len()).try_for_each(|position| self.check_operator(position, chain_id))?;
        }
        self.check_creator(chain_id)
    }

    /// Signs the configuration and the record of the operator at that position with its wallet.
    ///
    /// The operator's address and the stored hash of the configuration must be final: the signature covers them.
    /// The hash of the definition changes, so [`Definition::with_hashes`] comes after the last signature.
    ///
    /// # Panics
    /// If there is no operator at that position.
    pub fn sign_as_operator(&mut self, position: usize, network: &Network, wallet: &NodeKey) {
        let config = self.operator_statement().sign(network.chain_id, wallet);
        let operator = &mut self.operators[position];
        operator.config_signature = config.to_vec();
        operator.enr_signature = Statement::Enr(&operator.enr).sign(network.chain_id, wallet).to_vec();
    }

    /// Signs the configuration with the creator's wallet, under the same conditions.
    pub fn sign_as_creator(&mut self, network: &Network, wallet: &NodeKey) {
        let signature = Statement::CreatorConfig(self.config_hash).sign(network.chain_id, wallet);
        self.creator.config_signature = signature.to_vec();
    }

    fn chain_id(&self) -> Result<u64, Error> {
        self.network().map(|network| network.chain_id).ok_or(Error::UnknownNetwork(self.fork_version))
    }

    fn operator_statement(&self) -> Statement<'static> {
        if self.version <= FormatVersion::V1_3 {
            Statement::LegacyConfig(self.config_hash)
        } else {
            Statement::OperatorConfig(self.config_hash)
        }
    }

    fn check_operator(&self, position: usize, chain_id: u64) -> Result<(), Error> {
        let operator = &self.operators[position];
        let refused = |what| Error::WalletSignature { what };
        let address = operator.address.address().ok_or(refused(WalletSignature::OperatorConfig(position)))?;
        if !self.operator_statement().is_signed_by(address, chain_id, &operator.config_signature) {
            return Err(refused(WalletSignature::OperatorConfig(position)));
        }
        if !Statement::Enr(&operator.enr).is_signed_by(address, chain_id, &operator.enr_signature) {
            return Err(refused(WalletSignature::OperatorEnr(position)));
        }
        Ok(())
    }

    fn check_creator(&self, chain_id: u64) -> Result<(), Error> {
        if self.version < FormatVersion::V1_4 {
            return Ok(());
        }
        let statement = Statement::CreatorConfig(self.config_hash);
        let signature = &self.creator.config_signature;
        match self.creator.address.address() {
            Some(address) if statement.is_signed_by(address, chain_id, signature) => Ok(()),
            _ => Err(Error::WalletSignature { what: WalletSignature::Creator }),
        }
    }
}

impl OperatorEntry {
    fn is_unsigned(&self) -> bool {
        self.address.address().is_none() && self.config_signature.is_empty() && self.enr_signature.is_empty()
    }
}
