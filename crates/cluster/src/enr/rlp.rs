//! As much of RLP as a node record needs: strings, and lists of them. Reading never copies and never panics.

/// A string with its header.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    match *bytes {
        [single] if single < 0x80 => vec![single],
        _ => with_header(0x80, bytes),
    }
}

/// A list with its header around items already encoded.
pub(super) fn list(items: &[u8]) -> Vec<u8> {
    with_header(0xc0, items)
}

/// How RLP writes numbers.
pub(super) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// The string at the front, and what follows it.
pub(super) fn take_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes.first()? {
        0xc0.. => None,
        _ => take_item(bytes),
    }
}

/// The payload of the list at the front, and what follows it.
pub(super) fn take_list(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes.first()? {
        0xc0.. => take_item(bytes),
        _ => None,
    }
}

/// The payload of whatever is at the front, and what follows it.
pub(super) fn take_item(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..0x80 => bytes.split_at_checked(1),
        0x80..0xb8 => rest.split_at_checked(usize::from(first - 0x80)),
        0xb8..0xc0 => take_long(usize::from(first - 0xb7), rest),
        0xc0..0xf8 => rest.split_at_checked(usize::from(first - 0xc0)),
        0xf8.. => take_long(usize::from(first - 0xf7), rest),
    }
}

fn take_long(length_bytes: usize, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    // Records end at 300 bytes: a length of more than two bytes is never honest.
    let (length, rest) = rest.split_at_checked(length_bytes)?;
    let length = match *length {
        [low] if low >= 56 => usize::from(low),
        [high, low] if high > 0 => usize::from(u16::from_be_bytes([high, low])),
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn with_header(base: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a node record has at most 300 bytes");
    let length_bytes = length.to_be_bytes();
    let mut encoded = match length_bytes {
        [0, low] if low < 56 => vec![base + low],
        [0, low] => vec![base + 56, low],
        [high, low] => vec![base + 57, high, low],
    };
    encoded.extend_from_slice(payload);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_every_header_form_round_trip() {
        for length in [0, 1, 2, 55, 56, 255, 256, 300] {
            let bytes = vec![0x91; length];
            let encoded = string(&bytes);
            assert_eq!(take_string(&encoded), Some((bytes.as_slice(), [].as_slice())), "{length} bytes");
        }
        assert_eq!(string(&[5]), [5]);
    }

    #[test]
    fn lengths_beyond_the_end_are_refused() {
        for hostile in
            [&[0x81][..], &[0xb8, 60], &[0xb8], &[0xf9, 1], &[0xbf, 255, 255, 255, 255, 255, 255, 255, 255]]
        {
            assert_eq!(take_item(hostile), None, "{hostile:02x?}");
        }
    }
}
