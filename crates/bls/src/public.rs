//! Public keys.

use std::fmt;

use blst::min_pk;

use crate::{Defect, Error, hex};

/// A public key: a point of G1 known to be in the prime order subgroup and not the identity.
///
/// Decoding takes some 40 µs, so keys are decoded once and kept in tables; a copy is 96 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub(crate) min_pk::PublicKey);

impl PublicKey {
    /// Decodes the 48-byte compressed form, refusing whatever is not a key.
    pub fn from_bytes(bytes: &[u8; 48]) -> Result<PublicKey, Error> {
        min_pk::PublicKey::key_validate(bytes)
            .map(PublicKey)
            .map_err(|error| Error::PublicKey(Defect::from(error)))
    }

    /// The 48-byte compressed form.
    pub fn to_bytes(&self) -> [u8; 48] {
        self.0.to_bytes()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.to_bytes())
    }
}

/// The key of a whole validator, under which the chain verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPublicKey(pub PublicKey);

impl GroupPublicKey {
    /// Decodes the 48-byte compressed form, refusing whatever is not a key.
    pub fn from_bytes(bytes: &[u8; 48]) -> Result<GroupPublicKey, Error> {
        PublicKey::from_bytes(bytes).map(GroupPublicKey)
    }

    /// The 48-byte compressed form.
    pub fn to_bytes(&self) -> [u8; 48] {
        self.0.to_bytes()
    }
}

/// The key of one share of a validator, under which one member's partial signatures verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharePublicKey(pub PublicKey);

impl SharePublicKey {
    /// Decodes the 48-byte compressed form, refusing whatever is not a key.
    pub fn from_bytes(bytes: &[u8; 48]) -> Result<SharePublicKey, Error> {
        PublicKey::from_bytes(bytes).map(SharePublicKey)
    }

    /// The 48-byte compressed form.
    pub fn to_bytes(&self) -> [u8; 48] {
        self.0.to_bytes()
    }
}
