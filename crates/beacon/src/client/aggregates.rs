//! Aggregates of attestations, and the submission of what aggregators make of them.

use eth::{Attestation, CommitteeIndex, Container, Fork, Preset, Root, SignedAggregateAndProof, Slot};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Client;
use super::call::{Answer, Limits};
use super::read;
use crate::error::{Error, Problem};

impl Client {
    /// The votes for `data_root` of this committee's members, gathered by the first endpoint that knows any.
    ///
    /// # Errors
    /// When no endpoint has such an aggregate; one that has seen no such vote answers 404, which may change.
    pub async fn aggregate(
        &self,
        preset: Preset,
        slot: Slot,
        data_root: Root,
        committee: CommitteeIndex,
    ) -> Result<Attestation, Error> {
        let path = format!(
            "/eth/v2/validator/aggregate_attestation?attestation_data_root={data_root}&slot={slot}&committee_index={committee}"
        );
        self.first(self.get("aggregate_attestation", path, Limits::AGGREGATE), |answer| {
            let aggregate = read_aggregate(preset, answer)?;
            let data = aggregate.data();
            if data.slot != slot || data.root() != data_root {
                let found = format!(
                    "asked for an aggregate of slot {slot}, answered another vote, of slot {}",
                    data.slot
                );
                return Err(Problem::Malformed(found));
            }
            if aggregate.committees() != [committee] {
                let found = aggregate.committees();
                return Err(Problem::Malformed(format!(
                    "asked for committee {committee}, answered {found:?}"
                )));
            }
            Ok(aggregate)
        })
        .await
    }

    /// Submits aggregates to all endpoints. An item is in when one endpoint takes it; one that a beacon node already
    /// knows counts as taken.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the items that every endpoint refused; [`Error::Failed`] when no endpoint could be
    /// asked.
    pub async fn submit_aggregates(
        &self,
        fork: Fork,
        aggregates: &[SignedAggregateAndProof],
    ) -> Result<(), Error> {
        let path = "/eth/v2/validator/aggregate_and_proofs";
        self.submit_items("submit_aggregate_and_proofs", path, Some(fork), aggregates).await
    }
}

/// An aggregate of a fork that is built in, by at least one voter.
fn read_aggregate(preset: Preset, answer: &Answer) -> Result<Attestation, Problem> {
    #[derive(Deserialize)]
    struct Entry {
        version: String,
        data: Box<RawValue>,
    }
    let Entry { version, data } = read::json(answer)?;
    read::fork(&version)?.with_aggregates().map_err(read::unsupported)?;
    let aggregate = Attestation::from_json(preset, data.get().as_bytes()).map_err(read::malformed)?;
    if !aggregate.aggregation_bits().contains(&true) {
        return Err(Problem::Malformed("an aggregate of nobody".to_owned()));
    }
    Ok(aggregate)
}
