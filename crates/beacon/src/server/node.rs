//! What a validator client asks of its beacon node about the chain and about the node itself.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use eth::{Genesis, Spec};
use serde::Serialize;
use serde_json::Value;

use super::kept::Kept;
use super::{ApiError, App, Backend};
use crate::api::{Data, MediaType, Syncing};
use crate::client::json_body;

/// How long the chain's configuration is kept: it changes only when a beacon node is restarted with a new version,
/// and some clients ask three times a slot.
const SPEC_KEPT: Duration = Duration::from_secs(60);

/// Answers that validator clients poll.
pub(crate) struct Polled {
    spec: Kept<Bytes>,
    syncing: Kept<Syncing>,
}

impl Polled {
    /// Some clients ask three times a slot whether the node is in sync; more often the beacon node is not asked.
    pub(crate) fn new(spec: &Spec) -> Polled {
        let third = Duration::from_millis(spec.slot_duration_ms) / 3;
        Polled { spec: Kept::through_failures(SPEC_KEPT), syncing: Kept::new(third) }
    }
}

#[derive(Serialize)]
pub(crate) struct Version {
    version: String,
}

/// `GET /eth/v1/node/version`
pub(crate) async fn version<B: Backend>(State(app): State<Arc<App<B>>>) -> Json<Data<Version>> {
    Json(Data { data: Version { version: app.config.version.clone() } })
}

/// `GET /eth/v1/node/syncing`: of the beacon node that would be asked for duties.
pub(crate) async fn syncing<B: Backend>(
    State(app): State<Arc<App<B>>>,
) -> Result<Json<Data<Syncing>>, ApiError> {
    let ask = || async { Ok(app.client.syncing().await?) };
    Ok(Json(Data { data: app.polled.syncing.or(ask).await? }))
}

/// `GET /eth/v1/beacon/genesis`
pub(crate) async fn genesis<B: Backend>(
    State(app): State<Arc<App<B>>>,
) -> Result<Json<Data<Genesis>>, ApiError> {
    Ok(Json(Data { data: app.client.genesis().await? }))
}

/// `GET /eth/v1/config/spec`, as the beacon node words it: some clients compare every key and exit on a difference.
/// While no beacon node answers, the last answer holds.
pub(crate) async fn spec<B: Backend>(State(app): State<Arc<App<B>>>) -> Result<Response, ApiError> {
    let ask = || async { Ok(json_body(&app.client.spec_json().await?)) };
    let body = app.polled.spec.or(ask).await?;
    Ok(([(CONTENT_TYPE, MediaType::Json.as_str())], body).into_response())
}

/// `GET /eth/v1/beacon/blocks/head/root`: what sync committee members sign. Never from memory, and when a beacon node is
/// slow the next one is asked as well.
pub(crate) async fn head_root<B: Backend>(State(app): State<Arc<App<B>>>) -> Result<Json<Value>, ApiError> {
    let path = "/eth/v1/beacon/blocks/head/root".to_owned();
    Ok(Json(app.client.duties_json("beacon_block_root", path, None).await?))
}
