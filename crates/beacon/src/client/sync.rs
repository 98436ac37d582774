//! Votes of the sync committee, and contributions gathered from them.

use eth::{
    Preset, Root, SignedContributionAndProof, Slot, SubcommitteeIndex, SyncCommitteeContribution,
    SyncCommitteeMessage,
};
use serde_json::value::RawValue;

use super::Client;
use super::call::{Answer, Limits};
use super::read;
use crate::error::{Error, Problem};

impl Client {
    /// The votes for `block` of this subcommittee's members, gathered by the first endpoint that knows any.
    ///
    /// # Errors
    /// When no endpoint has such a contribution; one that has seen no such vote answers 404, which may change.
    pub async fn contribution(
        &self,
        preset: Preset,
        slot: Slot,
        subcommittee: SubcommitteeIndex,
        block: Root,
    ) -> Result<SyncCommitteeContribution, Error> {
        let path = format!(
            "/eth/v1/validator/sync_committee_contribution?slot={slot}&subcommittee_index={subcommittee}&beacon_block_root={block}"
        );
        self.first(self.get("sync_committee_contribution", path, Limits::SMALL), |answer| {
            let found = read_contribution(preset, answer)?;
            let asked = (slot, subcommittee, block);
            if (found.slot(), found.subcommittee_index(), found.beacon_block_root()) == asked {
                return Ok(found);
            }
            Err(Problem::Malformed(format!(
                "asked for subcommittee {subcommittee} in slot {slot} and block {block}, answered {} in {} and {}",
                found.subcommittee_index(),
                found.slot(),
                found.beacon_block_root()
            )))
        })
        .await
    }

    /// Submits votes of the sync committee to all endpoints. An item is in when one endpoint takes it; one that a
    /// beacon node already knows counts as taken.
    ///
    /// # Errors
    /// [`Error::Rejected`] with the items that every endpoint refused; [`Error::Failed`] when no endpoint could be
    /// asked.
    pub async fn submit_sync_messages(&self, messages: &[SyncCommitteeMessage]) -> Result<(), Error> {
        let path = "/eth/v1/beacon/pool/sync_committees";
        self.submit_items("submit_sync_committee_messages", path, None, messages).await
    }

    /// Submits contributions to all endpoints, as [`Client::submit_sync_messages`] does.
    ///
    /// # Errors
    /// The same.
    pub async fn submit_contributions(
        &self,
        contributions: &[SignedContributionAndProof],
    ) -> Result<(), Error> {
        let path = "/eth/v1/validator/contribution_and_proofs";
        self.submit_items("submit_contribution_and_proofs", path, None, contributions).await
    }
}

/// A contribution of at least one member.
fn read_contribution(preset: Preset, answer: &Answer) -> Result<SyncCommitteeContribution, Problem> {
    let data: Box<RawValue> = read::data(answer)?;
    let contribution = SyncCommitteeContribution::from_json(preset, data.get().as_bytes());
    let contribution = contribution.map_err(read::malformed)?;
    if contribution.participants().is_empty() {
        return Err(Problem::Malformed("a contribution of nobody".to_owned()));
    }
    Ok(contribution)
}
