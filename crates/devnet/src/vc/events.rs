//! Listening for heads.

use std::sync::Arc;

use eth::Slot;
use serde::Deserialize;

use super::api::Failure;
use super::{PAUSE, Session};

/// Bytes of an event at most.
const EVENT_BYTES: usize = 64 << 10;

/// Listens for ever; a stream that ends is opened again.
pub(super) async fn follow(session: Arc<Session>) {
    loop {
        if let Err(why) = listen(&session).await {
            tracing::debug!(topic = "vc", %why, "the events ended");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(session: &Session) -> Result<(), Failure> {
    let mut response = session.client.api.stream("eth/v1/events?topics=head").await?;
    let mut buffer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if buffer.len() + chunk.len() > EVENT_BYTES {
            return Err(Failure::Answer(format!("an event is longer than {EVENT_BYTES} bytes")));
        }
        buffer.extend(chunk.iter().filter(|byte| **byte != b'\r'));
        while let Some(end) = buffer.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = buffer.drain(..end + 2).collect();
            if let Some(slot) = head_slot(&event) {
                session.client.heads.send_if_modified(|head| {
                    let is_later = slot > *head;
                    *head = slot.max(*head);
                    is_later
                });
            }
        }
    }
    Ok(())
}

/// The slot of a head event; other events and comments have none.
fn head_slot(event: &[u8]) -> Option<Slot> {
    #[derive(Deserialize)]
    struct Head {
        slot: Slot,
    }
    let text = std::str::from_utf8(event).ok()?;
    let field = |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start()));
    let is_head = field("event:") == Some("head");
    let head: Head = serde_json::from_str(field("data:")?).ok()?;
    is_head.then_some(head.slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_heads_are_heard() {
        assert_eq!(head_slot(b"event: head\ndata: {\"slot\":\"7\",\"block\":\"0x\"}\n\n"), Some(Slot(7)));
        assert_eq!(head_slot(b"event:head\ndata:{\"slot\":\"8\"}\n\n"), Some(Slot(8)));
        assert_eq!(head_slot(b"event: block\ndata: {\"slot\":\"7\"}\n\n"), None);
        assert_eq!(head_slot(b": keep alive\n\n"), None);
        assert_eq!(head_slot(b"event: head\ndata: nonsense\n\n"), None);
        assert_eq!(head_slot(b"\xFF\xFE\n\n"), None);
    }
}
