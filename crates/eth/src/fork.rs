//! The forks of the beacon chain, in order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::DecodeError;

/// A fork of the beacon chain. Later forks compare greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fork {
    /// The beacon chain at its start.
    Phase0 = 0,
    /// Sync committees.
    Altair,
    /// The merge.
    Bellatrix,
    /// Withdrawals.
    Capella,
    /// Blobs.
    Deneb,
    /// Attestations without a committee in their data, execution requests.
    Electra,
    /// Cell proofs for blobs.
    Fulu,
    /// Payloads apart from blocks (EIP-7732), progressive containers (EIP-7688).
    Gloas,
}

/// Containers of attestations, named after the fork that brought them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttestationForm {
    /// Several committees in one (EIP-7549).
    Electra,
    /// The same bytes with another root (EIP-7688).
    Gloas,
}

/// Containers of blocks, named after the fork that brought them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockForm {
    /// A proof for each blob.
    Electra,
    /// A proof for each cell of a blob.
    Fulu,
}

impl Fork {
    /// Every fork, oldest first.
    pub const ALL: [Fork; 8] = [
        Fork::Phase0,
        Fork::Altair,
        Fork::Bellatrix,
        Fork::Capella,
        Fork::Deneb,
        Fork::Electra,
        Fork::Fulu,
        Fork::Gloas,
    ];

    /// The number used in versioned encodings between nodes of a cluster.
    pub fn number(self) -> u64 {
        self as u64
    }

    /// The fork with this number.
    pub fn from_number(number: u64) -> Option<Fork> {
        Fork::ALL.into_iter().find(|fork| fork.number() == number)
    }

    /// The name used in `Eth-Consensus-Version` and in `version` fields: `fulu`.
    pub fn name(self) -> &'static str {
        match self {
            Fork::Phase0 => "phase0",
            Fork::Altair => "altair",
            Fork::Bellatrix => "bellatrix",
            Fork::Capella => "capella",
            Fork::Deneb => "deneb",
            Fork::Electra => "electra",
            Fork::Fulu => "fulu",
            Fork::Gloas => "gloas",
        }
    }

    /// The fork itself, if its blocks and aggregates are built in.
    ///
    /// # Errors
    /// [`DecodeError::UnsupportedFork`]: they are too old to be needed, or newer than this version of the program.
    pub fn supported(self) -> Result<Fork, DecodeError> {
        self.blocks()?;
        self.with_aggregates()
    }

    /// The fork itself, if its attestations and aggregates are built in. Gloas has these, but not yet its blocks.
    ///
    /// # Errors
    /// [`DecodeError::UnsupportedFork`]: they are too old to be needed, or newer than this version of the program.
    pub fn with_aggregates(self) -> Result<Fork, DecodeError> {
        self.attestations().map(|_| self)
    }

    /// The number of values that the index in attestation data may have: none but 0 since it is no longer the committee
    /// (EIP-7549); from Gloas on 1 as well, for a block whose payload was there (EIP-7732).
    pub fn attestation_indices(self) -> u64 {
        if self < Fork::Gloas { 1 } else { 2 }
    }

    /// Which containers carry attestations and aggregates.
    pub(crate) fn attestations(self) -> Result<AttestationForm, DecodeError> {
        match self {
            Fork::Phase0 | Fork::Altair | Fork::Bellatrix | Fork::Capella | Fork::Deneb => {
                Err(self.unsupported())
            }
            Fork::Electra | Fork::Fulu => Ok(AttestationForm::Electra),
            Fork::Gloas => Ok(AttestationForm::Gloas),
        }
    }

    /// Which containers carry blocks.
    pub(crate) fn blocks(self) -> Result<BlockForm, DecodeError> {
        match self {
            Fork::Phase0 | Fork::Altair | Fork::Bellatrix | Fork::Capella | Fork::Deneb => {
                Err(self.unsupported())
            }
            Fork::Electra => Ok(BlockForm::Electra),
            Fork::Fulu => Ok(BlockForm::Fulu),
            Fork::Gloas => Err(self.unsupported()),
        }
    }

    /// Whether duties are due at the times of the `…_GLOAS` keys.
    pub(crate) fn is_due_early(self) -> bool {
        self >= Fork::Gloas
    }

    fn unsupported(self) -> DecodeError {
        DecodeError::UnsupportedFork { fork: self }
    }
}

/// A fork's name or number that is none of ours: a typing error, or a fork newer than this version of the program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown fork {fork}; this version of the program knows {} to {}", Fork::ALL[0], Fork::ALL[Fork::ALL.len() - 1])]
pub struct UnknownFork {
    fork: String,
}

impl TryFrom<u64> for Fork {
    type Error = UnknownFork;

    /// The fork with this number.
    fn try_from(number: u64) -> Result<Fork, UnknownFork> {
        Fork::from_number(number).ok_or_else(|| UnknownFork { fork: format!("number {number}") })
    }
}

impl FromStr for Fork {
    type Err = UnknownFork;

    /// Reads a name in any case.
    fn from_str(text: &str) -> Result<Fork, UnknownFork> {
        Fork::ALL.into_iter().find(|fork| fork.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let name: String = text.chars().take(32).collect();
            UnknownFork { fork: format!("{name:?}") }
        })
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Fork {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Fork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fork, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fork_is_found_by_its_number_and_its_name() {
        for (position, fork) in Fork::ALL.into_iter().enumerate() {
            assert_eq!(fork.number(), position as u64);
            assert_eq!(Fork::from_number(fork.number()), Some(fork));
            assert_eq!(Fork::try_from(fork.number()), Ok(fork));
            assert_eq!(fork.name().parse(), Ok(fork));
            assert_eq!(fork.name().to_uppercase().parse(), Ok(fork));
        }
    }

    #[test]
    fn unknown_forks_are_refused_by_name_and_by_number() {
        let refused = "heze".parse::<Fork>().expect_err("a fork of the future");
        assert_eq!(
            refused.to_string(),
            r#"unknown fork "heze"; this version of the program knows phase0 to gloas"#
        );
        assert_eq!(Fork::from_number(8), None);
        let refused = Fork::try_from(8).expect_err("a fork of the future");
        assert_eq!(
            refused.to_string(),
            "unknown fork number 8; this version of the program knows phase0 to gloas"
        );
        assert!("".parse::<Fork>().is_err());
        assert!(Fork::try_from(u64::MAX).is_err());
    }
}
