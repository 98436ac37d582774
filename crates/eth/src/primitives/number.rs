//! Slots, epochs and indices.

use std::fmt;
use std::str::FromStr;

use libssz_derive::{SszDecode, SszEncode};
use libssz_merkle::{HashTreeRoot, Node, Sha256Hasher};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(SszEncode, SszDecode)]
        #[ssz(transparent)]
        pub struct $name(pub u64);

        // By hand: the derived form would not say that the type is basic, and lists of it would not be packed.
        impl HashTreeRoot for $name {
            fn hash_tree_root(&self, hasher: &impl Sha256Hasher) -> Node {
                self.0.hash_tree_root(hasher)
            }

            fn is_basic_type() -> bool {
                true
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                quoted_u64::deserialize(deserializer).map($name)
            }
        }
    };
}

number!(
    /// A slot of the beacon chain, counted from genesis.
    Slot
);
number!(
    /// An epoch of the beacon chain, counted from genesis.
    Epoch
);
number!(
    /// A validator's position in the beacon state's registry.
    ValidatorIndex
);
number!(
    /// A committee's number within its slot.
    CommitteeIndex
);
number!(
    /// A place in the sync committee.
    SyncCommitteePosition
);
number!(
    /// A quarter of the sync committee.
    SubcommitteeIndex
);

/// A `u64` as the Beacon API writes it: a quoted decimal. Unquoted numbers are accepted too.
pub mod quoted_u64 {
    use super::*;

    /// Writes the quoted decimal.
    pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    /// Reads a quoted decimal or a plain number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = u64;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an unsigned 64-bit number in quotes")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
                text.parse().map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<u64, E> {
                Ok(value)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
