//! Where the fees of blocks go: told to every beacon node, and to builders.

use std::sync::PoisonError;
use std::time::Duration;

use beacon::api::ProposerPreparation;
use cluster::GroupKey;
use eth::{Epoch, ValidatorIndex};

use super::Chain;

/// Pauses between tries, in seconds; an epoch later all are told anew, since a beacon node forgets when it starts again.
const PAUSES_S: [u64; 6] = [1, 2, 4, 8, 16, 32];

impl Chain {
    /// Tells every beacon node where the fees go, until each has acknowledged it: one that has not would pay the zero
    /// address with a block of its own.
    pub(super) async fn tell_fee_recipients(&self) {
        let Ok(_telling) = self.inner.telling.try_lock() else { return };
        let preparations = self.preparations();
        if preparations.is_empty() {
            return;
        }
        for pause_s in PAUSES_S.map(Some).into_iter().chain([None]) {
            let answers = self.inner.client.prepare_beacon_proposer(&preparations).await;
            let failed: Vec<_> =
                answers.into_iter().filter_map(|(name, result)| Some((name, result.err()?))).collect();
            self.inner.metrics.unacknowledged_fees(failed.len());
            for (endpoint, problem) in &failed {
                tracing::warn!(
                    topic = "sched",
                    endpoint,
                    %problem,
                    "this beacon node has not acknowledged the fee recipients: a block it builds would pay nobody"
                );
            }
            match pause_s {
                Some(pause_s) if !failed.is_empty() => tokio::time::sleep(Duration::from_secs(pause_s)).await,
                _ => return,
            }
        }
    }

    fn preparations(&self) -> Vec<ProposerPreparation> {
        let indices = self.inner.indices.lock().unwrap_or_else(PoisonError::into_inner);
        let preparation = |(index, key): (&ValidatorIndex, &GroupKey)| {
            let fee_recipient = *self.inner.fee_recipients.get(key)?;
            Some(ProposerPreparation { validator_index: *index, fee_recipient })
        };
        indices.iter().filter_map(preparation).collect()
    }

    /// Gives the beacon nodes the lock's registrations with builders.
    pub(crate) async fn register(&self, epoch: Epoch) {
        if self.inner.registrations.is_empty() {
            return;
        }
        match self.inner.client.register_validators(&self.inner.registrations).await {
            Ok(()) => self.inner.metrics.registered(),
            Err(error) => {
                tracing::warn!(topic = "bcast", %epoch, %error, "no beacon node took the registrations with builders");
            }
        }
    }
}
