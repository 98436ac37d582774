//! The JSON forms that peers may send instead of SSZ.

use eth::DecodeError;
use serde::Deserialize;

use super::reject::Reject;

/// The text, when the bytes look like a JSON object. SSZ of ours never begins with a brace or a blank: its first byte
/// is an offset or a fork number.
pub(super) fn text(bytes: &[u8]) -> Option<&[u8]> {
    let trimmed = bytes.trim_ascii();
    trimmed.starts_with(b"{").then_some(trimmed)
}

/// Reads an object; unknown fields are ignored.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Reject> {
    serde_json::from_slice(text).map_err(|error| DecodeError::from(error).into())
}
