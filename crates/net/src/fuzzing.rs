//! Decoders that are private otherwise, opened to the fuzz targets by the feature `fuzzing`. The product never has it.

use cluster::NodeKey;
use cluster::hash::hash_bytes;
use futures::executor::block_on;
use prost::Message as _;

use crate::frame::{Budget, Frame, read};
use crate::wire::{PeerInfo, proto};

/// Reads one frame as it would arrive; what was read is written and read again.
pub fn frame(mut bytes: &[u8], limit: usize) {
    let budget = Budget::new(limit.max(1 << 16));
    let Ok(received) = block_on(read(&mut bytes, limit, &budget)) else { return };
    let message = received.bytes.to_vec();
    drop(received);
    let mut written = Vec::new();
    block_on(Frame::new(&message).write(&mut written)).expect("a vector takes all");
    let again = block_on(read(&mut written.as_slice(), limit, &budget)).expect("what we write is a frame");
    assert_eq!(again.bytes, message);
}

/// Reads what a peer tells about itself; what was understood is told and understood again.
pub fn peer_info(bytes: &[u8]) {
    let Ok(info) = PeerInfo::decode(bytes) else { return };
    let _ = (info.is_supported(), info.reads_plural_contributions());
    assert_eq!(PeerInfo::decode(&info.encode()), Ok(info));
}

/// Our own peer information, to start from.
pub fn peer_info_sample() -> Vec<u8> {
    let info = PeerInfo {
        version: "v1.10.0".to_owned(),
        lock_hash: vec![7; 32],
        sent_at_ns: 1_700_000_000_123_456_789,
        git_hash: "0123abc".to_owned(),
        started_at_ns: 1_600_000_000_000_000_000,
        builder_api: true,
        nickname: "north".to_owned(),
        client: "phalanx".to_owned(),
    };
    info.encode()
}

/// A consensus message field by field, as the wire spells it, with no regard to meaning.
#[derive(Clone, Debug)]
pub struct Words {
    /// The number of the message type.
    pub kind: i64,
    /// The slot and the number of the duty type.
    pub duty: (u64, i32),
    /// The peer that claims to have signed it.
    pub peer: i64,
    /// The round.
    pub round: i64,
    /// The round prepared last.
    pub prepared_round: i64,
    /// The hash of the value.
    pub value_hash: Vec<u8>,
    /// The hash of the value prepared last.
    pub prepared_value_hash: Vec<u8>,
}

impl Words {
    /// The message, signed by `key`.
    pub fn signed(self, key: &NodeKey) -> Vec<u8> {
        let mut message = proto::QbftMessage {
            r#type: self.kind,
            duty: Some(proto::Duty { slot: self.duty.0, r#type: self.duty.1 }),
            peer_index: self.peer,
            round: self.round,
            prepared_round: self.prepared_round,
            signature: Vec::new(),
            value_hash: self.value_hash,
            prepared_value_hash: self.prepared_value_hash,
        };
        message.signature = key.sign(&hash_bytes(&message.encode_to_vec())).to_vec();
        message.encode_to_vec()
    }
}

/// The envelope of a signed message, signed justifications, and values as they are encoded.
pub fn envelope(message: &[u8], justification: &[Vec<u8>], values: &[Vec<u8>]) -> Vec<u8> {
    crate::wire::envelope(message, justification.iter().map(Vec::as_slice), values.iter().map(Vec::as_slice))
}
