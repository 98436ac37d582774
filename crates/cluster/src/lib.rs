//! Cluster files: definition, lock, hashes, signatures and node identity.

mod keys;

pub use keys::{GroupKey, ShareKey};
