//! Partial signatures, one set per stream, one way (charon-wire 5).

use bytes::Bytes;
use qbft::PeerIndex;

use super::Class;
use crate::event::Event;
use crate::fault::Why;
use crate::receive::Reception;

/// Decodes a received set and hands on what is good of it. The signatures are verified later, where they are used.
pub(crate) async fn receive(reception: &Reception, from: PeerIndex, bytes: Bytes) -> Result<(), Why> {
    let class = Class::Partials;
    let decoded =
        reception.decode(from, class, bytes, move |codec, bytes| codec.partial_set(bytes, from)).await?;
    let decoded = decoded.map_err(|reject| Why::Message { class, reject })?;
    for (entry, reject) in decoded.refused {
        reception.fault(from, Why::Entry { class, entry, reject });
    }
    if !decoded.set.partials.is_empty() {
        reception.lanes.send(from, class, Event::Partials { from, set: decoded.set }).await;
    }
    Ok(())
}
