//! The line of large messages to a peer: each waits for those that came before it, whichever task runs first.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes from which messages to a peer are written one after another. Side by side all of them would arrive as late as the
/// last, and a proposal is of use before the votes for it, each of which carries it once more (charon-wire 4.1).
pub(crate) const LARGE: usize = 128 << 10;

/// Whose turn it is. Clones are the same line.
#[derive(Clone)]
pub(crate) struct Line(Arc<Semaphore>);

/// A number in the line, which it leaves when dropped.
pub(crate) struct Ticket(State);

enum State {
    Waiting(Pin<Box<dyn Future<Output = OwnedSemaphorePermit> + Send>>),
    /// The permit is what the next one waits for.
    Served {
        _turn: OwnedSemaphorePermit,
    },
}

impl Line {
    pub(crate) fn new() -> Line {
        Line(Arc::new(Semaphore::new(1)))
    }

    /// The next number, for a message of that size, if it is large.
    pub(crate) fn ticket(&self, bytes: usize) -> Option<Ticket> {
        (bytes >= LARGE).then(|| self.next())
    }

    fn next(&self) -> Ticket {
        let turn = Arc::clone(&self.0).acquire_owned();
        let mut waiting = turn.map(|turn| turn.expect("the semaphore is never closed")).boxed();
        // The semaphore serves in the order in which it was first asked, which is here.
        Ticket(match (&mut waiting).now_or_never() {
            Some(turn) => State::Served { _turn: turn },
            None => State::Waiting(waiting),
        })
    }
}

impl Ticket {
    /// Waits until nobody with a lower number is left. It is their turn until they drop their tickets.
    pub(crate) async fn turn(&mut self) {
        if let State::Waiting(turn) = &mut self.0 {
            self.0 = State::Served { _turn: turn.await };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_turn(ticket: &mut Ticket) -> bool {
        ticket.turn().now_or_never().is_some()
    }

    fn tickets() -> [Ticket; 3] {
        let line = Line::new();
        [LARGE, LARGE + 1, usize::MAX].map(|bytes| line.ticket(bytes).expect("it is large"))
    }

    #[test]
    fn turns_come_by_number_whoever_asks_first() {
        let [mut first, mut second, mut third] = tickets();
        assert!(!has_turn(&mut third) && !has_turn(&mut second) && has_turn(&mut first));
        assert!(has_turn(&mut first), "as long as it likes");
        drop(first);
        assert!(!has_turn(&mut third) && has_turn(&mut second));
        drop(second);
        assert!(has_turn(&mut third));
    }

    #[test]
    fn who_leaves_before_its_turn_lets_nobody_jump_the_line() {
        let [mut first, second, mut third] = tickets();
        drop(second);
        assert!(has_turn(&mut first) && !has_turn(&mut third));
        drop(first);
        assert!(has_turn(&mut third));
    }

    #[test]
    fn small_messages_need_no_ticket() {
        assert!(Line::new().ticket(LARGE - 1).is_none());
    }
}
