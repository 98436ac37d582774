//! Lists that are handed in: every item is read and judged on its own, and one bad item costs the others nothing.

use std::future::Future;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use eth::{DecodeError, Preset, split_list};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::request::{media_type, whole};
use super::{ApiError, App};
use crate::api::{IndexedFailure, LIST_BODY_MAX, LIST_ITEMS_MAX, MediaType};

/// Longest message about one item.
const MESSAGE_MAX: usize = 256;

/// What a list is of.
pub(crate) struct Kind<T> {
    /// The items in messages: `attestations`.
    pub(crate) name: &'static str,
    pub(crate) from_json: fn(Preset, &[u8]) -> Result<T, DecodeError>,
    /// `None`: the Beacon API has these lists in JSON only.
    pub(crate) ssz: Option<Ssz<T>>,
}

/// How a list's SSZ is read.
pub(crate) struct Ssz<T> {
    /// Bytes of an item; `None` when they vary.
    pub(crate) item_size: fn(Preset) -> Option<usize>,
    pub(crate) from_ssz: fn(Preset, &[u8]) -> Result<T, DecodeError>,
}

/// A list with its readable items, each with its position, and what is wrong with the others.
pub(crate) struct Batch<T> {
    name: &'static str,
    /// How many items there were.
    pub(crate) submitted: usize,
    readable: Vec<(usize, T)>,
    failures: Vec<IndexedFailure>,
}

impl<B> App<B> {
    /// Reads a list in the encoding that its content type names.
    ///
    /// # Errors
    /// When it is no list at all, larger than a list may be, or in an encoding the Beacon API does not have for it.
    pub(crate) async fn batch<T>(
        &self,
        kind: &Kind<T>,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Batch<T>, ApiError> {
        let encoding = match kind.ssz {
            Some(_) => media_type(headers, &[MediaType::Json, MediaType::Ssz]),
            None => media_type(headers, &[MediaType::Json]),
        }?;
        let body = whole(body, LIST_BODY_MAX, self.config.body_timeout).await?;
        kind.read(self.spec.preset, encoding, &body)
    }
}

impl<T> Kind<T> {
    fn read(&self, preset: Preset, encoding: MediaType, body: &[u8]) -> Result<Batch<T>, ApiError> {
        match &self.ssz {
            Some(ssz) if encoding == MediaType::Ssz => {
                let items = split_list((ssz.item_size)(preset), body).map_err(|error| {
                    ApiError::bad_request(format!("malformed SSZ, expected a list of {}: {error}", self.name))
                })?;
                self.gather(items.into_iter().map(|item| (ssz.from_ssz)(preset, item)))
            }
            _ => {
                let items: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
                    ApiError::bad_request(format!("malformed JSON, expected a list: {error}"))
                })?;
                self.gather(items.into_iter().map(|item| (self.from_json)(preset, item.get().as_bytes())))
            }
        }
    }

    fn gather(
        &self,
        items: impl ExactSizeIterator<Item = Result<T, DecodeError>>,
    ) -> Result<Batch<T>, ApiError> {
        let submitted = items.len();
        if submitted > LIST_ITEMS_MAX {
            let message = format!("{submitted} {} are more than the {LIST_ITEMS_MAX} of a list", self.name);
            return Err(ApiError::new(413, "too_large", message));
        }
        let mut batch = Batch { name: self.name, submitted, readable: Vec::new(), failures: Vec::new() };
        for (index, item) in items.enumerate() {
            match item {
                Ok(item) => batch.readable.push((index, item)),
                Err(error) => batch.refuse(index, &error.to_string()),
            }
        }
        Ok(batch)
    }
}

impl<T> Batch<T> {
    /// Hands the readable items to `judge`, which has one verdict for each, and answers the Beacon API's way: nothing
    /// when all were taken, else the position of each refused one with the reason.
    pub(crate) async fn judged<F>(mut self, judge: impl FnOnce(Vec<T>) -> F) -> Response
    where
        F: Future<Output = Vec<Result<(), ApiError>>>,
    {
        let readable = std::mem::take(&mut self.readable);
        let (positions, items): (Vec<usize>, Vec<T>) = readable.into_iter().unzip();
        let verdicts = if items.is_empty() { Vec::new() } else { judge(items).await };
        assert_eq!(verdicts.len(), positions.len(), "the backend judges every item once");
        for (index, verdict) in positions.into_iter().zip(verdicts) {
            if let Err(error) = verdict {
                self.refuse(index, &error.message);
            }
        }
        self.respond()
    }

    /// The positions of the readable items, and the items; for questions, which are answered item by item.
    ///
    /// # Errors
    /// When there are items and none can be read.
    pub(crate) fn readable(self) -> Result<(Vec<usize>, Vec<T>), ApiError> {
        if let Some(first) = self.failures.first() {
            let (unread, message) = (self.failures.len(), &first.message);
            let message = format!("{unread} of {} {} cannot be read: {message}", self.submitted, self.name);
            if self.readable.is_empty() {
                return Err(ApiError::bad_request(message));
            }
            tracing::warn!("Validator client sent a question that is answered in part: {message}");
        }
        Ok(self.readable.into_iter().unzip())
    }

    fn refuse(&mut self, index: usize, message: &str) {
        self.failures.push(IndexedFailure { index, message: message.chars().take(MESSAGE_MAX).collect() });
    }

    fn respond(mut self) -> Response {
        if self.failures.is_empty() {
            return StatusCode::OK.into_response();
        }
        self.failures.sort_by_key(|failure| failure.index);
        let (refused, submitted) = (self.failures.len(), self.submitted);
        let message = format!("{refused} of {submitted} {} were refused, the others taken", self.name);
        ApiError::new(400, "items_refused", message).with_failures(self.failures)
    }
}

/// An item whose JSON does not depend on the preset.
pub(crate) fn plain_json<T: DeserializeOwned>(_: Preset, json: &[u8]) -> Result<T, DecodeError> {
    Ok(serde_json::from_slice(json)?)
}

/// SSZ of items that do not depend on the preset.
pub(crate) const fn plain_ssz<T: eth::Container>() -> Option<Ssz<T>> {
    Some(Ssz { item_size: |_| T::ssz_size(), from_ssz: |_, ssz| T::from_ssz(ssz) })
}
