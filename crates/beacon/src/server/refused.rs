//! Endpoints with nothing behind them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::uri::Uri;

use super::{ApiError, App, request};
use crate::api::BLOCK_BODY_MAX;

/// An endpoint of an older version.
pub(crate) async fn gone(uri: Uri) -> ApiError {
    let message = "does not exist here; use the newest version of the endpoint, which the validator client's \
                   distributed mode does";
    ApiError::not_found(format!("{:.128} {message}", uri.path()))
}

/// Where some validator clients look for fee recipients.
pub(crate) async fn no_proposer_config() -> ApiError {
    ApiError::not_found("fee recipients are set in the cluster's lock; remove the proposer config URL")
}

/// Registrations are signed with a share and have each validator client's own time, so they cannot be combined; fee
/// recipients are the lock's. The node tells the beacon nodes both itself, so what the validator client says is taken
/// and dropped, whatever its encoding.
pub(crate) async fn taken_and_discarded<B: Send + Sync + 'static>(
    State(app): State<Arc<App<B>>>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    request::whole(body, BLOCK_BODY_MAX, app.config.body_timeout).await?;
    Ok(StatusCode::OK)
}
