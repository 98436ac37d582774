//! Reading answers: untrusted bytes into values, or a problem that says what is wrong.

use eth::{DecodeError, Fork, Genesis, UnknownFork};
use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::call::Answer;
use crate::api::{Data, MediaType};
use crate::error::Problem;

/// A JSON answer of any shape.
pub(crate) fn json<T: DeserializeOwned>(answer: &Answer) -> Result<T, Problem> {
    if media_type(answer) == Some(MediaType::Ssz) {
        return Err(Problem::Malformed("SSZ where JSON was asked".to_owned()));
    }
    serde_json::from_slice(&answer.body).map_err(|error| not_json(answer, &error))
}

/// A JSON answer in the plain envelope.
pub(crate) fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T, Problem> {
    json::<Data<T>>(answer).map(|envelope| envelope.data)
}

/// The encoding an answer claims to have; no claim is taken for JSON.
pub(crate) fn media_type(answer: &Answer) -> Option<MediaType> {
    match answer.headers.get(CONTENT_TYPE) {
        None => Some(MediaType::Json),
        Some(value) => value.to_str().ok().and_then(MediaType::of_content_type),
    }
}

/// A header as text.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).and_then(|value| value.to_str().ok())
}

pub(crate) fn genesis(answer: &Answer) -> Result<Genesis, Problem> {
    data(answer)
}

/// The fork of an answer, by its name.
pub(crate) fn fork(name: &str) -> Result<Fork, Problem> {
    name.parse().map_err(|error: UnknownFork| Problem::UnsupportedFork(error.to_string()))
}

/// A fork that is known, but whose containers are not built in.
pub(crate) fn unsupported(error: DecodeError) -> Problem {
    Problem::UnsupportedFork(error.to_string())
}

/// A part of an answer that is not what it should be.
pub(crate) fn malformed(error: impl std::fmt::Display) -> Problem {
    Problem::Malformed(error.to_string())
}

fn not_json(answer: &Answer, error: &serde_json::Error) -> Problem {
    let claimed = header(answer, CONTENT_TYPE.as_str()).unwrap_or("no content type");
    if MediaType::of_content_type(claimed) == Some(MediaType::Json) {
        Problem::Malformed(error.to_string())
    } else {
        Problem::Malformed(format!("{error} ({claimed:.64})"))
    }
}
