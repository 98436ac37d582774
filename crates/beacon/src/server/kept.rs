//! Answers that many ask for again and again: asked of the beacon node once, for all of them.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::ApiError;

/// An answer, kept for a while. Who asks while somebody else's question is under way gets the same answer.
pub(crate) struct Kept<T> {
    age_max: Duration,
    through_failures: bool,
    last: Mutex<Option<Last<T>>>,
}

struct Last<T> {
    at: Instant,
    answer: Result<T, ApiError>,
}

impl<T: Clone> Kept<T> {
    /// Kept for `age_max`.
    pub(crate) fn new(age_max: Duration) -> Kept<T> {
        Kept { age_max, through_failures: false, last: Mutex::default() }
    }

    /// Kept for `age_max`, and for as long as there is no other answer.
    pub(crate) fn through_failures(age_max: Duration) -> Kept<T> {
        Kept { through_failures: true, ..Kept::new(age_max) }
    }

    /// The kept answer, or that of `ask`. A failure is told to those who wait for it, and to nobody after them.
    pub(crate) async fn or<F>(&self, ask: impl FnOnce() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let came = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(Last { at, answer }) = &*last
            && (*at >= came || answer.is_ok() && at.elapsed() < self.age_max)
        {
            return answer.clone();
        }
        let answer = match (ask().await, &*last) {
            (Err(error), Some(Last { answer: Ok(before), .. })) if self.through_failures => {
                tracing::warn!("Answering from memory: {error}");
                Ok(before.clone())
            }
            (answer, _) => answer,
        };
        *last = Some(Last { at: Instant::now(), answer: answer.clone() });
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn failure() -> ApiError {
        ApiError::new(502, "beacon_node", "out of reach")
    }

    #[tokio::test]
    async fn who_asks_at_the_same_time_gets_the_same_answer_or_failure() {
        let kept: Kept<u32> = Kept::new(Duration::ZERO);
        let asked = Cell::new(0);
        let ask = |answer: Result<u32, ApiError>| {
            let asked = &asked;
            kept.or(move || async move {
                asked.set(asked.get() + 1);
                tokio::task::yield_now().await;
                answer
            })
        };
        let (first, second, third) = tokio::join!(ask(Err(failure())), ask(Ok(2)), ask(Ok(3)));
        assert_eq!((first, second, third, asked.get()), (Err(failure()), Err(failure()), Err(failure()), 1));
        assert_eq!(ask(Ok(4)).await, Ok(4), "a failure is not kept for those who come later");
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_its_time_and_if_wished_through_failures() {
        let kept = Kept::new(LONG);
        assert_eq!(kept.or(|| async { Ok(1) }).await, Ok(1));
        assert_eq!(kept.or(|| async { Ok(2) }).await, Ok(1));

        let brief = Kept::new(Duration::ZERO);
        assert_eq!(brief.or(|| async { Ok(1) }).await, Ok(1));
        assert_eq!(brief.or(|| async { Err(failure()) }).await, Err(failure()));

        let lasting = Kept::through_failures(Duration::ZERO);
        assert_eq!(lasting.or(|| async { Err(failure()) }).await, Err(failure()), "nothing to remember");
        assert_eq!(lasting.or(|| async { Ok(1) }).await, Ok(1));
        assert_eq!(lasting.or(|| async { Err(failure()) }).await, Ok(1));
        assert_eq!(lasting.or(|| async { Ok(2) }).await, Ok(2));
    }
}
