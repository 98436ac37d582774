//! Attestation data and the submission of attestations.

use eth::{AttestationData, CommitteeIndex, Fork, SingleAttestation, Slot};

use super::Client;
use super::call::Limits;
use super::read;
use crate::error::{Error, Problem};

impl Client {
    /// What a validator of this committee should vote for in `slot`, in the eyes of the first endpoint that answers.
    ///
    /// # Errors
    /// When no endpoint answers, or none for this slot.
    pub async fn attestation_data(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
    ) -> Result<AttestationData, Error> {
        let path = format!("/eth/v1/validator/attestation_data?slot={slot}&committee_index={committee}");
        self.first(self.get("attestation_data", path, Limits::SMALL), |answer| {
            let data: AttestationData = read::data(answer)?;
            if data.slot == slot {
                Ok(data)
            } else {
                Err(Problem::Malformed(format!("asked for slot {slot}, answered slot {}", data.slot)))
            }
        })
        .await
    }

    /// Submits attestations to all endpoints. An item is in when one endpoint takes it; one that a beacon node
    /// already knows counts as taken.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the items that every endpoint refused; [`Error::Failed`] when no endpoint could be
    /// asked.
    pub async fn submit_attestations(
        &self,
        fork: Fork,
        attestations: &[SingleAttestation],
    ) -> Result<(), Error> {
        let path = "/eth/v2/beacon/pool/attestations";
        self.submit_items("submit_attestations", path, Some(fork), attestations).await
    }
}
