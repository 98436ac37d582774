//! Votes of the sync committee, contributions gathered from them, and what aggregators make of those.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::uri::Uri;
use axum::response::Response;
use eth::{SignedContributionAndProof, SyncCommitteeContribution, SyncCommitteeMessage};

use super::batch::{Kind, Ssz, plain_json, plain_ssz};
use super::request::{Query, accepted, named_fork};
use super::{ApiError, App, Backend, answer};

const MESSAGES: Kind<SyncCommitteeMessage> =
    Kind { name: "sync committee messages", from_json: plain_json, ssz: plain_ssz() };

const CONTRIBUTIONS: Kind<SignedContributionAndProof> = Kind {
    name: "contributions",
    from_json: SignedContributionAndProof::from_json,
    ssz: Some(Ssz {
        item_size: SignedContributionAndProof::ssz_size,
        from_ssz: SignedContributionAndProof::from_ssz,
    }),
};

/// `POST /eth/v1/beacon/pool/sync_committees`: every item is judged on its own. The fork need not be named.
pub(crate) async fn submit_messages<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    named_fork(&headers)?;
    let batch = app.batch(&MESSAGES, &headers, body).await?;
    Ok(batch.judged(|items| app.backend.submit_sync_messages(items)).await)
}

/// `GET /eth/v1/validator/sync_committee_contribution?slot&subcommittee_index&beacon_block_root`, held until the
/// cluster agreed on the contribution.
pub(crate) async fn contribution<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let encoding = accepted(&headers)?;
    let query = Query::of(&uri);
    let (slot, subcommittee) = (query.required("slot")?, query.required("subcommittee_index")?);
    let block = query.required("beacon_block_root")?;
    let contribution = app.backend.contribution(slot, subcommittee, block).await?;
    Ok(answer::plain(encoding, contribution, SyncCommitteeContribution::to_ssz))
}

/// `POST /eth/v1/validator/contribution_and_proofs`: every item is judged on its own. The fork need not be named.
pub(crate) async fn submit_contributions<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    named_fork(&headers)?;
    let batch = app.batch(&CONTRIBUTIONS, &headers, body).await?;
    Ok(batch.judged(|items| app.backend.submit_contributions(items)).await)
}
