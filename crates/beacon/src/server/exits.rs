//! Voluntary exits, signed with a share.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use eth::{Container, SignedVoluntaryExit};

use super::request::{json, media_type, whole};
use super::{ApiError, App, Backend};
use crate::api::{ITEM_BODY_MAX, MediaType};

/// `POST /eth/v1/beacon/pool/voluntary_exits`: a single exit.
pub(crate) async fn submit<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let encoding = media_type(&headers, &[MediaType::Json, MediaType::Ssz])?;
    let body = whole(body, ITEM_BODY_MAX, app.config.body_timeout).await?;
    let exit = match encoding {
        MediaType::Json => json(&body)?,
        MediaType::Ssz => SignedVoluntaryExit::from_ssz(&body)
            .map_err(|error| ApiError::bad_request(format!("malformed exit: {error}")))?,
    };
    app.backend.submit_exit(exit).await?;
    Ok(StatusCode::OK)
}
