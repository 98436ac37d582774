//! Signatures: anyone's, one share's, and a whole validator's.

use std::fmt;

use blst::{BLST_ERROR, blst_p2_affine, min_pk};

use crate::{Defect, Error, PublicKey, ShareIndex, SharePublicKey, hex};

/// The scheme of the beacon chain: keys in G1, proof of possession (consensus specifications, phase 0, "BLS
/// signatures").
pub(crate) const DOMAIN_SEPARATION_TAG: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// A signature: a point of G2 known to be in the prime order subgroup and not the identity. Whose it is, and
/// of what, only verification tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub(crate) min_pk::Signature);

impl Signature {
    /// Decodes the 96-byte compressed form; the curve and the subgroup are checked.
    pub fn from_bytes(bytes: &[u8; 96]) -> Result<Signature, Error> {
        min_pk::Signature::sig_validate(bytes, true)
            .map(Signature)
            .map_err(|error| Error::Signature(Defect::from(error)))
    }

    /// The 96-byte compressed form.
    pub fn to_bytes(&self) -> [u8; 96] {
        self.0.to_bytes()
    }

    /// Whether this is the key's signature of the message.
    #[must_use]
    pub fn verify(&self, message: &[u8], key: &PublicKey) -> bool {
        // Subgroups were checked when signature and key were decoded.
        self.0.verify(false, message, DOMAIN_SEPARATION_TAG, &[], &key.0, false) == BLST_ERROR::BLST_SUCCESS
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(f, &self.to_bytes())
    }
}

/// One share's signature, as it comes from a peer: on the curve, but not yet known to be in the subgroup, let
/// alone right. [`combine_batch`](crate::combine_batch) checks what comes of it, which costs less than
/// checking each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PartialSignature {
    share: ShareIndex,
    point: min_pk::Signature,
}

impl PartialSignature {
    /// Decodes the 96-byte compressed form; only the curve is checked.
    pub fn from_bytes(share: ShareIndex, bytes: &[u8; 96]) -> Result<PartialSignature, Error> {
        let point =
            min_pk::Signature::uncompress(bytes).map_err(|error| Error::Signature(Defect::from(error)))?;
        if is_identity(&point) {
            return Err(Error::Signature(Defect::Identity));
        }
        Ok(PartialSignature { share, point })
    }

    /// A signature made with that share.
    pub fn new(share: ShareIndex, signature: Signature) -> PartialSignature {
        PartialSignature { share, point: signature.0 }
    }

    /// The share that is said to have signed.
    pub fn share(&self) -> ShareIndex {
        self.share
    }

    /// The 96-byte compressed form.
    pub fn to_bytes(&self) -> [u8; 96] {
        self.point.to_bytes()
    }

    /// The same point, now checked to be in the subgroup.
    pub fn to_signature(&self) -> Result<Signature, Error> {
        self.point.validate(true).map_err(|error| Error::Signature(Defect::from(error)))?;
        Ok(Signature(self.point))
    }

    /// Whether this is the share's signature of the message.
    #[must_use]
    pub fn verify(&self, message: &[u8], key: &SharePublicKey) -> bool {
        self.to_signature().is_ok_and(|signature| signature.verify(message, &key.0))
    }

    pub(crate) fn point(&self) -> &min_pk::Signature {
        &self.point
    }
}

impl fmt::Debug for PartialSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "share {}: ", self.share)?;
        hex::write(f, &self.to_bytes())
    }
}

/// A whole validator's signature. It exists only after it was verified under the group's key: the combining
/// functions alone make one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct GroupSignature(Signature);

impl GroupSignature {
    pub(crate) fn verified(signature: Signature) -> GroupSignature {
        GroupSignature(signature)
    }

    /// The 96-byte compressed form.
    pub fn to_bytes(&self) -> [u8; 96] {
        self.0.to_bytes()
    }

    /// The same as a signature of anyone's.
    pub fn signature(&self) -> &Signature {
        &self.0
    }
}

impl fmt::Debug for GroupSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The plain sum of signatures, as in the aggregate over a lock's hash: no Lagrange coefficients.
pub fn aggregate(signatures: &[Signature]) -> Result<Signature, Error> {
    let points: Vec<&min_pk::Signature> = signatures.iter().map(|signature| &signature.0).collect();
    let sum = min_pk::AggregateSignature::aggregate(&points, false).map_err(|_| Error::Empty)?;
    let sum = sum.to_signature();
    if is_identity(&sum) {
        return Err(Error::Signature(Defect::Identity));
    }
    Ok(Signature(sum))
}

/// Whether the signature is the sum of these keys' signatures of the message.
///
/// Sound only for keys whose owners proved to hold the secrets: otherwise the last one to choose a key can
/// cancel the others out. No key at all verifies nothing.
#[must_use]
pub fn fast_aggregate_verify(message: &[u8], keys: &[PublicKey], signature: &Signature) -> bool {
    let keys: Vec<&min_pk::PublicKey> = keys.iter().map(|key| &key.0).collect();
    signature.0.fast_aggregate_verify(false, message, DOMAIN_SEPARATION_TAG, &keys)
        == BLST_ERROR::BLST_SUCCESS
}

pub(crate) fn is_identity(point: &min_pk::Signature) -> bool {
    blst_p2_affine::from(*point) == blst_p2_affine::default()
}
