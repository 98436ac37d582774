//! Quorum, faults and threshold: the only place where they are computed.

use crate::PeerIndex;

/// Messages from distinct peers that make a quorum among `peers`: ⌈2n/3⌉.
pub const fn quorum(peers: usize) -> usize {
    (2 * peers).div_ceil(3)
}

/// Peers that may crash or lie among `peers`: ⌊(n−1)/3⌋.
pub const fn faults(peers: usize) -> usize {
    peers.saturating_sub(1) / 3
}

/// The smallest signature threshold that is safe among `peers`.
///
/// Two sets of signers of this size share an honest node, which signs only one of two conflicting messages; with a
/// smaller threshold an equivocating peer could complete both.
pub const fn minimum_threshold(peers: usize) -> usize {
    quorum(peers)
}

/// Distinct peers: whoever is counted for a quorum is counted here, once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PeerSet([u128; 2]);

impl PeerSet {
    /// Adds `peer`; false when it was there already.
    pub(crate) fn insert(&mut self, peer: PeerIndex) -> bool {
        let word = &mut self.0[usize::from(peer.0 >> 7)];
        let bit = 1 << (peer.0 & 127);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_counts_once() {
        let mut peers = PeerSet::default();
        for index in [0, 127, 128, 255] {
            assert!(peers.insert(PeerIndex(index)));
            assert!(!peers.insert(PeerIndex(index)));
        }
    }

    #[test]
    fn two_quorums_share_an_honest_peer() {
        for peers in 4..=100 {
            assert!(2 * quorum(peers) > peers + faults(peers), "n = {peers}");
        }
    }

    #[test]
    fn common_cluster_sizes() {
        let sizes = [(4, 3, 1), (7, 5, 2), (10, 7, 3), (13, 9, 4)];
        for (peers, expected_quorum, expected_faults) in sizes {
            assert_eq!((quorum(peers), faults(peers)), (expected_quorum, expected_faults));
        }
    }
}
