//! How large a consensus message may be, to be checked before any work is done for it.
//!
//! The receiver of bytes asks in this order: [`size`] before it decodes, then [`counts`] before it verifies
//! signatures or hashes values. The order of the two counts is part of the protocol.

use std::fmt;

/// The largest frame that may hold a consensus message, in bytes: 32 MiB.
pub const MAX_BYTES: usize = 32 << 20;

/// Entries a justification may have: a leader's is at most n ROUND_CHANGEs and n PREPAREs.
pub const fn max_justifications(peers: usize) -> usize {
    2 * peers
}

/// Values a message may carry: two for itself and for each entry of its justification.
pub const fn max_values(justifications: usize) -> usize {
    2 * (justifications + 1)
}

/// Checks the size of a frame, in bytes; an excess is the sender's fault.
pub const fn size(bytes: usize) -> Result<(), Excess> {
    if bytes > MAX_BYTES { Err(Excess::Bytes { have: bytes, limit: MAX_BYTES }) } else { Ok(()) }
}

/// Checks how many justifications and values a message of a cluster of `peers` has; an excess is the sender's fault.
pub const fn counts(peers: usize, justifications: usize, values: usize) -> Result<(), Excess> {
    let limit = max_justifications(peers);
    if justifications > limit {
        return Err(Excess::Justifications { have: justifications, limit });
    }
    let limit = max_values(justifications);
    if values > limit {
        return Err(Excess::Values { have: values, limit });
    }
    Ok(())
}

/// What of a message is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Its frame is too long.
    Bytes {
        /// Bytes it has.
        have: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// It has too many justifications.
    Justifications {
        /// Entries of its justification it has.
        have: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// It carries too many values.
    Values {
        /// Values it has.
        have: usize,
        /// The most that is allowed.
        limit: usize,
    },
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, have, limit) = match self {
            Excess::Bytes { have, limit } => ("bytes", have, limit),
            Excess::Justifications { have, limit } => ("justifications", have, limit),
            Excess::Values { have, limit } => ("values", have, limit),
        };
        write!(f, "the peer sent a consensus message with {have} {what}, more than {limit}")
    }
}

impl std::error::Error for Excess {}
