//! What a host is told when it starts.

use std::net::SocketAddr;
use std::sync::Arc;

use cluster::{NodeKey, NodePublicKey};
use eth::Spec;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use qbft::PeerIndex;

use crate::limits::Limits;

/// All that a host needs to know.
pub struct Config {
    /// The node's key; its libp2p identity and what it signs consensus messages with.
    pub key: NodeKey,
    /// Our own position.
    pub me: PeerIndex,
    /// Every operator of the cluster, ourselves included, in the order of the lock.
    pub peers: Vec<PeerConfig>,
    /// Where to listen; port 0 lets the system choose. Empty: outgoing connections only.
    pub listen: Vec<Multiaddr>,
    /// Addresses under which others reach us, told to peers. Relays will join here.
    pub external: Vec<Multiaddr>,
    /// The cluster's lock hash, shown to peers.
    pub lock_hash: [u8; 32],
    /// The chain, whose forks and sizes decide encodings.
    pub spec: Arc<Spec>,
    /// Limits; the default suits every cluster.
    pub limits: Limits,
    /// What we tell about ourselves.
    pub about: About,
}

/// One operator of the cluster.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// Its position.
    pub index: PeerIndex,
    /// Its key.
    pub public_key: NodePublicKey,
    /// Where it may be reached: from configuration, and from its ENR where that has an address.
    pub addresses: Vec<Multiaddr>,
}

/// What a node tells its peers about itself.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The version of this program, without `v`.
    pub version: String,
    /// The commit it was built from: 7 hex digits. Anything else is told as `unknown`.
    pub git_hash: String,
    /// The operator's name for this node; may be empty.
    pub nickname: String,
    /// Whether blocks from builders are wanted.
    pub builder_api: bool,
}

/// The multiaddr of a TCP socket.
pub fn tcp_address(socket: SocketAddr) -> Multiaddr {
    Multiaddr::from(socket.ip()).with(Protocol::Tcp(socket.port()))
}
