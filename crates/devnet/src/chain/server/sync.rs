//! The sync committee's messages and contributions.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use eth::{Root, SignedContributionAndProof, Slot, SubcommitteeIndex, SyncCommitteeMessage};
use serde::Deserialize;

use super::Api;
use super::body::{Reader, judge_each, read_list, read_list_of_preset};
use super::reply::{Refusal, data, ssz, wants_ssz};
use crate::chain::world::Contribution;

pub(super) async fn publish(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let messages: Vec<SyncCommitteeMessage> = read_list(&headers, &body)?;
    judge_each(&chain, messages).await
}

#[derive(Deserialize)]
pub(super) struct ContributionQuery {
    slot: Slot,
    subcommittee_index: SubcommitteeIndex,
    beacon_block_root: Root,
}

/// What the chain has received singly.
pub(super) async fn contribution(
    State(chain): Api,
    headers: HeaderMap,
    Query(query): Query<ContributionQuery>,
) -> Result<Response, Refusal> {
    let ContributionQuery { slot, subcommittee_index, beacon_block_root } = query;
    let contribution = chain.world().contribution(slot, subcommittee_index, beacon_block_root)?;
    let contribution = contribution.ok_or_else(|| {
        Refusal::not_found(format!(
            "no message of subcommittee {subcommittee_index} in slot {slot} for that block"
        ))
    })?;
    if wants_ssz(&headers) { Ok(ssz(contribution.to_ssz())) } else { Ok(data(contribution)) }
}

pub(super) async fn publish_contributions(
    State(chain): Api,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let preset = chain.world().spec().preset;
    let reader = Reader {
        from_json: SignedContributionAndProof::from_json,
        from_ssz: SignedContributionAndProof::from_ssz,
        size: SignedContributionAndProof::ssz_size,
    };
    let contributions = read_list_of_preset(&headers, &body, preset, reader)?;
    judge_each(&chain, contributions.into_iter().map(Contribution::new).collect()).await
}
