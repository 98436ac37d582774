//! Protobuf fields, read one by one without copying, and written in Go's deterministic form.
//!
//! prost leaves empty keys and values out of map entries, drops unknown fields, and allocates before anything is
//! counted; where that matters, messages are read and written here.

use prost::encoding::{decode_varint, encode_varint};

use super::reject::Reject;

/// A field's number and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// A message, string or byte string.
    Bytes(u32, &'a [u8]),
    /// A number of any kind; our containers have none, so its value does not matter.
    Number(u32),
}

/// The fields of a message, in their order.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Fields<'a> {
        Fields(message)
    }

    fn field(&mut self) -> Result<Field<'a>, Reject> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| malformed("field number"))?;
        match tag & 7 {
            0 => self.varint().map(|_| Field::Number(number)),
            1 => self.take(8).map(|_| Field::Number(number)),
            2 => {
                let length = self.varint()?;
                self.take(length).map(|bytes| Field::Bytes(number, bytes))
            }
            5 => self.take(4).map(|_| Field::Number(number)),
            _ => Err(malformed("wire type")),
        }
    }

    fn varint(&mut self) -> Result<u64, Reject> {
        decode_varint(&mut self.0).map_err(Reject::from)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Reject> {
        let length = usize::try_from(length).map_err(|_| malformed("length"))?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| malformed("length"))?;
        self.0 = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

fn malformed(what: &str) -> Reject {
    Reject::Protobuf(format!("bad {what}"))
}

/// One entry of a map: key and value, either of which may have been left out as empty.
pub(super) fn map_entry(entry: &[u8]) -> Result<(&[u8], &[u8]), Reject> {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields::of(entry) {
        match field? {
            Field::Bytes(1, bytes) => key = bytes,
            Field::Bytes(2, bytes) => value = bytes,
            _ => return Err(Reject::NotCanonical("a map entry")),
        }
    }
    Ok((key, value))
}

/// Writes a message, string or byte string, even when it is empty.
pub(super) fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_varint(u64::from(number << 3 | 2), out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Writes a map entry with both its key and its value, as Go does.
pub(super) fn put_map_entry(number: u32, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let mut entry = Vec::with_capacity(key.len() + value.len() + 16);
    put_bytes(1, key, &mut entry);
    put_bytes(2, value, &mut entry);
    put_bytes(number, &entry, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_order() {
        let mut message = Vec::new();
        put_bytes(3, b"abc", &mut message);
        message.extend([0x08, 0x96, 0x01]);
        put_bytes(1, b"", &mut message);
        let fields: Vec<_> = Fields::of(&message).map(|field| field.expect("a proper message")).collect();
        assert_eq!(fields, [Field::Bytes(3, b"abc"), Field::Number(1), Field::Bytes(1, b"")]);
    }

    #[test]
    fn broken_messages_end_with_an_error() {
        for broken in [&[0x0a][..], &[0x0a, 5, 1], &[0x00, 1], &[0x0b], &[0xff; 11], &[0x09, 1, 2]] {
            let last = Fields::of(broken).last().expect("at least the error");
            assert!(last.is_err(), "{broken:02x?}");
        }
    }
}
