//! The one number of the beacon chain that is larger than 64 bits.

use std::fmt;

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use ruint::aliases::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A 256-bit number, kept as its SSZ bytes (little endian). JSON is a quoted decimal.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, SszEncode, SszDecode, HashTreeRoot)]
#[ssz(transparent)]
pub struct Uint256([u8; 32]);

impl From<u64> for Uint256 {
    fn from(value: u64) -> Self {
        Uint256(U256::from(value).to_le_bytes())
    }
}

impl fmt::Display for Uint256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        U256::from_le_bytes(self.0).fmt(f)
    }
}

impl fmt::Debug for Uint256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Uint256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uint256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Uint256;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an unsigned 256-bit number in quotes")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Uint256, E> {
                from_decimal(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Uint256, E> {
                Ok(value.into())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn from_decimal(text: &str) -> Option<Uint256> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = plain.then(|| U256::from_str_radix(text, 10).ok())??;
    Some(Uint256(value.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_up_to_the_largest_are_read_and_written_back() {
        let largest = format!("\"{}\"", U256::MAX);
        for text in ["\"0\"", "\"7\"", "\"340282366920938463463374607431768211456\"", &largest] {
            let value: Uint256 = serde_json::from_str(text).expect("a decimal of at most 256 bits");
            assert_eq!(serde_json::to_string(&value).expect("always writable"), text);
        }
    }

    #[test]
    fn anything_but_a_decimal_of_256_bits_is_refused() {
        let too_large = format!("\"{}0\"", U256::MAX);
        for text in ["\"\"", "\"-1\"", "\"0x10\"", "\"1_0\"", "\"1.5\"", &too_large] {
            assert!(serde_json::from_str::<Uint256>(text).is_err(), "{text}");
        }
    }
}
