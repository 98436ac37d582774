//! Answers in the encoding that the validator client prefers.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use eth::Fork;
use serde::Serialize;

use crate::api::{CONSENSUS_VERSION, Data, MediaType, Versioned};
use crate::client::json_body;

/// In the plain envelope, or in SSZ without any.
pub(crate) fn plain<T: Serialize>(
    encoding: MediaType,
    data: T,
    to_ssz: impl FnOnce(&T) -> Vec<u8>,
) -> Response {
    match encoding {
        MediaType::Ssz => encoded(encoding, to_ssz(&data).into()),
        MediaType::Json => encoded(encoding, json_body(&Data { data })),
    }
}

/// With its fork: in the envelope of JSON, and as a header for SSZ, which has no envelope.
pub(crate) fn versioned<T: Serialize>(
    encoding: MediaType,
    fork: Fork,
    data: T,
    to_ssz: impl FnOnce(&T) -> Vec<u8>,
) -> Response {
    let mut response = match encoding {
        MediaType::Ssz => encoded(encoding, to_ssz(&data).into()),
        MediaType::Json => encoded(encoding, json_body(&Versioned { version: fork, data })),
    };
    let name = HeaderName::from_static(CONSENSUS_VERSION);
    response.headers_mut().insert(name, HeaderValue::from_static(fork.name()));
    response
}

fn encoded(encoding: MediaType, body: Bytes) -> Response {
    ([(CONTENT_TYPE, encoding.as_str())], body).into_response()
}
