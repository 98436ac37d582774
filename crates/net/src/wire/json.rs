//! The JSON forms that peers may send instead of SSZ.

use eth::DecodeError;
use serde::{Deserialize, Serialize};

use super::reject::Reject;

/// The text, when the bytes look like a JSON object. SSZ that begins with an offset or a fork number never does; for
/// other SSZ there is [`unless`].
pub(super) fn text(bytes: &[u8]) -> Option<&[u8]> {
    beginning_with(b"{", bytes)
}

/// The text, when the bytes look like a JSON array.
pub(super) fn array(bytes: &[u8]) -> Option<&[u8]> {
    beginning_with(b"[", bytes)
}

fn beginning_with<'a>(bracket: &[u8], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let trimmed = bytes.trim_ascii();
    trimmed.starts_with(bracket).then_some(trimmed)
}

/// What the bytes are as SSZ; if they are none, what they are as JSON. For SSZ that may begin with any byte, and has a
/// size that no JSON of the type has.
pub(super) fn unless<'a, T>(
    ssz: Result<T, DecodeError>,
    bytes: &'a [u8],
    read: impl FnOnce(&'a [u8]) -> Result<T, Reject>,
) -> Result<T, Reject> {
    match (ssz, text(bytes)) {
        (Err(_), Some(json)) => read(json),
        (ssz, _) => Ok(ssz?),
    }
}

/// Reads an object or array; unknown fields are ignored.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Reject> {
    serde_json::from_slice(text).map_err(|error| DecodeError::from(error).into())
}

/// Writes numbers and texts, which always make JSON.
pub(super) fn write(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    serde_json::to_vec(value).expect("numbers and texts always make JSON")
}
