//! Exactly `N` items.

use std::ops::Deref;

use libssz::{DecodeError, SszDecode, SszEncode};
use libssz_merkle::{HashTreeRoot, Node, Sha256Hasher};
use libssz_types::SszVector;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{List, WrongLength};

/// `Vector[T, N]`: exactly `N` items. Reads like a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector<T, const N: usize>(SszVector<T, N>);

impl<T: Clone + Default, const N: usize> Default for Vector<T, N> {
    fn default() -> Self {
        Vector(vec![T::default(); N].try_into().expect("N items were just made"))
    }
}

impl<T, const N: usize> Deref for Vector<T, N> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const N: usize> TryFrom<Vec<T>> for Vector<T, N> {
    type Error = WrongLength;
    fn try_from(items: Vec<T>) -> Result<Self, WrongLength> {
        let found = items.len();
        items.try_into().map(Vector).map_err(|_| WrongLength { limit: N, found })
    }
}

impl<T: SszEncode, const N: usize> SszEncode for Vector<T, N> {
    fn is_fixed_size() -> bool {
        <SszVector<T, N> as SszEncode>::is_fixed_size()
    }
    fn fixed_size() -> usize {
        <SszVector<T, N> as SszEncode>::fixed_size()
    }
    fn encoded_len(&self) -> usize {
        self.0.encoded_len()
    }
    fn ssz_append(&self, buffer: &mut Vec<u8>) {
        self.0.ssz_append(buffer);
    }
}

impl<T: SszDecode, const N: usize> SszDecode for Vector<T, N> {
    fn is_fixed_size() -> bool {
        <SszVector<T, N> as SszDecode>::is_fixed_size()
    }
    fn fixed_size() -> usize {
        <SszVector<T, N> as SszDecode>::fixed_size()
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        SszVector::from_ssz_bytes(bytes).map(Vector)
    }
}

impl<T: HashTreeRoot + SszEncode, const N: usize> HashTreeRoot for Vector<T, N> {
    fn hash_tree_root(&self, hasher: &impl Sha256Hasher) -> Node {
        self.0.hash_tree_root(hasher)
    }
}

impl<T: Serialize, const N: usize> Serialize for Vector<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Clone + Deserialize<'de>, const N: usize> Deserialize<'de> for Vector<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = List::<T, N>::deserialize(deserializer)?;
        items.to_vec().try_into().map_err(serde::de::Error::custom)
    }
}
