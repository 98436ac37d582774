//! What every container of the beacon chain can do.

use libssz::{SszDecode, SszEncode};
use libssz_merkle::{HashTreeRoot, Sha2Hasher};

use crate::{DecodeError, Root};

/// A value with an SSZ encoding and a hash tree root. Implemented for every type that has both.
pub trait Container: Sized {
    /// Decodes SSZ. Never panics; accepts exactly the bytes that [`Container::to_ssz`] would write.
    ///
    /// # Errors
    /// [`DecodeError::Ssz`] when the bytes are no encoding of this type: whoever sent them is at fault.
    fn from_ssz(bytes: &[u8]) -> Result<Self, DecodeError>;

    /// Encodes SSZ.
    fn to_ssz(&self) -> Vec<u8>;

    /// The hash tree root.
    fn root(&self) -> Root;

    /// Bytes of every value's SSZ; `None` when they vary.
    fn ssz_size() -> Option<usize>;
}

impl<T: SszEncode + SszDecode + HashTreeRoot> Container for T {
    fn from_ssz(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(<T as SszDecode>::from_ssz_bytes(bytes)?)
    }

    fn to_ssz(&self) -> Vec<u8> {
        SszEncode::to_ssz(self)
    }

    fn root(&self) -> Root {
        hash_tree_root(self)
    }

    fn ssz_size() -> Option<usize> {
        <T as SszEncode>::is_fixed_size().then(<T as SszEncode>::fixed_size)
    }
}

pub(crate) fn hash_tree_root(value: &impl HashTreeRoot) -> Root {
    Root(value.hash_tree_root(&Sha2Hasher))
}
