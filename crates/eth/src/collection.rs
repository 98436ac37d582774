//! Collections with the limits of the specification in their types: SSZ, JSON of the Beacon API, hash tree roots.
//! Decoding checks the limit before it allocates.

mod bits;
mod bytes;
mod list;
mod vector;

pub use bits::{Bitlist, Bitvector};
pub use bytes::{ByteList, ByteVector};
pub use list::List;
pub use vector::Vector;

/// More items than a collection may hold, or not as many as it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} items where the specification has {limit}")]
pub struct WrongLength {
    /// The limit, or the exact number.
    pub limit: usize,
    /// How many there were.
    pub found: usize,
}
