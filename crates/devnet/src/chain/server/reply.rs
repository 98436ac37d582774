//! Answers in the shape of the Beacon API.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eth::Fork;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::rejection::Rejection;

/// The header that names the fork of a body.
pub(super) const CONSENSUS_VERSION: &str = "eth-consensus-version";
const OCTET_STREAM: &str = "application/octet-stream";

/// `{"data": …}`.
pub(super) fn data(data: impl Serialize) -> Response {
    axum::Json(json!({ "data": data })).into_response()
}

/// `{"data": …}` about a state or a block.
pub(super) fn state_data(data: impl Serialize) -> Response {
    axum::Json(json!({ "execution_optimistic": false, "finalized": false, "data": data })).into_response()
}

/// Any JSON.
pub(super) fn json_body(body: Value) -> Response {
    axum::Json(body).into_response()
}

/// The header that names the fork.
pub(super) fn consensus_version() -> [(HeaderName, &'static str); 1] {
    [(HeaderName::from_static(CONSENSUS_VERSION), Fork::Fulu.name())]
}

/// SSZ.
pub(super) fn ssz(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, OCTET_STREAM)], bytes).into_response()
}

/// Reads a JSON body whatever its content type says.
pub(super) fn read_json<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|why| Refusal::bad_request(format!("invalid body: {why}")))
}

/// Whether a body is SSZ.
pub(super) fn is_ssz(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.trim_start().starts_with(OCTET_STREAM))
}

/// Whether SSZ is what a client likes best.
pub(super) fn wants_ssz(headers: &HeaderMap) -> bool {
    let Some(accept) = text(headers, header::ACCEPT.as_str()) else { return false };
    let liking = |kind: &str| accept.split(',').filter_map(|part| weight(part, kind)).fold(0.0, f32::max);
    liking(OCTET_STREAM) > liking("application/json").max(liking("*/*"))
}

/// A header's text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn weight(part: &str, kind: &str) -> Option<f32> {
    let mut pieces = part.split(';').map(str::trim);
    if pieces.next() != Some(kind) {
        return None;
    }
    let weight = pieces.find_map(|piece| piece.strip_prefix("q="));
    Some(weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0))
}

/// An error answer: `{"code": …, "message": …}`, with what is wrong item by item where items were sent.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    failures: Vec<(usize, String)>,
}

impl Refusal {
    pub(super) fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, message: message.into(), failures: Vec::new() }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::NOT_FOUND, message: message.into(), failures: Vec::new() }
    }

    pub(super) fn not_implemented(message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::NOT_IMPLEMENTED, message: message.into(), failures: Vec::new() }
    }

    pub(super) fn of_items(failures: Vec<(usize, String)>) -> Refusal {
        let message = "some items were refused".to_owned();
        Refusal { status: StatusCode::BAD_REQUEST, message, failures }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        Refusal::bad_request(rejection.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({ "code": self.status.as_u16(), "message": self.message });
        if !self.failures.is_empty() {
            let failure = |(index, message): &(usize, String)| json!({ "index": index, "message": message });
            body["failures"] = self.failures.iter().map(failure).collect();
        }
        (self.status, axum::Json(body)).into_response()
    }
}
