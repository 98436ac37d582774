//! What can go wrong with a devnet.

use std::net::SocketAddr;
use std::path::PathBuf;

/// What can go wrong with a devnet.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options contradict each other or ask for what cannot be; the caller has to change them.
    #[error("{0}")]
    Options(String),
    /// The Beacon API's address cannot be used.
    #[error("cannot listen on {address} for the embedded chain: {why}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// A file or directory of the devnet cannot be used.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        why: std::io::Error,
    },
}
