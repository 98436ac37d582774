//! The versions of the cluster file format.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// A version of the cluster file format. Later versions compare greater.
///
/// Versions differ in the fields a file has, in how bytes are written and in what is hashed how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormatVersion {
    /// The first.
    V1_0,
    /// Hashes the timestamp into the definition.
    V1_1,
    /// Writes bytes as hex, no longer as base64.
    V1_2,
    /// Hashes by SSZ's rules; wallets' signatures can be checked.
    V1_3,
    /// Names the creator.
    V1_4,
    /// Gives each validator its own addresses.
    V1_5,
    /// Holds a signed deposit for each validator.
    V1_6,
    /// Holds builder registrations and nodes' signatures.
    V1_7,
    /// Holds several deposits for each validator.
    V1_8,
    /// Names the consensus protocol.
    V1_9,
    /// Names the gas limit, and whether validators compound.
    V1_10,
    /// Takes several signatures from one smart-contract wallet.
    V1_11,
}

use FormatVersion::*;

impl FormatVersion {
    /// Every version, oldest first.
    pub const ALL: [FormatVersion; 12] =
        [V1_0, V1_1, V1_2, V1_3, V1_4, V1_5, V1_6, V1_7, V1_8, V1_9, V1_10, V1_11];

    /// The version as files write it, such as `v1.10.0`.
    pub const fn as_str(self) -> &'static str {
        match self {
            V1_0 => "v1.0.0",
            V1_1 => "v1.1.0",
            V1_2 => "v1.2.0",
            V1_3 => "v1.3.0",
            V1_4 => "v1.4.0",
            V1_5 => "v1.5.0",
            V1_6 => "v1.6.0",
            V1_7 => "v1.7.0",
            V1_8 => "v1.8.0",
            V1_9 => "v1.9.0",
            V1_10 => "v1.10.0",
            V1_11 => "v1.11.0",
        }
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FormatVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<FormatVersion, Error> {
        let known = FormatVersion::ALL.into_iter().find(|version| version.as_str() == text);
        known.ok_or_else(|| Error::UnknownVersion(text.chars().take(32).collect()))
    }
}
