//! A proposer's contribution to the chain's randomness.

use crate::{Container, Epoch, Root};

/// What a proposer signs as its RANDAO reveal, domain [`Randao`](crate::DomainType::Randao) of the same epoch: the
/// root of the epoch's number.
pub fn epoch_root(epoch: Epoch) -> Root {
    epoch.root()
}
