//! Consensus messages, one per stream, one way (charon-wire 4).

use bytes::Bytes;
use qbft::PeerIndex;

use super::Class;
use crate::event::Event;
use crate::fault::Why;
use crate::receive::Reception;
use crate::wire::Codec;

/// Verifies a received message and hands it on.
pub(crate) async fn receive(reception: &Reception, from: PeerIndex, bytes: Bytes) -> Result<(), Why> {
    let class = Class::Consensus;
    let decoded = reception.decode(from, class, bytes, Codec::consensus_message).await?;
    let message = decoded.map_err(|reject| Why::Message { class, reject })?;
    reception.lanes.send(from, class, Event::Consensus { from, message }).await;
    Ok(())
}
