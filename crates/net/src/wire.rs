//! Between the bytes of the wire and the types of the brain.
//!
//! What peers sign or agree on is hashed over exact bytes, so nothing here ever rebuilds a peer's signed message from
//! its fields: the received bytes are kept, and are refused unless they are the one encoding that Go's deterministic
//! protobuf would have produced.

mod any;
mod consensus;
mod fields;
mod json;
mod partials;
mod peer_info;
mod recent;
mod reject;
mod sender;
mod subcommittee;
mod values;
mod versioned;
mod witness;

/// The messages of `proto/`, compiled.
#[allow(missing_docs, unreachable_pub, clippy::doc_markdown)]
pub(crate) mod proto {
    include!(concat!(env!("OUT_DIR"), "/phalanx.wire.rs"));
}

use std::sync::{Arc, Mutex};

use cluster::NodePublicKey;
use eth::Spec;

pub use any::string_any;
#[cfg(feature = "fuzzing")]
pub(crate) use consensus::envelope;
pub use consensus::{duty_encoding, encode as encode_consensus, sign};
pub use partials::DecodedPartials;
pub use peer_info::PeerInfo;
pub use reject::Reject;
pub use sender::{BindFault, ShareMap};
pub use values::{encode_set, hash as hash_encoding, value};
pub use witness::{decode_hello, decode_testimony, encode_hello, encode_testimony};

/// Encodes and decodes the messages of one cluster on one chain.
///
/// It remembers what it has verified lately, since a message comes back in justifications and a value in every
/// message that names it.
pub struct Codec {
    peers: Vec<NodePublicKey>,
    shares: ShareMap<qbft::PeerIndex>,
    spec: Arc<Spec>,
    recent: Mutex<recent::Recent>,
}

impl Codec {
    /// A codec for the cluster with these node keys, in the order of the lock.
    pub fn new(peers: Vec<NodePublicKey>, spec: Arc<Spec>) -> Codec {
        let shares = ShareMap::by_position(peers.len());
        Codec { peers, shares, spec, recent: Mutex::default() }
    }
}
