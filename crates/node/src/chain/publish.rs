//! Giving complete signatures to the beacon nodes.

use std::time::Duration;

use duty::{Duty, Input, Publication, Seat};
use eth::Slot;
use tokio::time::Instant;

use super::Chain;

/// The pause after the first failed publication; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

impl Chain {
    /// Publishes until the beacon node takes it or nobody has use for it any more.
    pub(crate) async fn publish(
        self,
        duty: Duty,
        seats: Vec<Seat>,
        what: Publication,
        until: Instant,
    ) -> Input {
        let mut pause = FIRST_PAUSE;
        let is_exit = matches!(what, Publication::Exit(_));
        loop {
            match self.submit(duty.slot, &what).await {
                Ok(()) => {
                    self.count(duty, seats.len());
                    return Input::Published { duty, seats, accepted: true };
                }
                Err(beacon::Error::Rejected { failures, request }) => {
                    let refused: Vec<u64> = failures.iter().map(|failure| failure.index as u64).collect();
                    tracing::error!(topic = "bcast", %duty, request, ?failures, "the beacon node refused signatures");
                    let accepted =
                        |(index, seat): (usize, Seat)| (!refused.contains(&(index as u64))).then_some(seat);
                    let seats: Vec<_> = seats.into_iter().enumerate().filter_map(accepted).collect();
                    self.count(duty, seats.len());
                    return Input::Published { duty, seats, accepted: true };
                }
                // An exit never expires, so a refusal must end it.
                Err(error) if Instant::now() + pause < until && !(is_exit && error.is_refusal()) => {
                    tracing::warn!(topic = "bcast", %duty, %error, "not published yet; trying again");
                    tokio::time::sleep(pause).await;
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
                Err(error) => {
                    tracing::error!(topic = "bcast", %duty, %error, "not published");
                    return Input::Published { duty, seats, accepted: false };
                }
            }
        }
    }

    async fn submit(&self, slot: Slot, what: &Publication) -> Result<(), beacon::Error> {
        let client = &self.inner.client;
        let fork = || self.inner.spec.fork_at(self.inner.spec.epoch_of(slot));
        match what {
            Publication::Attestations(attestations) => client.submit_attestations(fork(), attestations).await,
            Publication::Block(block) => client.submit_block(block).await,
            Publication::Aggregates(aggregates) => client.submit_aggregates(fork(), aggregates).await,
            Publication::SyncMessages(messages) => client.submit_sync_messages(messages).await,
            Publication::Contributions(contributions) => client.submit_contributions(contributions).await,
            Publication::Exit(exit) => client.submit_exit(exit).await,
        }
    }

    fn count(&self, duty: Duty, published: usize) {
        let into_slot_ns = self.inner.clock.now().0 - self.inner.spec.slot_start_ns(duty.slot);
        self.inner.metrics.published(duty, published, into_slot_ns as f64 / 1e9);
    }
}
