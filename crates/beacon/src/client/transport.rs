//! HTTP as all endpoints share it: the connections, what their errors mean, bodies with a limit.

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;

use super::call::Limits;
use super::config::ClientConfig;
use crate::api::ErrorBody;
use crate::error::{Error, Problem};

/// Longest error message kept of an endpoint's answer.
const MESSAGE_MAX: usize = 512;

/// The HTTP client. Root certificates are looked for only if some endpoint needs them: a minimal container without any
/// is fine for beacon nodes on plain HTTP.
pub(crate) fn http_client(config: &ClientConfig, decompress: bool) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder();
    let is_secure = config.endpoints.iter().any(|url| url.scheme() == "https");
    let builder = if is_secure { builder } else { builder.tls_certs_only([]) };
    builder
        .gzip(decompress)
        .connect_timeout(config.timeout)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("phalanx/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::Http { why: innermost(&error) })
}

pub(crate) fn configured_headers(config: &ClientConfig) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(parsed_name), Ok(mut value)) = parsed else {
            return Err(Error::BadHeader { name: name.clone() });
        };
        value.set_sensitive(true);
        headers.append(parsed_name, value);
    }
    Ok(headers)
}

pub(crate) fn transport_problem(error: reqwest::Error) -> Problem {
    if error.is_decode() {
        return Problem::Malformed(format!("its body cannot be decoded ({})", innermost(&error)));
    }
    let why = innermost(&error);
    if error.is_connect() { Problem::Unreachable(why) } else { Problem::Broke(why) }
}

/// The cause at the bottom, which never contains the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if std::ptr::addr_eq(cause, error) { "request could not be made".to_owned() } else { cause.to_string() }
}

pub(crate) async fn status_problem(response: reqwest::Response) -> Problem {
    let code = response.status().as_u16();
    let body = read_capped(response, Limits::ERROR).await.unwrap_or_default();
    match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => Problem::Status { code, message: shortened(&body.message), failures: body.failures },
        Err(_) => Problem::Status {
            code,
            message: shortened(&String::from_utf8_lossy(&body)),
            failures: Vec::new(),
        },
    }
}

/// One printable line of at most [`MESSAGE_MAX`] characters, for it goes into logs.
fn shortened(message: &str) -> String {
    let printable = message.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    printable.take(MESSAGE_MAX).collect::<String>().trim().to_owned()
}

/// Reads a whole body, counting bytes after decompression.
pub(crate) async fn read_capped(response: reqwest::Response, limit: usize) -> Result<Bytes, Problem> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(Problem::TooLarge { limit });
    }
    let mut whole = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(transport_problem)?;
        if whole.len() + chunk.len() > limit {
            return Err(Problem::TooLarge { limit });
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
