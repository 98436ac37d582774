//! The number of a share.

use std::fmt;
use std::num::NonZeroU8;

/// A share's x-coordinate, from 1. By convention of the cluster files it is the operator's position plus one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareIndex(NonZeroU8);

impl ShareIndex {
    /// The share of that number, if it is not zero.
    pub const fn new(number: u8) -> Option<ShareIndex> {
        match NonZeroU8::new(number) {
            Some(number) => Some(ShareIndex(number)),
            None => None,
        }
    }

    /// The number, from 1.
    pub const fn number(self) -> u8 {
        self.0.get()
    }
}

impl fmt::Display for ShareIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
