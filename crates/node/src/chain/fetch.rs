//! What this node's beacon node would have the cluster sign.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cluster::GroupKey;
use duty::{AttesterDatum, Content, Duty, Fetch, Input, WantedContribution};
use eth::{CommitteeIndex, Root, Slot, SyncCommitteeContribution};
use futures::future::join_all;

use super::{Chain, Inner};

impl Chain {
    /// What this node would have the cluster agree on.
    pub(crate) async fn fetch(self, duty: Duty, what: Fetch) -> Input {
        let content = match what {
            Fetch::Attestation(duties) => self.attestation(duty.slot, duties).await,
            Fetch::Block { key, randao_reveal } => self.block(duty.slot, key, randao_reveal).await,
            Fetch::Aggregates { data_root, committees } => {
                self.aggregates(duty.slot, data_root, committees).await
            }
            Fetch::Contributions(wanted) => self.contributions(duty.slot, wanted).await,
        };
        match content {
            Ok(content) => Input::Fetched { duty, value: net::wire::value(&self.inner.spec, content) },
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

    /// An aggregate for each committee; without one, its validators go without, if another committee has one.
    async fn aggregates(
        &self,
        slot: Slot,
        data_root: Root,
        committees: BTreeMap<CommitteeIndex, Vec<GroupKey>>,
    ) -> Result<Content, beacon::Error> {
        let preset = self.inner.spec.preset;
        let asked = committees.into_iter().map(|(committee, keys)| async move {
            (keys, self.inner.client.aggregate(preset, slot, data_root, committee).await)
        });
        let (mut set, mut failure) = (BTreeMap::new(), None);
        for (keys, answer) in join_all(asked).await {
            match answer {
                Ok(aggregate) => set.extend(keys.into_iter().map(|key| (key, aggregate.clone()))),
                Err(error) => failure = Some(error),
            }
        }
        or_failure(set, failure, |set| Content::Aggregator(Arc::new(set)))
    }

    /// The contributions wanted, those of one subcommittee and block asked for once.
    async fn contributions(
        &self,
        slot: Slot,
        wanted: Vec<WantedContribution>,
    ) -> Result<Content, beacon::Error> {
        let preset = self.inner.spec.preset;
        let places: BTreeSet<_> = wanted.iter().map(|one| (one.subcommittee, one.block)).collect();
        let asked = places.into_iter().map(|(subcommittee, block)| async move {
            let answer = self.inner.client.contribution(preset, slot, subcommittee, block).await;
            ((subcommittee, block), answer)
        });
        let (mut contributions, mut failure) = (BTreeMap::new(), None);
        for (place, answer) in join_all(asked).await {
            match answer {
                Ok(contribution) => drop(contributions.insert(place, contribution)),
                Err(error) => failure = Some(error),
            }
        }
        let mut set: BTreeMap<GroupKey, Vec<SyncCommitteeContribution>> = BTreeMap::new();
        for one in wanted {
            if let Some(contribution) = contributions.get(&(one.subcommittee, one.block)) {
                set.entry(one.key).or_default().push(contribution.clone());
            }
        }
        set.values_mut().for_each(|one| one.sort_by_key(SyncCommitteeContribution::subcommittee_index));
        or_failure(set, failure, |set| Content::SyncContribution(Arc::new(set)))
    }

    /// Whether the beacon node knows the block.
    pub(crate) async fn check_parent(self, duty: Duty, parent: Root) -> Input {
        let known = matches!(self.inner.client.block_header(parent).await, Ok(Some(_)));
        Input::ParentChecked { duty, parent, known }
    }
}

/// What came; the failure where nothing did.
fn or_failure<T>(
    set: BTreeMap<GroupKey, T>,
    failure: Option<beacon::Error>,
    content: impl FnOnce(BTreeMap<GroupKey, T>) -> Content,
) -> Result<Content, beacon::Error> {
    match failure {
        Some(failure) if set.is_empty() => Err(failure),
        _ => Ok(content(set)),
    }
}
