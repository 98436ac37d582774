//! Why a host cannot start or send. A peer's misbehaviour is no error but a [`Fault`](crate::Why).

use libp2p::Multiaddr;
use qbft::PeerIndex;

/// What keeps the network from working. The operator or the machine is at fault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The peers are not numbered 0, 1, 2, … in order, or too many.
    #[error(
        "the peers must be numbered from 0 without gaps, at most 256: peer {found} stands at position {expected}"
    )]
    PeerOrder {
        /// The position in the list.
        expected: usize,
        /// The number it has.
        found: PeerIndex,
    },
    /// Two peers have the same key.
    #[error("peers {0} and {1} have the same node key; each operator needs its own")]
    SameKey(PeerIndex, PeerIndex),
    /// The node's key is not the one the cluster has for it.
    #[error(
        "the node key is not that of peer {0} in the cluster lock; use the key the cluster was created with"
    )]
    ForeignKey(PeerIndex),
    /// The limits contradict each other.
    #[error("limits: {0}")]
    Limits(&'static str),
    /// Another program listens there.
    #[error("cannot listen on {address}: the port is in use; stop the other program or choose another port")]
    PortInUse {
        /// The address.
        address: Multiaddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: Multiaddr,
        /// What the system says.
        reason: String,
    },
    /// The secure transport could not be set up.
    #[error("cannot set up the secure transport: {0}")]
    Transport(String),
}
