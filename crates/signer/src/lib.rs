//! Key shares and the ledger's disk.

mod error;
mod ledger_file;

pub use error::Error;
pub use ledger_file::{Owner, SqliteStore};
