//! What can go wrong with a devnet.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

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
    /// The cluster cannot be made.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The cluster's files cannot be written.
    #[error(transparent)]
    Files(#[from] node::Error),
    /// The program of the nodes cannot be started.
    #[error("cannot start {program}: {why}")]
    Spawn {
        /// Which program.
        program: PathBuf,
        /// What the operating system says.
        why: std::io::Error,
    },
    /// A node did not get ready in time, or ended at once; its log says why.
    #[error("{0}")]
    NotReady(String),
    /// The beacon node that was given does not answer, or answers what cannot be used.
    #[error("beacon node {url}: {why}")]
    BeaconNode {
        /// Where.
        url: Url,
        /// What is wrong.
        why: String,
    },
    /// A process could not be watched, or did not do what the watching needs.
    #[error("{0}")]
    Tracing(String),
    /// The run was ended before it began.
    #[error("interrupted before the first slot")]
    Interrupted,
}
