//! The words of the beacon chain.

pub mod primitives;

pub use primitives::*;
