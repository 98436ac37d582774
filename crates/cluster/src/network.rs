//! The chains a cluster can validate on, told apart by their genesis fork version.

use std::borrow::Cow;

use eth::Version;

/// What cluster files need to know of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name, as deposit files and flags write it.
    pub name: Cow<'static, str>,
    /// Its genesis fork version: its identity in cluster files and the fork of deposit and registration domains.
    pub genesis_fork_version: Version,
    /// Its Capella fork version, to which voluntary exits are pinned (EIP-7044).
    pub capella_fork_version: Version,
    /// Its execution layer's chain ID, part of operators' EIP-712 signatures.
    pub chain_id: u64,
    /// When its slot 0 began, in Unix seconds: the timestamp of pre-signed builder registrations.
    pub genesis_time: u64,
}

/// The networks known by name.
pub const KNOWN: [Network; 6] = [
    known("mainnet", [0, 0, 0, 0], [3, 0, 0, 0], 1, 1_606_824_023),
    known("goerli", [0, 0, 0x10, 0x20], [3, 0, 0x10, 0x20], 5, 1_616_508_000),
    known("gnosis", [0, 0, 0, 0x64], [3, 0, 0, 0x64], 100, 1_638_993_340),
    known("chiado", [0, 0, 0, 0x6f], [3, 0, 0, 0x6f], 10_200, 1_665_396_300),
    known("sepolia", [0x90, 0, 0, 0x69], [0x90, 0, 0, 0x72], 11_155_111, 1_655_733_600),
    known("hoodi", [0x10, 0, 0x09, 0x10], [0x40, 0, 0x09, 0x10], 560_048, 1_742_213_400),
];

impl Network {
    /// The known network of that name.
    pub fn from_name(name: &str) -> Option<Network> {
        KNOWN.into_iter().find(|network| network.name == name)
    }

    /// The known network with that genesis fork version.
    pub fn from_fork_version(version: Version) -> Option<Network> {
        KNOWN.into_iter().find(|network| network.genesis_fork_version == version)
    }
}

const fn known(
    name: &'static str,
    genesis_fork: [u8; 4],
    capella_fork: [u8; 4],
    chain_id: u64,
    genesis_time: u64,
) -> Network {
    Network {
        name: Cow::Borrowed(name),
        genesis_fork_version: Version(genesis_fork),
        capella_fork_version: Version(capella_fork),
        chain_id,
        genesis_time,
    }
}
