//! Errors as the Beacon API words them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::{ErrorBody, IndexedFailure, MediaType};
use crate::error::{EndpointFailure, Error, Problem};

/// Why a request of the validator client is not answered as it wished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The HTTP status: 4xx when the request is at fault, 5xx when the node or its surroundings are.
    pub status: u16,
    /// Why, as one word for logs and metrics: `not_decided`.
    pub reason: &'static str,
    /// Why, and what to do, for the operator who reads the validator client's log.
    pub message: String,
}

impl ApiError {
    /// An error with this status.
    pub fn new(status: u16, reason: &'static str, message: impl Into<String>) -> ApiError {
        ApiError { status, reason, message: message.into() }
    }

    /// 400: the request is not what the Beacon API defines.
    pub fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(400, "bad_request", message)
    }

    /// 404: there is no such thing.
    pub fn not_found(message: impl Into<String>) -> ApiError {
        ApiError::new(404, "not_found", message)
    }

    /// 504: the duty's deadline passed before there was an answer.
    pub fn deadline(message: impl Into<String>) -> ApiError {
        ApiError::new(504, "deadline", message)
    }

    /// The response, with what was wrong with single items of a submitted list.
    pub(crate) fn with_failures(self, failures: Vec<IndexedFailure>) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        tracing::debug!(
            status = self.status,
            reason = self.reason,
            "Validator API request refused: {}",
            self.message
        );
        let body = ErrorBody { code: status.as_u16(), message: self.message, failures };
        let body = serde_json::to_vec(&body).expect("numbers and text are representable in JSON");
        (status, [(header::CONTENT_TYPE, MediaType::Json.as_str())], body).into_response()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.with_failures(Vec::new())
    }
}

/// A beacon node's refusal of the request is handed on as it is; that no beacon node is in reach is a 502, or 504
/// when none answered in time.
impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        let message = error.to_string();
        let failures = match error {
            Error::Failed { failures, .. } => failures,
            Error::BadPath { .. } => return ApiError::bad_request(message),
            _ => return ApiError::new(502, "beacon_node", message),
        };
        if let Some(refusal) = failures.iter().find_map(refusal_of_the_request) {
            return refusal;
        }
        let silent = failures.iter().all(|failure| matches!(failure.problem, Problem::TimedOut(_)));
        ApiError::new(if silent { 504 } else { 502 }, "beacon_node", message)
    }
}

fn refusal_of_the_request(failure: &EndpointFailure) -> Option<ApiError> {
    match &failure.problem {
        // Not the endpoint's quarrel with us: wrong credentials, too many requests.
        Problem::Status { code: 401 | 403 | 429, .. } => None,
        Problem::Status { code: code @ 400..=499, message, .. } => {
            let message = if message.is_empty() { "refused without a reason" } else { message };
            Some(ApiError::new(*code, "beacon_node_refused", format!("{}: {message}", failure.endpoint)))
        }
        _ => None,
    }
}
