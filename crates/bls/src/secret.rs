//! Secret keys.

use std::fmt;

use blst::{blst_scalar, min_pk};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::native::{self, Scalar};
use crate::signature::DOMAIN_SEPARATION_TAG;
use crate::{Error, PublicKey, Signature};

/// Bytes that, reduced modulo r, are uniform up to 2⁻¹²⁸.
const UNIFORM_BYTES: usize = 48;

/// A secret key: a validator's whole one, or one share of it. Erased when dropped, never printed.
#[derive(Clone)]
pub struct SecretKey(min_pk::SecretKey);

impl SecretKey {
    /// The key with these 32 bytes, big-endian, as keystores hold it (EIP-2335).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<SecretKey, Error> {
        min_pk::SecretKey::from_bytes(bytes).map(SecretKey).map_err(|_| Error::SecretKey)
    }

    /// A key drawn from `randomness`, which must fill its argument with bytes nobody can predict.
    pub fn random(randomness: &mut dyn FnMut(&mut [u8])) -> Result<SecretKey, Error> {
        let mut bytes = Zeroizing::new([0u8; UNIFORM_BYTES]);
        randomness(bytes.as_mut_slice());
        SecretKey::from_blst(&native::reduce_big_endian(bytes.as_slice())).map_err(|_| Error::Randomness)
    }

    /// A big-endian integer of any length, modulo the group order.
    pub fn from_wide_be(bytes: &[u8]) -> Result<SecretKey, Error> {
        SecretKey::from_blst(&native::reduce_big_endian(bytes))
    }

    /// A little-endian integer of any length, modulo the group order. Test chains make the key of validator
    /// `i` so, from SHA-256 of `i` as 32 little-endian bytes ("interop keys" of the consensus
    /// specifications).
    pub fn from_wide_le(bytes: &[u8]) -> Result<SecretKey, Error> {
        SecretKey::from_blst(&native::reduce_little_endian(bytes))
    }

    /// The key's 32 bytes, big-endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key to this secret.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.sk_to_pk())
    }

    /// Signs a message, in Ethereum a signing root of 32 bytes.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message, DOMAIN_SEPARATION_TAG, &[]))
    }

    pub(crate) fn from_scalar(scalar: &Scalar) -> Result<SecretKey, Error> {
        SecretKey::from_blst(&scalar.to_blst())
    }

    pub(crate) fn to_scalar(&self) -> Scalar {
        Scalar::from_blst((&self.0).into())
    }

    fn from_blst(scalar: &blst_scalar) -> Result<SecretKey, Error> {
        let key: &min_pk::SecretKey = scalar.try_into().map_err(|_| Error::SecretKey)?;
        Ok(SecretKey(key.clone()))
    }
}

impl PartialEq for SecretKey {
    /// Takes the same time whatever the keys are.
    fn eq(&self, other: &SecretKey) -> bool {
        self.to_bytes().ct_eq(other.to_bytes().as_slice()).into()
    }
}

impl Eq for SecretKey {}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}
