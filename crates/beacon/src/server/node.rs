//! What a validator client asks of its beacon node about the chain and about the node itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use eth::Genesis;
use serde::Serialize;
use tokio::sync::Mutex;

use super::{ApiError, App, Backend};
use crate::api::{Data, MediaType, Syncing};
use crate::client::json_body;

/// How long the chain's configuration is kept: it changes only when a beacon node is restarted with a new version,
/// and some clients ask three times a slot.
const SPEC_KEPT: Duration = Duration::from_secs(60);

/// Answers kept for a while.
#[derive(Default)]
pub(crate) struct Kept {
    spec: Mutex<Option<(Instant, Bytes)>>,
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
    Ok(Json(Data { data: app.client.syncing().await? }))
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
    let mut kept = app.kept.spec.lock().await;
    let fresh = kept.as_ref().is_some_and(|(at, _)| at.elapsed() < SPEC_KEPT);
    if !fresh {
        match app.client.spec_json().await {
            Ok(spec) => *kept = Some((Instant::now(), json_body(&spec))),
            Err(error) if kept.is_none() => return Err(error.into()),
            Err(error) => {
                tracing::warn!("Answering the spec from memory: {error}");
                *kept = kept.take().map(|(_, spec)| (Instant::now(), spec));
            }
        }
    }
    let body = kept.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
    Ok(([(CONTENT_TYPE, MediaType::Json.as_str())], body).into_response())
}
