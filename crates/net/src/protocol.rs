//! The protocols of the cluster, one file each, and the class of work each carries.

mod consensus;
mod partials;
pub(crate) mod peer_info;
pub(crate) mod witness;

use libp2p::StreamProtocol;

use crate::limits::Limits;

pub(crate) use consensus::receive as receive_consensus;
pub(crate) use partials::receive as receive_partials;

/// A class of work. Each has its own protocol, and per peer its own queues, so that none waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Consensus messages; one way.
    Consensus,
    /// Partial signatures; one way.
    Partials,
    /// Versions, names and clocks; request and response.
    PeerInfo,
    /// Hellos and testimonies between Phalanx nodes; request and response.
    Witness,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 4] = [Class::Consensus, Class::Partials, Class::PeerInfo, Class::Witness];

    /// The protocol's name on the wire (charon-wire 2.3); the last is our own.
    pub const fn id(self) -> &'static str {
        match self {
            Class::Consensus => "/charon/consensus/qbft/2.0.0",
            Class::Partials => "/charon/parsigex/2.0.0",
            Class::PeerInfo => "/charon/peerinfo/2.0.0",
            Class::Witness => "/phalanx/witness/1.0.0",
        }
    }

    /// The name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Consensus => "consensus",
            Class::Partials => "parsigex",
            Class::PeerInfo => "peerinfo",
            Class::Witness => "witness",
        }
    }

    pub(crate) const fn protocol(self) -> StreamProtocol {
        StreamProtocol::new(self.id())
    }

    pub(crate) fn of(protocol: &StreamProtocol) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.id() == protocol.as_ref())
    }

    /// The largest frame, in bytes.
    pub(crate) const fn frame_limit(self, limits: &Limits) -> usize {
        match self {
            Class::Consensus => limits.consensus_frame,
            Class::Partials => limits.partials_frame,
            Class::PeerInfo => limits.peer_info_frame,
            Class::Witness => limits.witness_frame,
        }
    }
}
