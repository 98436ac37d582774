//! Bytes, which JSON writes as one hex string.

use std::fmt;
use std::ops::Deref;

use libssz::{DecodeError, SszDecode, SszEncode};
use libssz_merkle::{HashTreeRoot, Node, Sha256Hasher, merkleize, mix_in_length, pack};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::WrongLength;

/// `ByteList[N]`: up to `N` bytes, such as a transaction.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ByteList<const N: usize>(Vec<u8>);

/// `ByteVector[N]`: exactly `N` bytes, for those too long to lie on the stack, such as a blob.
#[derive(Clone, PartialEq, Eq)]
pub struct ByteVector<const N: usize>(Vec<u8>);

impl<const N: usize> Default for ByteVector<N> {
    fn default() -> Self {
        ByteVector(vec![0; N])
    }
}

impl<const N: usize> TryFrom<Vec<u8>> for ByteList<N> {
    type Error = WrongLength;
    fn try_from(bytes: Vec<u8>) -> Result<Self, WrongLength> {
        let found = bytes.len();
        if found <= N { Ok(ByteList(bytes)) } else { Err(WrongLength { limit: N, found }) }
    }
}

impl<const N: usize> TryFrom<Vec<u8>> for ByteVector<N> {
    type Error = WrongLength;
    fn try_from(bytes: Vec<u8>) -> Result<Self, WrongLength> {
        let found = bytes.len();
        if found == N { Ok(ByteVector(bytes)) } else { Err(WrongLength { limit: N, found }) }
    }
}

impl<const N: usize> SszEncode for ByteList<N> {
    fn is_fixed_size() -> bool {
        false
    }
    fn fixed_size() -> usize {
        0
    }
    fn encoded_len(&self) -> usize {
        self.0.len()
    }
    fn ssz_append(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.0);
    }
}

impl<const N: usize> SszEncode for ByteVector<N> {
    fn is_fixed_size() -> bool {
        true
    }
    fn fixed_size() -> usize {
        N
    }
    fn encoded_len(&self) -> usize {
        N
    }
    fn ssz_append(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.0);
    }
}

impl<const N: usize> SszDecode for ByteList<N> {
    fn is_fixed_size() -> bool {
        false
    }
    fn fixed_size() -> usize {
        0
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > N {
            return Err(DecodeError::InvalidByteLength { expected: N, got: bytes.len() });
        }
        Ok(ByteList(bytes.to_vec()))
    }
}

impl<const N: usize> SszDecode for ByteVector<N> {
    fn is_fixed_size() -> bool {
        true
    }
    fn fixed_size() -> usize {
        N
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() != N {
            return Err(DecodeError::InvalidFixedLength { expected: N, got: bytes.len() });
        }
        Ok(ByteVector(bytes.to_vec()))
    }
}

impl<const N: usize> HashTreeRoot for ByteList<N> {
    fn hash_tree_root(&self, hasher: &impl Sha256Hasher) -> Node {
        let root = merkleize(hasher, &pack(&self.0), Some(N.div_ceil(32)));
        mix_in_length(hasher, &root, self.0.len())
    }
}

impl<const N: usize> HashTreeRoot for ByteVector<N> {
    fn hash_tree_root(&self, hasher: &impl Sha256Hasher) -> Node {
        merkleize(hasher, &pack(&self.0), Some(N.div_ceil(32)))
    }
}

impl<'de, const N: usize> Deserialize<'de> for ByteList<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(HexVisitor { limit: N }).map(ByteList)
    }
}

impl<'de, const N: usize> Deserialize<'de> for ByteVector<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(HexVisitor { limit: N })?;
        bytes.try_into().map_err(D::Error::custom)
    }
}

macro_rules! bytes_in_common {
    ($name:ident) => {
        impl<const N: usize> Deref for $name<N> {
            type Target = [u8];
            fn deref(&self) -> &[u8] {
                &self.0
            }
        }

        impl<const N: usize> fmt::Debug for $name<N> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let start = &self.0[..self.0.len().min(8)];
                write!(f, "{}… ({} bytes)", const_hex::encode_prefixed(start), self.0.len())
            }
        }

        impl<const N: usize> Serialize for $name<N> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&const_hex::encode_prefixed(&self.0))
            }
        }
    };
}

bytes_in_common!(ByteList);
bytes_in_common!(ByteVector);

/// Reads `0x` and hex digits into at most `limit` bytes.
pub(super) struct HexVisitor {
    pub(super) limit: usize,
}

impl serde::de::Visitor<'_> for HexVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x and hex digits for at most {} bytes", self.limit)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.len().div_ceil(2) > self.limit {
            return Err(E::invalid_length(digits.len(), &self));
        }
        const_hex::decode(text).map_err(|_| E::invalid_value(Unexpected::Other("no hex string"), &self))
    }
}
