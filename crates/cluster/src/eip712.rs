//! What creators and operators sign with their wallets (EIP-712), and how it is checked.

use eth::{Address, Root};
use sha3::{Digest, Keccak256};

use crate::k1::SIGNATURE_LENGTH;
use crate::{NodeKey, NodePublicKey};

/// A statement about a cluster, shown by the wallet of who signs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement<'a> {
    /// The creator proposes this configuration (v1.4 and later).
    CreatorConfig(Root),
    /// An operator accepts this configuration (v1.4 and later).
    OperatorConfig(Root),
    /// An operator accepts this configuration (v1.3).
    LegacyConfig(Root),
    /// An operator runs the node of this record.
    Enr(&'a str),
}

impl Statement<'_> {
    /// The digest a wallet signs, on the chain of that execution layer ID.
    pub fn digest(&self, chain_id: u64) -> [u8; 32] {
        keccak(&[&[0x19, 0x01], &domain_separator(chain_id), &self.struct_hash()])
    }

    /// Signs with the key of a wallet.
    pub fn sign(&self, chain_id: u64, wallet: &NodeKey) -> [u8; SIGNATURE_LENGTH] {
        wallet.sign(&self.digest(chain_id))
    }

    /// Whether the wallet of that address, held by a person and not by a contract, made the signature.
    pub fn is_signed_by(&self, address: Address, chain_id: u64, signature: &[u8]) -> bool {
        let signer = NodePublicKey::recover(&self.digest(chain_id), signature);
        signer.is_some_and(|key| key.address() == address)
    }

    fn struct_hash(&self) -> [u8; 32] {
        let (type_text, value) = match self {
            Statement::CreatorConfig(hash) => {
                ("CreatorConfigHash(string creator_config_hash)", hash.to_string())
            }
            Statement::OperatorConfig(hash) => {
                ("OperatorConfigHash(string operator_config_hash)", hash.to_string())
            }
            Statement::LegacyConfig(hash) => ("ConfigHash(string config_hash)", hash.to_string()),
            Statement::Enr(text) => ("ENR(string enr)", (*text).to_owned()),
        };
        keccak(&[&keccak(&[type_text.as_bytes()]), &keccak(&[value.as_bytes()])])
    }
}

/// The domain names no contract and no salt.
fn domain_separator(chain_id: u64) -> [u8; 32] {
    let mut chain = [0; 32];
    chain[24..].copy_from_slice(&chain_id.to_be_bytes());
    keccak(&[
        &keccak(&[b"EIP712Domain(string name,string version,uint256 chainId)"]),
        &keccak(&[b"Obol"]),
        &keccak(&[b"1"]),
        &chain,
    ])
}

fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Keccak256::new(), |hasher, part| hasher.chain_update(part)).finalize().into()
}
