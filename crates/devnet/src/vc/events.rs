//! Listening for heads.

use std::sync::Arc;

use eth::{Root, Slot};
use serde::Deserialize;

use super::api::Failure;
use super::{PAUSE, Session};

/// Bytes of an event at most.
const EVENT_BYTES: usize = 64 << 10;

/// A head of the chain, as the node's events tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Head {
    pub(super) slot: Slot,
    block: Root,
    /// What the duties of the slot's epoch depend on; zero where the node does not tell.
    #[serde(default)]
    pub(super) previous_duty_dependent_root: Root,
    /// What the duties of the next epoch depend on; zero where the node does not tell.
    #[serde(default)]
    pub(super) current_duty_dependent_root: Root,
}

/// The slot's block as soon as it is heard to be the head; none if that has not happened `due_ns` into the slot.
pub(super) async fn head_of(session: &Session, slot: Slot, due_ns: i64) -> Option<Root> {
    let mut heads = session.client.heads.subscribe();
    tokio::select! {
        // The sender lives as long as the session.
        heard = heads.wait_for(|head| head.slot >= slot && slot > Slot(0)) => {
            heard.ok().filter(|head| head.slot == slot).map(|head| head.block)
        }
        () = session.clock.until(session.spec.slot_start_ns(slot) + due_ns) => None,
    }
}

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
            // A head may also go back: then another branch leads.
            session.client.heads.send_if_modified(|head| {
                head_in(&event).is_some_and(|told| std::mem::replace(head, told) != told)
            });
        }
    }
    Ok(())
}

/// The head that an event tells of; other events and comments tell of none.
fn head_in(event: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(event).ok()?;
    let field = |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start()));
    let is_head = field("event:") == Some("head");
    let head = serde_json::from_str(field("data:")?).ok()?;
    is_head.then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_heads_are_heard() {
        let block = Root([0xAB; 32]);
        let event = |event: &str, slot: u64| {
            format!("event:{event}\ndata:{{\"slot\":\"{slot}\",\"block\":\"{block}\",\"state\":\"0x\"}}\n\n")
        };
        let head = |slot| Some(Head { slot: Slot(slot), block, ..Head::default() });
        assert_eq!(head_in(event("head", 8).as_bytes()), head(8));
        assert_eq!(head_in(event(" head", 7).replace("data:", "data: ").as_bytes()), head(7));
        let roots = r#""previous_duty_dependent_root":"ROOT","current_duty_dependent_root":"ROOT","state""#;
        let dependent = event("head", 9).replace("\"state\"", &roots.replace("ROOT", &block.to_string()));
        let (previous_duty_dependent_root, current_duty_dependent_root) = (block, block);
        let expected =
            Head { slot: Slot(9), block, previous_duty_dependent_root, current_duty_dependent_root };
        assert_eq!(head_in(dependent.as_bytes()), Some(expected));
        assert_eq!(head_in(event("block", 7).as_bytes()), None);
        assert_eq!(head_in(b": keep alive\n\n"), None);
        assert_eq!(head_in(b"event: head\ndata: nonsense\n\n"), None);
        assert_eq!(head_in(b"\xFF\xFE\n\n"), None);
    }
}
