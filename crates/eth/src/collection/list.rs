//! Up to `N` items.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use libssz::{DecodeError, SszDecode, SszEncode};
use libssz_merkle::{HashTreeRoot, Node, Sha256Hasher};
use libssz_types::SszList;
use serde::de::{Error as _, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::WrongLength;

/// `List[T, N]`: up to `N` items. Reads like a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const N: usize>(SszList<T, N>);

impl<T, const N: usize> List<T, N> {
    /// Appends an item.
    ///
    /// # Errors
    /// The list is full; it is unchanged.
    pub fn push(&mut self, item: T) -> Result<(), WrongLength> {
        self.0.push(item).map_err(|_| WrongLength { limit: N, found: N + 1 })
    }
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        List(SszList::new())
    }
}

impl<T, const N: usize> Deref for List<T, N> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const N: usize> TryFrom<Vec<T>> for List<T, N> {
    type Error = WrongLength;
    fn try_from(items: Vec<T>) -> Result<Self, WrongLength> {
        let found = items.len();
        items.try_into().map(List).map_err(|_| WrongLength { limit: N, found })
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a List<T, N> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: SszEncode, const N: usize> SszEncode for List<T, N> {
    fn is_fixed_size() -> bool {
        false
    }
    fn fixed_size() -> usize {
        0
    }
    fn encoded_len(&self) -> usize {
        self.0.encoded_len()
    }
    fn ssz_append(&self, buffer: &mut Vec<u8>) {
        self.0.ssz_append(buffer);
    }
}

impl<T: SszDecode, const N: usize> SszDecode for List<T, N> {
    fn is_fixed_size() -> bool {
        false
    }
    fn fixed_size() -> usize {
        0
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        SszList::from_ssz_bytes(bytes).map(List)
    }
}

impl<T: HashTreeRoot + SszEncode, const N: usize> HashTreeRoot for List<T, N> {
    fn hash_tree_root(&self, hasher: &impl Sha256Hasher) -> Node {
        self.0.hash_tree_root(hasher)
    }
}

impl<T: Serialize, const N: usize> Serialize for List<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for List<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Visitor(PhantomData))
    }
}

struct Visitor<T, const N: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const N: usize> serde::de::Visitor<'de> for Visitor<T, N> {
    type Value = List<T, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {N} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some(item) = items.next_element()? {
            list.push(item).map_err(A::Error::custom)?;
        }
        Ok(list)
    }
}
