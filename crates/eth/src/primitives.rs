//! Numbers and byte strings with names.
//!
//! Every number is its own type, so that an epoch can never be passed for a slot. JSON is the Beacon API's:
//! integers as quoted decimals, bytes as `0x` and lower-case hex (any case is accepted).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

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

/// Why a hex string is not the byte string it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexError {
    expected_bytes: usize,
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected 0x and {} hex digits", 2 * self.expected_bytes)
    }
}

impl std::error::Error for HexError {}

macro_rules! byte_string {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl $name {
            /// All bytes zero.
            pub const ZERO: $name = $name([0; $length]);

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Whether all bytes are zero.
            pub fn is_zero(&self) -> bool {
                self.0 == [0; $length]
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ZERO
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0x")?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = HexError;
            fn from_str(text: &str) -> Result<Self, HexError> {
                let mut bytes = [0; $length];
                let digits = text.strip_prefix("0x").unwrap_or(text);
                const_hex::decode_to_slice(digits, &mut bytes).map_err(|_| HexError { expected_bytes: $length })?;
                Ok($name(bytes))
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = HexError;
            fn try_from(bytes: &[u8]) -> Result<Self, HexError> {
                bytes.try_into().map($name).map_err(|_| HexError { expected_bytes: $length })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_string!(
    /// A 32-byte hash tree root.
    Root,
    32
);
byte_string!(
    /// A fork version.
    Version,
    4
);
byte_string!(
    /// A signature domain (`compute_domain` of the consensus specification).
    Domain,
    32
);
byte_string!(
    /// A compressed BLS public key, not checked to be a point.
    PublicKeyBytes,
    48
);
byte_string!(
    /// A compressed BLS signature, not checked to be a point.
    SignatureBytes,
    96
);
byte_string!(
    /// An execution layer address.
    Address,
    20
);
