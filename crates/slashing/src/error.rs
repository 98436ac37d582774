//! What can go wrong beside a refusal.

use eth::Root;

use crate::{Refusal, StoreError};

/// Opening, importing or maintaining a ledger failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store could not be read or written: the environment's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger refused to work at all (see [`Refusal::LedgerClosed`]).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The interchange file is not valid EIP-3076 JSON: the file's fault.
    #[error("not a slashing protection interchange file (EIP-3076): {0}")]
    Malformed(String),
    /// The interchange file has another format version.
    #[error("interchange format version {found:?} is not supported: export the history in version 5")]
    UnsupportedVersion {
        /// The version the file declares.
        found: String,
    },
    /// The interchange file is of another network.
    #[error(
        "the interchange file is of another network: its genesis_validators_root is {found}, this ledger's is {expected}"
    )]
    WrongNetwork {
        /// This ledger's genesis validators root.
        expected: Root,
        /// The file's genesis validators root.
        found: Root,
    },
}
