//! Who has which duty in an epoch.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use cluster::GroupKey;
use duty::{EpochDuties, Input, ProposerSlot, SyncMember};
use eth::{AttesterDuty, Epoch, SyncDuty, ValidatorIndex};

use super::Chain;

impl Chain {
    /// The duties of the epoch.
    pub(crate) async fn resolve(self, epoch: Epoch) -> Input {
        match self.duties(epoch).await {
            Ok(duties) => Input::Resolved(duties),
            Err(error) => {
                tracing::warn!(topic = "sched", %epoch, %error, "the duties of the epoch are not known yet");
                Input::ResolveFailed(epoch)
            }
        }
    }

    async fn duties(&self, epoch: Epoch) -> Result<EpochDuties, beacon::Error> {
        let indices = self.refresh_indices().await?;
        let list: Vec<ValidatorIndex> = indices.keys().copied().collect();
        let client = &self.inner.client;
        let (attesters, proposers, sync) = tokio::try_join!(
            client.attester_duties(epoch, &list),
            client.proposer_duties(epoch),
            client.sync_duties(epoch, &list),
        )?;
        // The beacon node's word on keys is not taken: the index it gave for our key decides.
        let attesting = |mut duty: AttesterDuty| {
            duty.pubkey = indices.get(&duty.validator_index)?.0;
            Some(duty)
        };
        let proposing = proposers.data.into_iter().filter_map(|duty| {
            let key = *indices.get(&duty.validator_index)?;
            Some(ProposerSlot { slot: duty.slot, key, validator: duty.validator_index })
        });
        let preset = self.inner.spec.preset;
        let sitting = |duty: SyncDuty| {
            let key = *indices.get(&duty.validator_index)?;
            let subcommittees = duty.subcommittees(preset).into_iter().collect();
            Some(SyncMember { key, validator: duty.validator_index, subcommittees })
        };
        Ok(EpochDuties {
            epoch,
            attester_dependent_root: attesters.dependent_root,
            attesters: attesters.data.into_iter().filter_map(attesting).collect(),
            proposer_dependent_root: proposers.dependent_root,
            proposers: proposing.collect(),
            sync_members: sync.into_iter().filter_map(sitting).collect(),
            validators: indices,
        })
    }

    /// Asks which of the cluster's validators are on the chain, and has the beacon nodes told where their fees go.
    async fn refresh_indices(&self) -> Result<BTreeMap<ValidatorIndex, GroupKey>, beacon::Error> {
        let keys: Vec<_> = self.inner.fee_recipients.keys().map(|key| key.0).collect();
        let validators = self.inner.client.validators_by_pubkey(&keys).await?;
        self.inner.metrics.active(validators.iter().filter(|validator| validator.status.is_active()).count());
        let known = validators.into_iter().map(|validator| (validator.index, GroupKey(validator.pubkey)));
        let indices: BTreeMap<_, _> =
            known.filter(|(_, key)| self.inner.fee_recipients.contains_key(key)).collect();
        *self.inner.indices.lock().unwrap_or_else(PoisonError::into_inner) = indices.clone();
        let chain = self.clone();
        tokio::spawn(async move { chain.tell_fee_recipients().await });
        Ok(indices)
    }
}
