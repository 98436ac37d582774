//! Whose share a partial signature may be: only its sender's own.
//!
//! A peer that could deliver others' partial signatures could replay them with altered unsigned fields and starve the
//! duty (faults-and-limits Z3), so every set is bound to the share of the peer that delivers it.

use std::collections::BTreeMap;

use bls::ShareIndex;
use qbft::PeerIndex;

/// Which share each peer holds. Shares need not be consecutive: an operator may have been removed.
#[derive(Clone, Debug)]
pub struct ShareMap<P>(BTreeMap<P, ShareIndex>);

/// Why a sender and a share do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindFault {
    /// A participant has no share, or one that is no share number: its signatures would all be lost.
    #[error("a participant has no share index")]
    MissingShare,
    /// The sender takes no part.
    #[error("the sender is not a participant")]
    UnknownPeer,
    /// The share is not the sender's.
    #[error("share {claimed} is not the sender's")]
    ForeignShare {
        /// The share index in the message.
        claimed: i64,
    },
}

impl<P: Ord + Copy> ShareMap<P> {
    /// The shares of `peers`; numbers of others are ignored.
    ///
    /// # Errors
    /// [`BindFault::MissingShare`]: a peer without a number from 1 to 255.
    pub fn new(
        peers: impl IntoIterator<Item = P>,
        numbers: &BTreeMap<P, i64>,
    ) -> Result<ShareMap<P>, BindFault> {
        let share = |peer: P| {
            let number = numbers.get(&peer).and_then(|number| u8::try_from(*number).ok());
            let share = number.and_then(ShareIndex::new).ok_or(BindFault::MissingShare)?;
            Ok((peer, share))
        };
        peers.into_iter().map(share).collect::<Result<_, _>>().map(ShareMap)
    }

    /// The share that `sender` claims, if it is its own.
    ///
    /// # Errors
    /// [`BindFault::UnknownPeer`] and [`BindFault::ForeignShare`]; the sender is at fault.
    pub fn bind_sender(&self, sender: P, claimed: i64) -> Result<ShareIndex, BindFault> {
        let own = self.0.get(&sender).ok_or(BindFault::UnknownPeer)?;
        if i64::from(own.number()) == claimed { Ok(*own) } else { Err(BindFault::ForeignShare { claimed }) }
    }
}

impl ShareMap<PeerIndex> {
    /// The shares of a cluster's `peers`: position plus one (charon-wire 1.1).
    pub fn by_position(peers: usize) -> ShareMap<PeerIndex> {
        let shares = (0..u8::MAX).take(peers).filter_map(|position| {
            let share = ShareIndex::new(position + 1)?;
            Some((PeerIndex(position), share))
        });
        ShareMap(shares.collect())
    }
}
