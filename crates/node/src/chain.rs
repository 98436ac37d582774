//! The beacon node as the engine needs it: every question answered with an input, whatever happens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use beacon::api::HeadEvent;
use beacon::client::Client;
use cluster::GroupKey;
use duty::{AttesterDatum, Content, Duty, EpochDuties, Fetch, Head, Input, ProposerSlot, Publication};
use eth::{Address, CommitteeIndex, Epoch, Graffiti, Root, Slot, Spec, ValidatorIndex};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::metrics::Metrics;

/// The pause after the first failed publication; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// A handle to the beacon node; clones share what is known.
#[derive(Clone)]
pub(crate) struct Chain {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    spec: Arc<Spec>,
    clock: crate::clock::Clock,
    metrics: Metrics,
    fee_recipients: BTreeMap<GroupKey, Address>,
    builder_boost: u64,
    graffiti: BTreeMap<GroupKey, Graffiti>,
    /// Indices of the cluster's validators, as far as the beacon node knows them.
    indices: Mutex<BTreeMap<ValidatorIndex, GroupKey>>,
}

/// What a [`Chain`] has to know.
pub(crate) struct ChainConfig {
    pub(crate) client: Client,
    pub(crate) spec: Arc<Spec>,
    pub(crate) clock: crate::clock::Clock,
    pub(crate) metrics: Metrics,
    pub(crate) fee_recipients: BTreeMap<GroupKey, Address>,
    pub(crate) builder_boost: u64,
    pub(crate) graffiti: BTreeMap<GroupKey, Graffiti>,
}

impl Chain {
    pub(crate) fn new(config: ChainConfig) -> Chain {
        let ChainConfig { client, spec, clock, metrics, fee_recipients, builder_boost, graffiti } = config;
        let indices = Mutex::default();
        let inner = Inner { client, spec, clock, metrics, fee_recipients, builder_boost, graffiti, indices };
        Chain { inner: Arc::new(inner) }
    }

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
        let attesters = self.inner.client.attester_duties(epoch, &list).await?;
        let proposers = self.inner.client.proposer_duties(epoch).await?;
        // The beacon node's word on keys is not taken: the index it gave for our key decides.
        let attesting = attesters.data.into_iter().filter_map(|mut duty| {
            duty.pubkey = indices.get(&duty.validator_index)?.0;
            Some(duty)
        });
        let proposing = proposers.data.into_iter().filter_map(|duty| {
            let key = *indices.get(&duty.validator_index)?;
            Some(ProposerSlot { slot: duty.slot, key, validator: duty.validator_index })
        });
        Ok(EpochDuties {
            epoch,
            attester_dependent_root: attesters.dependent_root,
            attesters: attesting.collect(),
            proposers: proposing.collect(),
        })
    }

    /// Asks which of the cluster's validators are on the chain, and tells the beacon nodes where their fees go.
    async fn refresh_indices(&self) -> Result<BTreeMap<ValidatorIndex, GroupKey>, beacon::Error> {
        let keys: Vec<_> = self.inner.fee_recipients.keys().map(|key| key.0).collect();
        let validators = self.inner.client.validators_by_pubkey(&keys).await?;
        self.inner.metrics.active(validators.iter().filter(|validator| validator.status.is_active()).count());
        let known = validators.into_iter().map(|validator| (validator.index, GroupKey(validator.pubkey)));
        let indices: BTreeMap<_, _> =
            known.filter(|(_, key)| self.inner.fee_recipients.contains_key(key)).collect();
        *self.inner.indices.lock().unwrap_or_else(PoisonError::into_inner) = indices.clone();
        let preparations: Vec<_> = indices
            .iter()
            .filter_map(|(index, key)| {
                let fee_recipient = *self.inner.fee_recipients.get(key)?;
                Some(beacon::api::ProposerPreparation { validator_index: *index, fee_recipient })
            })
            .collect();
        if !preparations.is_empty()
            && let Err(error) = self.inner.client.prepare_beacon_proposer(&preparations).await
        {
            tracing::warn!(topic = "sched", %error, "no beacon node took the fee recipients");
        }
        Ok(indices)
    }

    /// What this node would have the cluster agree on.
    pub(crate) async fn fetch(self, duty: Duty, what: Fetch) -> Input {
        let content = match what {
            Fetch::Attestation(duties) => self.attestation(duty.slot, duties).await,
            Fetch::Block { key, randao_reveal } => self.block(duty.slot, key, randao_reveal).await,
        };
        match content {
            Ok(content) => Input::Fetched { duty, value: net::wire::value(content) },
            Err(error) => {
                tracing::warn!(topic = "fetcher", %duty, %error, "the beacon node did not say what to agree on");
                Input::FetchFailed { duty }
            }
        }
    }

    async fn attestation(
        &self,
        slot: Slot,
        duties: Vec<eth::AttesterDuty>,
    ) -> Result<Content, beacon::Error> {
        let data = self.inner.client.attestation_data(slot, CommitteeIndex(0)).await?;
        let set = duties.into_iter().map(|duty| (GroupKey(duty.pubkey), AttesterDatum { data, duty }));
        Ok(Content::Attester(set.collect()))
    }

    async fn block(
        &self,
        slot: Slot,
        key: GroupKey,
        randao_reveal: eth::SignatureBytes,
    ) -> Result<Content, beacon::Error> {
        let Inner { client, graffiti, builder_boost, spec, .. } = &*self.inner;
        let graffiti = graffiti.get(&key).copied();
        let produced =
            client.produce_block(spec.preset, slot, randao_reveal, graffiti, *builder_boost).await?;
        Ok(Content::Proposer { key, proposal: Arc::new(produced.proposal) })
    }

    /// Whether the beacon node knows the block.
    pub(crate) async fn check_parent(self, duty: Duty, parent: Root) -> Input {
        let known = matches!(self.inner.client.block_header(parent).await, Ok(Some(_)));
        Input::ParentChecked { duty, parent, known }
    }

    /// Publishes until the beacon node takes it or nobody has use for it any more.
    pub(crate) async fn publish(
        self,
        duty: Duty,
        keys: Vec<GroupKey>,
        what: Publication,
        until: Instant,
    ) -> Input {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.submit(&what).await {
                Ok(()) => {
                    self.count(duty, keys.len());
                    return Input::Published { duty, keys, accepted: true };
                }
                Err(beacon::Error::Rejected { failures, request }) => {
                    let refused: Vec<u64> = failures.iter().map(|failure| failure.index as u64).collect();
                    tracing::error!(topic = "bcast", %duty, request, ?failures, "the beacon node refused signatures");
                    let accepted =
                        |(index, key): (usize, GroupKey)| (!refused.contains(&(index as u64))).then_some(key);
                    let keys: Vec<_> = keys.into_iter().enumerate().filter_map(accepted).collect();
                    self.count(duty, keys.len());
                    return Input::Published { duty, keys, accepted: true };
                }
                Err(error) if Instant::now() + pause < until => {
                    tracing::warn!(topic = "bcast", %duty, %error, "not published yet; trying again");
                    tokio::time::sleep(pause).await;
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
                Err(error) => {
                    tracing::error!(topic = "bcast", %duty, %error, "not published");
                    return Input::Published { duty, keys, accepted: false };
                }
            }
        }
    }

    async fn submit(&self, what: &Publication) -> Result<(), beacon::Error> {
        match what {
            Publication::Attestations(attestations) => {
                let slot = attestations.first().map(|attestation| attestation.data.slot).unwrap_or_default();
                let fork = self.inner.spec.fork_at(self.inner.spec.epoch_of(slot));
                self.inner.client.submit_attestations(fork, attestations).await
            }
            Publication::Block(block) => self.inner.client.submit_block(block).await,
        }
    }

    fn count(&self, duty: Duty, published: usize) {
        let into_slot_ns = self.inner.clock.now().0 - self.inner.spec.slot_start_ns(duty.slot);
        self.inner.metrics.published(duty, published, into_slot_ns as f64 / 1e9);
    }

    /// Tells the engine of every new head, for ever.
    pub(crate) async fn watch_heads(self, inputs: mpsc::Sender<Input>) {
        use beacon::client::EventItem;
        use futures::StreamExt;
        let mut events = self.inner.client.events(&["head"]);
        while let Some(item) = events.next().await {
            let EventItem::Event { data, .. } = item else { continue };
            match serde_json::from_str::<HeadEvent>(&data) {
                Ok(event) => {
                    if inputs.send(Input::Head(head(event))).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!(topic = "sse", %error, "a head event cannot be read"),
            }
        }
    }
}

/// A head as the engine takes it.
fn head(event: HeadEvent) -> Head {
    Head {
        slot: event.slot,
        root: event.block,
        previous_dependent_root: event.previous_duty_dependent_root,
        current_dependent_root: event.current_duty_dependent_root,
    }
}

#[cfg(test)]
mod tests;
