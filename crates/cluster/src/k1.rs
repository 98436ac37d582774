//! secp256k1: the keys nodes and wallets sign with, and their 65-byte signatures `R ‖ S ‖ V`.

use std::fmt;

use eth::Address;
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;

use crate::Error;

/// Bytes of a signature: `R(32) ‖ S(32) ‖ V(1)`.
pub const SIGNATURE_LENGTH: usize = 65;

/// A node's secret: its identity to its peers (the ENR and libp2p key), never a validator's key.
///
/// Wiped from memory when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct NodeKey(SigningKey);

impl NodeKey {
    /// The key of that number, big-endian. Zero and numbers not below the curve's order are refused.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<NodeKey, Error> {
        SigningKey::from_slice(bytes).map(NodeKey).map_err(|_| Error::NodeKeyRange)
    }

    /// The key of a `charon-enr-private-key` file: 64 hex digits, white space around them ignored.
    pub fn from_text(text: &str) -> Result<NodeKey, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        const_hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| Error::NodeKeyText)?;
        NodeKey::from_bytes(&bytes)
    }

    /// A fresh key, drawn from `randomness`.
    pub fn generate(randomness: &mut dyn FnMut(&mut [u8])) -> Result<NodeKey, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        // All but one of 2^128 draws are below the order; a source that fails twice is broken.
        for _ in 0..2 {
            randomness(bytes.as_mut_slice());
            if let Ok(key) = NodeKey::from_bytes(&bytes) {
                return Ok(key);
            }
        }
        Err(Error::Randomness)
    }

    /// The 64 hex digits of a `charon-enr-private-key` file, without `0x`.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(const_hex::encode(self.to_bytes().as_slice()))
    }

    /// The secret number, big-endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public key.
    pub fn public_key(&self) -> NodePublicKey {
        NodePublicKey(*self.0.verifying_key())
    }

    /// Signs the digest as it is: RFC 6979 nonce, low S, V 0 or 1.
    pub fn sign(&self, digest: &[u8; 32]) -> [u8; SIGNATURE_LENGTH] {
        let (signature, recovery) = self.0.sign_prehash_recoverable(digest);
        let mut bytes = [0; SIGNATURE_LENGTH];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = recovery.to_byte();
        bytes
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKey(secret)")
    }
}

/// A node's public key, known to be a point of the curve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodePublicKey(VerifyingKey);

impl NodePublicKey {
    /// The key of a compressed point.
    pub fn from_bytes(bytes: &[u8; 33]) -> Result<NodePublicKey, Error> {
        VerifyingKey::from_sec1_bytes(bytes).map(NodePublicKey).map_err(|_| Error::NodePublicKey)
    }

    /// The compressed point.
    pub fn to_bytes(&self) -> [u8; 33] {
        let mut bytes = [0; 33];
        bytes.copy_from_slice(self.0.to_sec1_point(true).as_bytes());
        bytes
    }

    /// Whose signature over `digest` this is: V may be 0/1 or 27/28. `None` when it is nobody's.
    pub fn recover(digest: &[u8; 32], signature: &[u8]) -> Option<NodePublicKey> {
        let (numbers, &[v]) = signature.split_at_checked(64)? else {
            return None;
        };
        let parity = match v {
            0 | 27 => 0,
            1 | 28 => 1,
            _ => return None,
        };
        let numbers = Signature::from_slice(numbers).ok()?;
        let recovery = RecoveryId::from_byte(parity)?;
        VerifyingKey::recover_from_prehash(digest, &numbers, recovery).ok().map(NodePublicKey)
    }

    /// Whether this key made the signature over `digest`.
    pub fn verify(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        NodePublicKey::recover(digest, signature) == Some(*self)
    }

    /// The execution layer address of this key, when it is a wallet's.
    pub fn address(&self) -> Address {
        let point = self.0.to_sec1_point(false);
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        let mut address = [0; 20];
        address.copy_from_slice(&hash[12..]);
        Address(address)
    }
}

impl fmt::Display for NodePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode_prefixed(self.to_bytes()))
    }
}

impl fmt::Debug for NodePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node key {self}")
    }
}
