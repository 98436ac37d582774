//! What can be wrong with keys, signatures and sharings.

use std::fmt;

use blst::BLST_ERROR;

use crate::ShareIndex;

/// Why a key, a signature or a sharing was refused. All are faults of who supplied the bytes or the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are no secret key.
    #[error("secret key is zero or not below the group order: check the keystore it came from")]
    SecretKey,
    /// The randomness given made the secret zero, which chance does once in 2²⁵⁵ draws.
    #[error("randomness gave a zero secret: the source is broken or its bytes were not filled in")]
    Randomness,
    /// The bytes are no public key.
    #[error("public key {0}: check the file or message it came from")]
    PublicKey(Defect),
    /// The bytes are no signature.
    #[error("signature {0}: its sender is at fault")]
    Signature(Defect),
    /// A threshold outside 1 ≤ threshold ≤ shares.
    #[error("threshold {threshold} does not fit {shares} shares: it must be from 1 to their number")]
    Threshold {
        /// Shares needed to sign.
        threshold: u8,
        /// Shares there are.
        shares: u8,
    },
    /// More shares than there are share numbers.
    #[error("{count} shares, but shares are numbered from 1 to 255")]
    TooManyShares {
        /// Shares given.
        count: usize,
    },
    /// The same share twice.
    #[error("share {0} is given twice: leave one out")]
    DuplicateShare(ShareIndex),
    /// Nothing to work on.
    #[error("nothing given to add up: at least one is needed")]
    Empty,
    /// A share's key that does not fit the others: the lock file was made wrongly or altered.
    #[error(
        "public key of share {0} does not lie on the polynomial of the other shares: the sharing is broken"
    )]
    ForeignShare(ShareIndex),
    /// Shares that belong together, but to another key.
    #[error("the shares do not make up the group's public key: they belong to another validator")]
    ForeignGroup,
}

/// What is wrong with the encoding of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Wrong flags, or a coordinate that is not reduced.
    Encoding,
    /// No such point on the curve.
    Curve,
    /// On the curve, but outside the group of prime order.
    Subgroup,
    /// The identity, which would make anything verify or nothing.
    Identity,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Defect::Encoding => "is not a canonical compressed point",
            Defect::Curve => "is not on the curve",
            Defect::Subgroup => "is not in the prime order subgroup",
            Defect::Identity => "is the identity",
        })
    }
}

impl From<BLST_ERROR> for Defect {
    fn from(error: BLST_ERROR) -> Defect {
        match error {
            BLST_ERROR::BLST_POINT_NOT_ON_CURVE => Defect::Curve,
            BLST_ERROR::BLST_POINT_NOT_IN_GROUP => Defect::Subgroup,
            BLST_ERROR::BLST_PK_IS_INFINITY => Defect::Identity,
            _ => Defect::Encoding,
        }
    }
}
