//! Bits, which JSON writes as the hex of their SSZ.

use libssz::{SszDecode as _, SszEncode as _};
use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use libssz_types::{SszBitlist, SszBitvector};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::WrongLength;
use super::bytes::HexVisitor;

/// `Bitlist[N]`: up to `N` bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot)]
#[ssz(transparent)]
pub struct Bitlist<const N: usize>(SszBitlist<N>);

impl<const N: usize> Bitlist<N> {
    /// The bits, in order.
    ///
    /// # Errors
    /// There are more than `N`.
    pub fn from_bits(bits: &[bool]) -> Result<Self, WrongLength> {
        let list = SszBitlist::try_from(bits.to_vec());
        list.map(Bitlist).map_err(|_| WrongLength { limit: N, found: bits.len() })
    }

    /// The bits, in order.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.0.len()).map(|position| self.0.get(position) == Some(true))
    }

    /// How many bits there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no bit at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `Bitvector[N]`: exactly `N` bits.
#[derive(Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot)]
#[ssz(transparent)]
pub struct Bitvector<const N: usize>(SszBitvector<N>);

impl<const N: usize> Bitvector<N> {
    /// Sets the bit at `position`.
    ///
    /// # Errors
    /// There is no such bit.
    pub fn set(&mut self, position: usize) -> Result<(), WrongLength> {
        let found = position.saturating_add(1);
        self.0.set(position, true).map(drop).map_err(|_| WrongLength { limit: N, found })
    }

    /// The positions of the bits that are set, ascending.
    pub fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        (0..N).filter(|position| self.0.get(*position) == Some(true))
    }
}

impl<const N: usize> Serialize for Bitlist<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&const_hex::encode_prefixed(self.0.to_ssz()))
    }
}

impl<const N: usize> Serialize for Bitvector<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&const_hex::encode_prefixed(self.0.to_ssz()))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bitlist<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ssz = deserializer.deserialize_str(HexVisitor { limit: N / 8 + 1 })?;
        SszBitlist::from_ssz_bytes(&ssz).map(Bitlist).map_err(D::Error::custom)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bitvector<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ssz = deserializer.deserialize_str(HexVisitor { limit: N.div_ceil(8) })?;
        SszBitvector::from_ssz_bytes(&ssz).map(Bitvector).map_err(D::Error::custom)
    }
}
