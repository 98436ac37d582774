//! What the ledger needs of a disk.

mod memory;

use cluster::GroupKey;
use eth::Root;

use crate::{Record, Watermark};

pub use memory::{Fault, MemoryStore};

/// Keeps a ledger's records. Implemented by the `signer` room on SQLite and here in memory.
///
/// A store is opened for one network and holds its exclusive lock as long as it lives.
pub trait Store {
    /// Everything kept, exactly as durable as it was before a crash could have happened.
    fn load(&mut self) -> Result<Contents, StoreError>;

    /// Makes the whole batch durable with one write and one sync.
    ///
    /// `Ok` means it survives power loss. `Err` means it may or may not have reached the disk, in whole or not at
    /// all; the ledger then grants nothing and asks this store nothing more.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// Keeps the floors and drops records that lie below their validator's: votes with a lower target and a source
    /// not higher, blocks with a lower slot. Also the moment for other upkeep. Called off the signing path. A failure
    /// closes the ledger as one of `commit` does.
    fn compact(&mut self, floors: &[(GroupKey, Watermark)]) -> Result<(), StoreError>;
}

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The network.
    pub genesis_validators_root: Root,
    /// Every validator with its floor.
    pub validators: Vec<(GroupKey, Watermark)>,
    /// Every record, in the order of their commits.
    pub records: Vec<(GroupKey, Record)>,
}

/// What one commit adds. Floors replace those kept before; the ledger never lowers one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// New validators, without records and floor.
    pub validators: Vec<GroupKey>,
    /// New floors of known validators.
    pub floors: Vec<(GroupKey, Watermark)>,
    /// New records of known validators.
    pub records: Vec<(GroupKey, Record)>,
}

impl Batch {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.validators.is_empty() && self.floors.is_empty() && self.records.is_empty()
    }
}

/// The disk failed: the environment's fault, never a peer's.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    message: String,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// An error that says what failed and what the operator can do.
    pub fn new(message: impl Into<String>) -> StoreError {
        StoreError { message: message.into(), cause: None }
    }

    /// The same, with the error below it.
    pub fn caused(
        message: impl Into<String>,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> StoreError {
        StoreError { message: message.into(), cause: Some(Box::new(cause)) }
    }
}
