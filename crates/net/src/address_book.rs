//! Where each peer may be reached.

use std::collections::BTreeMap;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use qbft::PeerIndex;

/// Configured addresses, which stay, and those a peer told of itself, which it may replace.
pub(crate) struct AddressBook {
    limit: usize,
    configured: BTreeMap<PeerIndex, Vec<Multiaddr>>,
    learned: BTreeMap<PeerIndex, Vec<Multiaddr>>,
}

impl AddressBook {
    /// At most `limit` addresses are kept per peer.
    pub(crate) fn new(limit: usize) -> AddressBook {
        AddressBook { limit, configured: BTreeMap::new(), learned: BTreeMap::new() }
    }

    /// Addresses from the configuration or the peer's ENR.
    pub(crate) fn configure(&mut self, peer: PeerIndex, addresses: &[Multiaddr]) {
        let addresses = addresses.iter().take(self.limit).map(without_identity).collect();
        self.configured.insert(peer, addresses);
    }

    /// Addresses the peer says it listens on; they replace what it said before.
    ///
    /// Only the peer itself can say so, on a connection that proved who it is, and only TCP addresses count. What is
    /// dialled there must prove the peer's identity again.
    pub(crate) fn learn(&mut self, peer: PeerIndex, addresses: &[Multiaddr]) {
        let room = self.limit.saturating_sub(self.configured.get(&peer).map_or(0, Vec::len));
        let addresses =
            addresses.iter().filter(|address| is_tcp(address)).take(room).map(without_identity).collect();
        self.learned.insert(peer, addresses);
    }

    /// The addresses to dial, each once, configured ones first.
    pub(crate) fn of(&self, peer: PeerIndex) -> Vec<Multiaddr> {
        let mut addresses: Vec<Multiaddr> = Vec::new();
        for address in
            [&self.configured, &self.learned].into_iter().filter_map(|book| book.get(&peer)).flatten()
        {
            if !addresses.contains(address) {
                addresses.push(address.clone());
            }
        }
        addresses
    }
}

fn is_tcp(address: &Multiaddr) -> bool {
    let mut parts = address.iter();
    let host = matches!(
        parts.next(),
        Some(Protocol::Ip4(_) | Protocol::Ip6(_) | Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_))
    );
    host && matches!(parts.next(), Some(Protocol::Tcp(_)))
        && matches!(parts.next(), None | Some(Protocol::P2p(_)))
}

/// The identity is known from the roster; with it at the end, equal addresses would look different.
fn without_identity(address: &Multiaddr) -> Multiaddr {
    let mut address = address.clone();
    if matches!(address.iter().last(), Some(Protocol::P2p(_))) {
        address.pop();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: PeerIndex = PeerIndex(1);

    fn address(text: &str) -> Multiaddr {
        text.parse().expect("a multiaddr")
    }

    #[test]
    fn configured_addresses_survive_what_the_peer_tells() {
        let mut book = AddressBook::new(3);
        book.configure(PEER, &[address("/ip4/10.0.0.1/tcp/3610")]);
        book.learn(PEER, &[address("/ip4/10.0.0.2/tcp/1"), address("/ip4/10.0.0.1/tcp/3610")]);
        book.learn(PEER, &[address("/ip4/10.0.0.3/tcp/2")]);
        assert_eq!(book.of(PEER), [address("/ip4/10.0.0.1/tcp/3610"), address("/ip4/10.0.0.3/tcp/2")]);
    }

    #[test]
    fn a_talkative_peer_fills_only_its_share() {
        let mut book = AddressBook::new(4);
        let many: Vec<_> = (1..100).map(|port| address(&format!("/ip4/10.0.0.1/tcp/{port}"))).collect();
        book.learn(PEER, &many);
        assert_eq!(book.of(PEER).len(), 4);
    }

    #[test]
    fn only_tcp_addresses_are_learned() {
        let mut book = AddressBook::new(4);
        let relay = "/ip4/10.0.0.1/tcp/1/ws";
        book.learn(PEER, &[address("/ip4/10.0.0.1/udp/1/quic-v1"), address(relay), address("/memory/1")]);
        assert!(book.of(PEER).is_empty());
    }
}
