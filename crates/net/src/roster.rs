//! Who is who: positions, keys, libp2p identities and names of the cluster's peers.

use std::collections::BTreeMap;

use cluster::{NodeKey, NodePublicKey};
use libp2p::PeerId;
use libp2p::identity::{Keypair, PublicKey, secp256k1};
use qbft::PeerIndex;

use crate::Error;
use crate::config::Config;
use crate::peer_name::peer_names;

/// The peers of a cluster, ourselves included.
#[derive(Debug)]
pub(crate) struct Roster {
    me: PeerIndex,
    ids: Vec<PeerId>,
    names: Vec<String>,
    indices: BTreeMap<PeerId, PeerIndex>,
}

impl Roster {
    pub(crate) fn new(config: &Config) -> Result<Roster, Error> {
        let mut ids = Vec::new();
        let mut indices = BTreeMap::new();
        for (position, peer) in config.peers.iter().enumerate() {
            if usize::from(peer.index.0) != position {
                return Err(Error::PeerOrder { expected: position, found: peer.index });
            }
            let id = peer_id(&peer.public_key);
            if let Some(other) = indices.insert(id, peer.index) {
                return Err(Error::SameKey(other, peer.index));
            }
            ids.push(id);
        }
        let mine = peer_id(&config.key.public_key());
        if indices.get(&mine) != Some(&config.me) {
            return Err(Error::ForeignKey(config.me));
        }
        let names = peer_names(&ids);
        Ok(Roster { me: config.me, ids, names, indices })
    }

    /// Everybody but ourselves.
    pub(crate) fn others(&self) -> impl Iterator<Item = PeerIndex> + '_ {
        let all = (0..=u8::MAX).zip(&self.ids).map(|(index, _)| PeerIndex(index));
        all.filter(|index| *index != self.me)
    }

    pub(crate) fn id(&self, peer: PeerIndex) -> Option<PeerId> {
        self.ids.get(usize::from(peer.0)).copied()
    }

    pub(crate) fn index(&self, id: &PeerId) -> Option<PeerIndex> {
        self.indices.get(id).copied()
    }

    /// The name of a peer; empty for a position outside the cluster.
    pub(crate) fn name(&self, peer: PeerIndex) -> &str {
        self.names.get(usize::from(peer.0)).map_or("", String::as_str)
    }
}

/// The libp2p identity of a node key (charon-wire 2.1).
pub fn peer_id(key: &NodePublicKey) -> PeerId {
    let key = secp256k1::PublicKey::try_from_bytes(&key.to_bytes())
        .expect("a node public key is a point of the curve");
    PublicKey::from(key).to_peer_id()
}

/// The libp2p key pair of a node key.
pub(crate) fn key_pair(key: &NodeKey) -> Keypair {
    let mut bytes = key.to_bytes();
    let secret = secp256k1::SecretKey::try_from_bytes(bytes.as_mut_slice())
        .expect("a node key is in the curve's range");
    secp256k1::Keypair::from(secret).into()
}
