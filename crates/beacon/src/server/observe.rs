//! Around every handler: count it, time it, and never let it hang.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::{ApiError, App};
use crate::api::MediaType;

/// A route's name in metrics, and the application.
pub(crate) struct Observed<B> {
    pub(crate) name: &'static str,
    pub(crate) app: Arc<App<B>>,
}

impl<B> Clone for Observed<B> {
    fn clone(&self) -> Self {
        Observed { name: self.name, app: self.app.clone() }
    }
}

pub(crate) async fn observe<B: Send + Sync + 'static>(
    State(Observed { name, app }): State<Observed<B>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    app.metrics.request(name, encoding(request.headers()));
    if let Some(agent) = request.headers().get(USER_AGENT) {
        app.metrics.user_agent(&String::from_utf8_lossy(agent.as_bytes()));
    }
    let limit = app.config.request_timeout;
    let response = timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        ApiError::deadline(format!("no answer to {name} within {limit:?}; see the node's log"))
            .into_response()
    });
    app.metrics.answered(name, started.elapsed(), response.status().as_u16());
    response
}

fn encoding(headers: &HeaderMap) -> &'static str {
    let Some(value) = headers.get(CONTENT_TYPE) else { return "" };
    value.to_str().ok().and_then(MediaType::of_content_type).map_or("other", MediaType::as_str)
}
