//! Byte strings of a fixed length.

use std::fmt;
use std::str::FromStr;

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        #[derive(SszEncode, SszDecode, HashTreeRoot)]
        #[ssz(transparent)]
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
                f.write_str(const_hex::Buffer::<$length, true>::new().format(&self.0))
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
                const_hex::decode_to_slice(text, &mut bytes).map_err(|_| HexError { expected_bytes: $length })?;
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
                serializer.serialize_str(const_hex::Buffer::<$length, true>::new().format(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "0x and {} hex digits", 2 * $length)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
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
    /// An execution layer address. Read in any case (EIP-55 checksums are not checked), written in lower case.
    Address,
    20
);
byte_string!(
    /// A 32-byte word that is no hash tree root: a hash of the execution layer, withdrawal credentials, randomness.
    Hash32,
    32
);
byte_string!(
    /// The 32 bytes a proposer may write into its block.
    Graffiti,
    32
);
byte_string!(
    /// A commitment to a blob (EIP-4844), not checked to be a point.
    KzgCommitment,
    48
);
byte_string!(
    /// A proof for a blob (EIP-4844) or one of its cells (EIP-7594), not checked to be a point.
    KzgProof,
    48
);

impl SignatureBytes {
    /// The point at infinity: the aggregate of no signature at all, such as that of an empty sync committee.
    pub const INFINITY: SignatureBytes = {
        let mut bytes = [0; 96];
        bytes[0] = 0xC0;
        SignatureBytes(bytes)
    };
}
