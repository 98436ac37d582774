//! Every limit of the network in one place.

use std::time::Duration;

use crate::error::Error;

/// How much of everything a peer may have, and how long things may take.
///
/// The bounds are per peer, so that a peer that floods or stalls only hurts itself. The memory one hostile peer can
/// hold is `connections_per_peer × 512 streams × 256 KiB` in the multiplexer plus `bytes_per_peer` in frames.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of one peer; the oldest is closed when one more comes.
    pub connections_per_peer: usize,
    /// Inbound connections that have not proved who they are yet, over all strangers.
    pub pending_connections: u32,
    /// Inbound streams per connection that are negotiating or waiting for a place.
    pub negotiating_streams: usize,
    /// Inbound streams of one peer that are being read or verified.
    pub streams_per_peer: usize,
    /// Bytes of inbound frames of one peer that are being read or verified. At least the largest frame.
    pub bytes_per_peer: usize,
    /// The largest consensus frame, in bytes (charon-wire 2.4).
    pub consensus_frame: usize,
    /// The largest frame of partial signatures, in bytes.
    pub partials_frame: usize,
    /// The largest peer information frame, in bytes (charon-wire 2.4).
    pub peer_info_frame: usize,
    /// The largest hello or testimony, in bytes: a validator's mark has about 70.
    pub witness_frame: usize,
    /// How long an inbound stream may take, from its opening to its last byte.
    pub receive_deadline: Duration,
    /// How long sending one message may take, with its stream's opening and closing.
    pub send_deadline: Duration,
    /// Messages that wait to be sent, per peer and class of work; what expires first gives way. A client may hand in
    /// each selection and each exit of a large cluster alone.
    pub outbox_messages: usize,
    /// Bytes that wait to be sent, per peer and class of work; what expires first gives way.
    pub outbox_bytes: usize,
    /// Messages being sent at once, per peer and class of work.
    pub parallel_sends: usize,
    /// Messages per second of one peer and class that are handled in the long run; 64 KiB count as one more.
    pub messages_per_second: u32,
    /// Messages of one peer and class that are handled at once before the rate applies.
    pub burst: u32,
    /// Decoded messages that wait for the node, per peer and class of work; a full box holds its peer back.
    pub inbox_messages: usize,
    /// The pause before the first redial; it doubles with each failure.
    pub redial_first: Duration,
    /// The longest pause between redials.
    pub redial_cap: Duration,
    /// A connection that comes while the peer's other ones are older than this means that the peer has come again: it
    /// would not have dialled if it had them. Younger ones are both sides' simultaneous dials.
    pub same_session: Duration,
    /// How long one dial may take, with the security handshake.
    pub dial_deadline: Duration,
    /// The pause between pings on a connection.
    pub ping_interval: Duration,
    /// How long a ping may take.
    pub ping_timeout: Duration,
    /// Failed pings in a row that end a connection; the very first of them is not counted.
    pub ping_failures: u32,
    /// The pause between requests for peer information (charon-wire 2.7).
    pub peer_info_interval: Duration,
    /// Dial addresses kept per peer.
    pub addresses_per_peer: usize,
}

impl Limits {
    /// Whether the limits fit together; with limits that do not, a host would wait for ever.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let frames = [self.consensus_frame, self.partials_frame, self.peer_info_frame, self.witness_frame];
        let largest = frames.into_iter().fold(0, usize::max);
        let counts = [self.connections_per_peer, self.negotiating_streams, self.streams_per_peer];
        let counts =
            [&counts[..], &[self.outbox_messages, self.parallel_sends, self.inbox_messages]].concat();
        if largest >= self.bytes_per_peer {
            Err(Error::Limits("bytes_per_peer must exceed the largest frame"))
        } else if counts.contains(&0) {
            Err(Error::Limits("no count may be zero"))
        } else {
            Ok(())
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        const MIB: usize = 1 << 20;
        Limits {
            connections_per_peer: 4,
            pending_connections: 256,
            negotiating_streams: 128,
            streams_per_peer: 128,
            bytes_per_peer: 64 * MIB,
            consensus_frame: 32 * MIB,
            partials_frame: 32 * MIB,
            peer_info_frame: MIB,
            witness_frame: 4 * MIB,
            receive_deadline: Duration::from_secs(5),
            send_deadline: Duration::from_secs(7),
            outbox_messages: 16_384,
            outbox_bytes: 128 * MIB,
            parallel_sends: 64,
            messages_per_second: 200,
            burst: 1000,
            inbox_messages: 64,
            redial_first: Duration::from_millis(250),
            redial_cap: Duration::from_secs(5),
            same_session: Duration::from_secs(5),
            dial_deadline: Duration::from_secs(10),
            ping_interval: Duration::from_secs(1),
            ping_timeout: Duration::from_secs(4),
            ping_failures: 2,
            peer_info_interval: Duration::from_secs(60),
            addresses_per_peer: 16,
        }
    }
}
