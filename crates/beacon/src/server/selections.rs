//! Who aggregates. A share's selection proof decides nothing, so the validator client asks: it hands in its partial
//! proofs and gets those of the validators.
//!
//! What is missing in an answer means "no aggregator" to the validator client. So an item that cannot be read is left
//! out, and the others are answered.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use eth::{AggregatorQuery, BeaconCommitteeSelection, SyncCommitteeSelection};

use super::batch::{Kind, plain_json};
use super::{ApiError, App, Backend};
use crate::api::Data;

type Answer<T> = Result<Json<Data<Vec<T>>>, ApiError>;

const BEACON_COMMITTEE: Kind<BeaconCommitteeSelection> =
    Kind { name: "beacon committee selections", from_json: plain_json, ssz: None };

const SYNC_COMMITTEE: Kind<SyncCommitteeSelection> =
    Kind { name: "sync committee selections", from_json: plain_json, ssz: None };

const QUERIES: Kind<AggregatorQuery> = Kind { name: "aggregator queries", from_json: plain_json, ssz: None };

/// `POST /eth/v1/validator/beacon_committee_selections`, held until the proofs are combined.
pub(crate) async fn beacon_committee<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Answer<BeaconCommitteeSelection> {
    let (_, items) = app.batch(&BEACON_COMMITTEE, &headers, body).await?.readable()?;
    let data = if items.is_empty() { items } else { app.backend.committee_selections(items).await? };
    Ok(Json(Data { data }))
}

/// `POST /eth/v1/validator/sync_committee_selections`, held until the proofs are combined.
pub(crate) async fn sync_committee<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Answer<SyncCommitteeSelection> {
    let (_, items) = app.batch(&SYNC_COMMITTEE, &headers, body).await?.readable()?;
    let data = if items.is_empty() { items } else { app.backend.sync_selections(items).await? };
    Ok(Json(Data { data }))
}

/// `POST /eth/v1/validator/is_aggregator`, proposed before there were selections: answered by a list of booleans, one
/// for each item, without an envelope; held until the proofs are combined.
pub(crate) async fn is_aggregator<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Vec<bool>>, ApiError> {
    let batch = app.batch(&QUERIES, &headers, body).await?;
    let mut answers = vec![false; batch.submitted];
    let (positions, items) = batch.readable()?;
    let selected = if items.is_empty() { Vec::new() } else { app.backend.are_aggregators(items).await? };
    assert_eq!(selected.len(), positions.len(), "the backend answers every item once");
    for (position, selected) in positions.into_iter().zip(selected) {
        answers[position] = selected;
    }
    Ok(Json(answers))
}
