//! Lists in SSZ, taken apart without decoding their items: a bad item must not cost the others.
//!
//! ```text
//!   items of one size     item item item
//!   items of any size     12 .. ..   item item item        first an offset of four bytes for each item
//! ```

use libssz::DecodeError as SszError;

use crate::DecodeError;

/// Bytes of an offset.
const OFFSET: usize = 4;

/// The bytes of each item of a list. `item_size` is that of [`Container::ssz_size`](crate::Container::ssz_size).
///
/// # Errors
/// [`DecodeError::Ssz`]: the bytes cannot be divided into items.
pub fn split_list(item_size: Option<usize>, ssz: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    match item_size {
        Some(size) => split_fixed(size, ssz),
        None => split_offsets(ssz),
    }
}

/// The SSZ of a list of these items, each in SSZ.
pub fn join_list(item_size: Option<usize>, items: &[Vec<u8>]) -> Vec<u8> {
    let mut ssz = Vec::new();
    if item_size.is_none() {
        let mut offset = items.len() * OFFSET;
        for item in items {
            let written = u32::try_from(offset).expect("a list that is sent is below 4 GiB");
            ssz.extend_from_slice(&written.to_le_bytes());
            offset += item.len();
        }
    }
    ssz.extend(items.iter().flatten());
    ssz
}

fn split_fixed(size: usize, ssz: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    let items = ssz.chunks_exact(size);
    match items.remainder().len() {
        0 => Ok(items.collect()),
        got => Err(SszError::InvalidByteLength { expected: size, got }.into()),
    }
}

fn split_offsets(ssz: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    if ssz.is_empty() {
        return Ok(Vec::new());
    }
    let first = offset_at(ssz, 0)?;
    if first == 0 || !first.is_multiple_of(OFFSET) {
        return Err(SszError::InvalidFirstOffset { expected: OFFSET, got: first }.into());
    }
    let mut items = Vec::with_capacity(first.min(ssz.len()) / OFFSET);
    let mut begin = first;
    for position in (OFFSET..first).step_by(OFFSET) {
        let end = offset_at(ssz, position)?;
        items.push(between(ssz, begin, end)?);
        begin = end;
    }
    items.push(between(ssz, begin, ssz.len())?);
    Ok(items)
}

fn offset_at(ssz: &[u8], position: usize) -> Result<usize, SszError> {
    let bytes = ssz.get(position..).and_then(<[u8]>::first_chunk);
    let bytes = bytes.ok_or(SszError::OffsetOutOfBounds { offset: position, length: ssz.len() })?;
    Ok(u32::from_le_bytes(*bytes) as usize)
}

fn between(ssz: &[u8], begin: usize, end: usize) -> Result<&[u8], SszError> {
    if begin > ssz.len() || end > ssz.len() {
        return Err(SszError::OffsetOutOfBounds { offset: begin.max(end), length: ssz.len() });
    }
    ssz.get(begin..end).ok_or(SszError::OffsetsAreNotMonotonicallyIncreasing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_is_split_again() {
        for items in [vec![], vec![b"one".to_vec()], vec![b"one".to_vec(), b"two".to_vec()]] {
            for size in [Some(3), None] {
                let ssz = join_list(size, &items);
                assert_eq!(split_list(size, &ssz).expect("a list"), items);
            }
        }
        let of_any_size = [b"a".to_vec(), Vec::new(), b"bcd".to_vec()];
        let ssz = join_list(None, &of_any_size);
        assert_eq!(ssz, [12, 0, 0, 0, 13, 0, 0, 0, 13, 0, 0, 0, b'a', b'b', b'c', b'd']);
        assert_eq!(split_list(None, &ssz).expect("a list"), of_any_size);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        split_list(Some(3), b"four").expect_err("one byte too many");
        let hostile: [&[u8]; 7] = [
            &[0, 0, 0],
            &[0, 0, 0, 0],
            &[6, 0, 0, 0, 0, 0],
            &[8, 0, 0, 0],
            &[8, 0, 0, 0, 7, 0, 0, 0],
            &[8, 0, 0, 0, 9, 0, 0, 0],
            &[0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        ];
        for ssz in hostile {
            split_list(None, ssz).expect_err("offsets that lead nowhere");
        }
    }
}
