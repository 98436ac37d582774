//! Which subnets the validator client needs: told to all beacon nodes, for any of them may be asked for the aggregate.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::request::{media_type, whole};
use super::{ApiError, App, Backend};
use crate::api::{LIST_BODY_MAX, MediaType};

/// `POST /eth/v1/validator/beacon_committee_subscriptions`
pub(crate) async fn beacon_committee<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    app.subscribe("beacon_committee_subscriptions", &headers, body).await
}

/// `POST /eth/v1/validator/sync_committee_subscriptions`
pub(crate) async fn sync_committee<B: Backend>(
    State(app): State<Arc<App<B>>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    app.subscribe("sync_committee_subscriptions", &headers, body).await
}

impl<B> App<B> {
    /// Answered as soon as one beacon node took it; the others are told all the same.
    async fn subscribe(
        &self,
        name: &'static str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<StatusCode, ApiError> {
        media_type(headers, &[MediaType::Json])?;
        let body = whole(body, LIST_BODY_MAX, self.config.body_timeout).await?;
        self.client.subscribe(name, body).await?;
        Ok(StatusCode::OK)
    }
}
