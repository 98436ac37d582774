//! `google.protobuf.Any`: a message with the name of its type.

use super::fields::{Field, Fields, put_bytes};
use super::reject::Reject;

/// The type of attestation data, blocks and the like that a cluster agrees on.
pub(super) const UNSIGNED_DATA_SET: &str = "type.googleapis.com/core.corepb.v1.UnsignedDataSet";
const STRING_VALUE: &str = "type.googleapis.com/google.protobuf.Value";

/// Wraps a message.
pub(super) fn encode(type_url: &str, message: &[u8]) -> Vec<u8> {
    let mut any = Vec::with_capacity(message.len() + type_url.len() + 16);
    put_bytes(1, type_url.as_bytes(), &mut any);
    if !message.is_empty() {
        put_bytes(2, message, &mut any);
    }
    any
}

/// The type's name and the message inside.
pub(super) fn decode(any: &[u8]) -> Result<(&str, &[u8]), Reject> {
    let (mut type_url, mut message): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields::of(any) {
        match field? {
            Field::Bytes(1, bytes) => type_url = bytes,
            Field::Bytes(2, bytes) => message = bytes,
            _ => return Err(Reject::NotCanonical("a wrapped value")),
        }
    }
    let type_url =
        std::str::from_utf8(type_url).map_err(|_| Reject::Protobuf("type name is not text".to_owned()))?;
    Ok((type_url, message))
}

/// A text, wrapped as the priority protocol does; it is hashed with its wrapping (charon-wire 4.9).
pub fn string_any(text: &str) -> Vec<u8> {
    let mut value = Vec::new();
    put_bytes(3, text.as_bytes(), &mut value);
    encode(STRING_VALUE, &value)
}
