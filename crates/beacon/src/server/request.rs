//! Reading requests: untrusted bytes into values, or a Beacon API error that says what is wrong with them.

use std::error::Error as _;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::uri::Uri;
use bytes::{Bytes, BytesMut};
use eth::Fork;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::ApiError;
use super::load::Overload;
use crate::api::{CONSENSUS_VERSION, MediaType, negotiate};

/// Reads a whole body, chunked or not, of at most `limit` bytes.
pub(crate) async fn whole(body: Body, limit: usize, wait: Duration) -> Result<Bytes, ApiError> {
    let reading = async {
        let mut whole = BytesMut::new();
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(broke_off)?;
            if whole.len() + chunk.len() > limit {
                return Err(ApiError::new(
                    413,
                    "too_large",
                    format!("the body is larger than {limit} bytes"),
                ));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    };
    let late = || ApiError::new(408, "slow_body", format!("the body did not arrive within {wait:?}"));
    timeout(wait, reading).await.unwrap_or_else(|_| Err(late()))
}

/// Why a body did not arrive as a whole.
pub(crate) fn broke_off(error: axum::Error) -> ApiError {
    let overload = error.source().is_some_and(|cause| cause.is::<Overload>());
    let (status, reason) = if overload { (503, "overload") } else { (400, "bad_request") };
    ApiError::new(status, reason, format!("the body broke off: {error}"))
}

/// The body's encoding; a request that does not say is taken for JSON. 415 when it is not one of `allowed`.
pub(crate) fn media_type(headers: &HeaderMap, allowed: &[MediaType]) -> Result<MediaType, ApiError> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(MediaType::Json) };
    let media = value.to_str().ok().and_then(MediaType::of_content_type);
    media.filter(|media| allowed.contains(media)).ok_or_else(|| {
        let names = allowed.iter().map(|media| media.as_str()).collect::<Vec<_>>().join(" or ");
        ApiError::new(
            415,
            "media_type",
            format!("content type {value:?} is not supported here; send {names}"),
        )
    })
}

/// The encoding the client prefers its answer in. 406 when it takes neither.
pub(crate) fn accepted(headers: &HeaderMap) -> Result<MediaType, ApiError> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let refuse = || {
        ApiError::new(406, "not_acceptable", "only application/json and application/octet-stream are spoken")
    };
    negotiate(accept).ok_or_else(refuse)
}

/// The fork a submitted body is of. One that we cannot read is refused, never guessed; blocks say more of it.
pub(crate) fn fork(headers: &HeaderMap) -> Result<Fork, ApiError> {
    named_fork(headers)?.ok_or_else(|| {
        ApiError::bad_request("header Eth-Consensus-Version is missing: it must name the fork of the body")
    })
}

/// The fork a submitted body is of, where the Beacon API does not ask for it.
pub(crate) fn named_fork(headers: &HeaderMap) -> Result<Option<Fork>, ApiError> {
    let Some(value) = headers.get(CONSENSUS_VERSION) else { return Ok(None) };
    let refuse = |error: &dyn std::fmt::Display| {
        let message = format!("header Eth-Consensus-Version: {error}");
        ApiError::new(400, "unsupported_fork", message)
    };
    let fork: Fork = value.to_str().unwrap_or_default().parse().map_err(|error| refuse(&error))?;
    fork.with_aggregates().map(Some).map_err(|error| refuse(&error))
}

/// A JSON body; the error names line and column.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(format!("malformed JSON: {error}")))
}

/// A value of the path or the query.
pub(crate) fn parse<T>(text: &str, what: &str) -> Result<T, ApiError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let refuse = |error| ApiError::bad_request(format!("{what} {text:.128?} is not valid: {error}"));
    text.parse().map_err(refuse)
}

/// A state or validator id that goes into the path of another request: letters and digits only.
pub(crate) fn plain_id<'a>(text: &'a str, what: &str) -> Result<&'a str, ApiError> {
    let plain =
        !text.is_empty() && text.len() <= 128 && text.chars().all(|letter| letter.is_ascii_alphanumeric());
    plain.then_some(text).ok_or_else(|| ApiError::bad_request(format!("{what} {text:.128?} is not valid")))
}

/// The parameters of a query.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(uri: &Uri) -> Query {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Query(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A parameter that must be there.
    pub(crate) fn required<T>(&self, name: &str) -> Result<T, ApiError>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        self.optional(name)?
            .ok_or_else(|| ApiError::bad_request(format!("query parameter {name} is missing")))
    }

    /// A parameter that may be there.
    pub(crate) fn optional<T>(&self, name: &str) -> Result<Option<T>, ApiError>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let value = self.0.iter().find(|(key, _)| key == name);
        value.map(|(_, value)| parse(value, &format!("query parameter {name}"))).transpose()
    }

    /// A list: the parameter repeated, or its values with commas, or both.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(key, _)| key == name);
        let parts = values.flat_map(|(_, value)| value.split(','));
        parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_repeated_and_with_commas() {
        let uri = Uri::from_static("/path?id=1,2&status=active&id=%33");
        let query = Query::of(&uri);
        assert_eq!(query.list("id"), ["1", "2", "3"]);
        assert_eq!(query.list("status"), ["active"]);
        assert!(query.required::<u64>("slot").is_err());
        assert!(query.optional::<u64>("status").is_err());
        assert_eq!(query.optional::<u64>("slot").expect("absent is fine"), None);
    }

    #[test]
    fn ids_that_could_leave_the_path_are_refused() {
        for id in ["head", "0xab12", "17"] {
            assert!(plain_id(id, "id").is_ok());
        }
        for id in ["", "..", "a/b", "a?b", "%2e"] {
            assert!(plain_id(id, "id").is_err(), "{id}");
        }
    }
}
