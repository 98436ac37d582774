//! Why a node does not start: who or what is wrong, and what to do.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {what} {}: {cause}. {remedy}", path.display())]
    Read {
        /// What the file is.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {cause}. Nothing was left behind; check free space and permissions", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The validator API cannot speak TLS.
    #[error("{0}")]
    Tls(#[from] beacon::server::TlsError),
    /// A directory that must be free is not.
    #[error("{} exists and is not empty: existing keys are never overwritten. Name another directory", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A file is not what it should be.
    #[error("{what} {} is not valid: {why}", path.display())]
    Invalid {
        /// What the file is.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The key is of no operator of the lock.
    #[error(
        "the private key {} belongs to no operator of the cluster lock {}: use the key and the lock that were made \
         together ({why})", key.display(), lock.display()
    )]
    ForeignKey {
        /// The key file.
        key: PathBuf,
        /// The lock file.
        lock: PathBuf,
        /// The lock's word.
        why: String,
    },
    /// The cluster could sign two conflicting messages.
    #[error(
        "the lock's threshold {threshold} is below the quorum {quorum} of {operators} operators: an equivocating \
         operator could complete two conflicting signatures. Create the cluster with a threshold of {quorum}"
    )]
    UnsafeThreshold {
        /// The lock's threshold.
        threshold: usize,
        /// What it should be at least.
        quorum: usize,
        /// How many operators there are.
        operators: usize,
    },
    /// A setting makes no sense.
    #[error("{flag}: {why}")]
    Setting {
        /// The flag.
        flag: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The beacon node is of another network.
    #[error(
        "the beacon node follows {theirs}, but the cluster lock is for {ours}: point --beacon-node-endpoints at a \
         beacon node of the lock's network"
    )]
    WrongNetwork {
        /// The lock's network.
        ours: String,
        /// The beacon node's network.
        theirs: String,
    },
    /// The beacon node cannot be asked.
    #[error("{0}")]
    Beacon(#[from] beacon::Error),
    /// There is no ledger and nothing that says that none is needed.
    #[error(
        "there is no slashing ledger at {}. If these validators have signed before, restore it, or run `phalanx \
         slashing import` with their EIP-3076 history. If they never signed anything, run `phalanx slashing init \
         --no-signing-history`. A node never starts without knowing which",
        path.display()
    )]
    NoLedger {
        /// Where it should be.
        path: PathBuf,
    },
    /// A validator whose history nobody told.
    #[error(
        "nothing is known of what validator {key} has signed, neither in the slashing ledger {} nor in a declared \
         history. If it has signed before, run `phalanx slashing import` with the EIP-3076 history of all validators. \
         Only if it never signed anything, run `phalanx slashing init --no-signing-history`",
        path.display()
    )]
    NoHistory {
        /// The ledger.
        path: PathBuf,
        /// The validator.
        key: cluster::GroupKey,
    },
    /// The declared history was taken in but still looks as if it was not.
    #[error(
        "the signing history {} is in the slashing ledger, but cannot be renamed: {cause}. Make its directory writable",
        path.display()
    )]
    Marking {
        /// The declared history.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A cluster was being written when the operator stopped it.
    #[error("stopped while writing {}. Nothing was left behind", path.display())]
    Stopped {
        /// The directory.
        path: PathBuf,
    },
    /// What a killed run left.
    #[error(
        "{} was left by a run that was killed; it may hold secret keys. Delete it, then run this again",
        path.display()
    )]
    Leftover {
        /// The draft directory.
        path: PathBuf,
    },
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] signer::Error),
    /// The ledger cannot be read or written.
    #[error("slashing ledger {}: {cause}", path.display())]
    LedgerRules {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        cause: slashing::Error,
    },
    /// A port is taken or an address is not ours.
    #[error(
        "cannot listen on {address} for {what}: {cause}. Choose another address with {flag}, or stop what uses it"
    )]
    Listen {
        /// For what.
        what: &'static str,
        /// The flag that sets it.
        flag: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The network between nodes cannot start.
    #[error("the network between nodes cannot start: {0}")]
    Network(#[from] net::Error),
}
