//! Quorum, faults and threshold: the only place where they are computed.

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

#[cfg(test)]
mod tests {
    use super::*;

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
