//! What waits to be sent to one peer in one class of work: bounded, and nothing outlives its use.
//!
//! What expires first goes first. An attestation's signatures then never wait behind selections for two epochs, nor
//! these behind a thousand exits, which never expire; and an absent peer's room is kept for what it can still use.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::frame::Frame;

/// A message that is worth sending until it expires.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) frame: Frame,
    pub(crate) expires: Instant,
}

/// How many messages were dropped, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Their time had passed.
    pub(crate) expired: u64,
    /// Others needed the room.
    pub(crate) overflowed: u64,
}

/// The queue of one peer and class.
pub(crate) struct Outbox {
    limit: Limit,
    queue: Mutex<Queue>,
    arrived: Notify,
}

struct Limit {
    messages: usize,
    bytes: usize,
}

#[derive(Default)]
struct Queue {
    /// By expiry, then in the order they came.
    parcels: BTreeMap<(Instant, u64), Frame>,
    /// Numbers what comes.
    next: u64,
    bytes: usize,
}

impl Outbox {
    pub(crate) fn new(messages: usize, bytes: usize) -> Outbox {
        let limit = Limit { messages, bytes };
        Outbox { limit, queue: Mutex::default(), arrived: Notify::new() }
    }

    /// Adds a message. When there is no room, what expires first gives way: it is of the least use to a peer that has
    /// been away for so long.
    pub(crate) fn push(&self, parcel: Parcel, now: Instant) -> Dropped {
        let mut queue = self.queue.lock().expect("no holder panics");
        let mut dropped = Dropped::default();
        queue.push(parcel);
        if queue.exceeds(&self.limit) {
            dropped.expired = queue.drop_expired(now);
        }
        while queue.exceeds(&self.limit) && queue.pop().is_some() {
            dropped.overflowed += 1;
        }
        drop(queue);
        self.arrived.notify_one();
        dropped
    }

    /// The message that expires next, and how many had expired.
    pub(crate) fn pop(&self, now: Instant) -> (Option<Parcel>, u64) {
        let mut queue = self.queue.lock().expect("no holder panics");
        let expired = queue.drop_expired(now);
        (queue.pop(), expired)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.lock().expect("no holder panics").parcels.is_empty()
    }

    /// Waits until something has been added since the last wait.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }
}

impl Queue {
    fn exceeds(&self, limit: &Limit) -> bool {
        self.parcels.len() > limit.messages || self.bytes > limit.bytes
    }

    fn push(&mut self, Parcel { frame, expires }: Parcel) {
        self.bytes += frame.len();
        self.parcels.insert((expires, self.next), frame);
        self.next += 1;
    }

    fn pop(&mut self) -> Option<Parcel> {
        let ((expires, _), frame) = self.parcels.pop_first()?;
        self.bytes -= frame.len();
        Some(Parcel { frame, expires })
    }

    fn drop_expired(&mut self, now: Instant) -> u64 {
        let mut dropped = 0;
        while self.parcels.first_key_value().is_some_and(|((expires, _), _)| *expires <= now) {
            self.pop();
            dropped += 1;
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parcel(byte: u8, expires: Instant) -> Parcel {
        Parcel { frame: Frame::new(&[byte; 9]), expires }
    }

    fn first_byte(popped: Option<Parcel>) -> u8 {
        let mut written = Vec::new();
        let parcel = popped.expect("the queue holds a message");
        futures::executor::block_on(parcel.frame.write(&mut written)).expect("a vector takes all");
        written[1]
    }

    #[test]
    fn expired_messages_are_never_sent() {
        let outbox = Outbox::new(8, 1024);
        let now = Instant::now();
        outbox.push(parcel(1, now + Duration::from_secs(1)), now);
        outbox.push(parcel(2, now + Duration::from_secs(3)), now);
        let (popped, expired) = outbox.pop(now + Duration::from_secs(2));
        assert_eq!((first_byte(popped), expired), (2, 1));
        assert_eq!(outbox.pop(now).1, 0);
    }

    #[test]
    fn the_oldest_gives_way_to_the_newest() {
        let outbox = Outbox::new(2, 1024);
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        assert_eq!(outbox.push(parcel(1, later), now), Dropped::default());
        assert_eq!(outbox.push(parcel(2, later), now), Dropped::default());
        assert_eq!(outbox.push(parcel(3, later), now), Dropped { expired: 0, overflowed: 1 });
        assert_eq!(first_byte(outbox.pop(now).0), 2);
        assert_eq!(first_byte(outbox.pop(now).0), 3);
        assert!(outbox.pop(now).0.is_none());
    }

    #[test]
    fn what_expires_first_goes_first() {
        let outbox = Outbox::new(8, 1024);
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        // An exit, a selection, an attestation and a reveal of randomness, and once more.
        for (byte, seconds) in (0..).zip([9_000_000_000, 800, 400, 5, 9_000_000_000, 800, 400, 5]) {
            outbox.push(parcel(byte, after(seconds)), now);
        }
        let order: Vec<_> = (0..8).map(|_| first_byte(outbox.pop(now).0)).collect();
        assert_eq!(order, [3, 7, 2, 6, 1, 5, 0, 4]);
    }

    #[test]
    fn what_never_expires_outlasts_the_rest_while_a_peer_is_away() {
        let outbox = Outbox::new(3, 1024);
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        outbox.push(parcel(0, after(9_000_000_000)), now);
        for second in 1..=100 {
            outbox.push(parcel(second, after(u64::from(second) * 12)), now);
        }
        let order: Vec<_> = (0..3).map(|_| first_byte(outbox.pop(now).0)).collect();
        assert_eq!(order, [99, 100, 0]);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let outbox = Outbox::new(100, 25);
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let overflowed: u64 = (0..5).map(|byte| outbox.push(parcel(byte, later), now).overflowed).sum();
        assert_eq!(overflowed, 3, "two frames of ten bytes fit");
        assert_eq!(first_byte(outbox.pop(now).0), 3);
    }

    #[test]
    fn the_expired_give_way_first() {
        let outbox = Outbox::new(2, 1024);
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        outbox.push(parcel(1, later), now);
        outbox.push(parcel(2, now), now);
        assert_eq!(outbox.push(parcel(3, later), now), Dropped { expired: 1, overflowed: 0 });
        assert_eq!(first_byte(outbox.pop(now).0), 1);
    }
}
