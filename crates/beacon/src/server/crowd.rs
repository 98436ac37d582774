//! The open connections. When there is no room for another, the one that was idle longest gives way: connections that
//! somebody forgot, or holds open on purpose, keep no validator client out.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Who was idle for less does not give way: its request may be on the way.
const IDLE_MIN: Duration = Duration::from_secs(1);
/// Pause between two looks for one that gives way.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// All open connections.
pub(crate) struct Crowd {
    room: Arc<Semaphore>,
    guests: Mutex<Guests>,
}

#[derive(Default)]
struct Guests {
    arrived: u64,
    present: BTreeMap<u64, Arc<Guest>>,
}

/// One open connection.
pub(crate) struct Guest {
    state: Mutex<State>,
    dismissed: CancellationToken,
}

struct State {
    /// Requests whose answers are not yet written.
    requests: usize,
    idle_since: Instant,
}

/// A connection's place in the crowd, free again when dropped.
pub(crate) struct Place {
    pub(crate) guest: Arc<Guest>,
    crowd: Arc<Crowd>,
    number: u64,
    _room: OwnedSemaphorePermit,
}

/// A request being answered.
pub(crate) struct Busy(Arc<Guest>);

impl Crowd {
    /// Room for so many.
    pub(crate) fn new(connections_max: usize) -> Arc<Crowd> {
        Arc::new(Crowd { room: Arc::new(Semaphore::new(connections_max)), guests: Mutex::default() })
    }

    /// A place for a new connection, as soon as there is room for it.
    pub(crate) async fn enter(self: &Arc<Self>) -> Place {
        let mut room = self.room.clone().try_acquire_owned().ok();
        while room.is_none() {
            self.dismiss_the_idlest();
            let left = timeout(LOOK_EVERY, self.room.clone().acquire_owned()).await;
            room = left.ok().map(|room| room.expect("the semaphore is never closed"));
        }
        let state = State { requests: 0, idle_since: Instant::now() };
        let guest = Arc::new(Guest { state: Mutex::new(state), dismissed: CancellationToken::new() });
        let mut guests = locked(&self.guests);
        guests.arrived += 1;
        let number = guests.arrived;
        guests.present.insert(number, guest.clone());
        Place { guest, crowd: self.clone(), number, _room: room.expect("the loop ends with room") }
    }

    fn dismiss_the_idlest(&self) {
        let guests = locked(&self.guests);
        let idle = guests.present.values().filter_map(|guest| Some((guest.idle_since()?, guest)));
        let idlest = idle.min_by_key(|(since, _)| *since);
        if let Some((_, guest)) = idlest.filter(|(since, _)| since.elapsed() >= IDLE_MIN) {
            tracing::debug!("Validator API has no room: the connection idle longest gives way");
            guest.dismissed.cancel();
        }
    }
}

impl Guest {
    /// Marks the connection busy until the guard is dropped.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        locked(&self.state).requests += 1;
        Busy(self.clone())
    }

    /// Whether no request is being answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.idle_since().is_some()
    }

    /// Ends when the connection is to give way.
    pub(crate) async fn dismissed(&self) {
        self.dismissed.cancelled().await;
    }

    fn idle_since(&self) -> Option<Instant> {
        let state = locked(&self.state);
        (state.requests == 0).then_some(state.idle_since)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.crowd.guests).present.remove(&self.number);
    }
}

impl Busy {
    /// The body, with the connection busy until it is written.
    pub(crate) fn until_written(self, body: Body) -> Body {
        Body::new(Answer { body, _busy: self })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = locked(&self.0.state);
        state.requests -= 1;
        state.idle_since = Instant::now();
    }
}

struct Answer {
    body: Body,
    _busy: Busy,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if it had been idle for so many seconds.
    fn idle_for(place: &Place, seconds: u64) {
        let long_ago = Instant::now().checked_sub(Duration::from_secs(seconds)).expect("the clock runs");
        locked(&place.guest.state).idle_since = long_ago;
    }

    #[tokio::test]
    async fn who_was_idle_longest_gives_way_and_who_is_busy_does_not() {
        let crowd = Crowd::new(3);
        let [oldest, older, newest] = [crowd.enter().await, crowd.enter().await, crowd.enter().await];
        idle_for(&oldest, 30);
        idle_for(&older, 20);
        let busy = oldest.guest.busy();
        crowd.dismiss_the_idlest();
        let dismissed = [&oldest, &older, &newest].map(|place| place.guest.dismissed.is_cancelled());
        assert_eq!(dismissed, [false, true, false]);
        drop(busy);
        assert!(oldest.guest.is_idle());
        drop(older);
        crowd.dismiss_the_idlest();
        assert!(!oldest.guest.dismissed.is_cancelled(), "it was busy until now");
        assert!(!newest.guest.dismissed.is_cancelled(), "it only just came");
        idle_for(&newest, 2);
        crowd.dismiss_the_idlest();
        assert!(newest.guest.dismissed.is_cancelled());
    }

    #[tokio::test]
    async fn a_place_is_free_again_when_it_is_left() {
        let crowd = Crowd::new(1);
        drop(crowd.enter().await);
        let _place = crowd.enter().await;
        assert_eq!(locked(&crowd.guests).present.len(), 1);
    }
}
