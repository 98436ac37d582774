//! Putting a signature around a proposal's SSZ, and taking it off, without decoding what is inside.
//!
//! ```text
//!   BlindedBeaconBlock         block
//!   SignedBlindedBeaconBlock   100 signature block
//!   BlockContents              12 proofs blobs                 block, proofs, blobs
//!   SignedBlockContents        12 proofs+100 blobs+100         100 signature block, proofs, blobs
//! ```
//!
//! The numbers and the words before the gap are offsets of four bytes each.

use libssz::DecodeError as SszError;

use crate::{DecodeError, SignatureBytes};

/// Bytes of an offset.
const OFFSET: usize = 4;
/// What a signature adds: the offset of the block, and itself.
const SIGNED: u32 = 100;
/// Where the block begins in block contents: after three offsets.
const CONTENTS: u32 = 12;

/// Adds the signature to the SSZ of a proposal that was found to be sound.
pub(super) fn close(blinded: bool, unsigned: &[u8], signature: &SignatureBytes) -> Vec<u8> {
    let mut signed = Vec::with_capacity(unsigned.len() + SIGNED as usize);
    let mut block = unsigned;
    if !blinded {
        let [_, proofs, blobs] = offsets(&mut block).expect("sound block contents begin with three offsets");
        append(&mut signed, [CONTENTS, proofs + SIGNED, blobs + SIGNED]);
    }
    append(&mut signed, [SIGNED]);
    signed.extend_from_slice(signature.as_bytes());
    signed.extend_from_slice(block);
    signed
}

/// Takes the signature off. What is left has still to be decoded; everything that is lost is checked here.
pub(super) fn open(blinded: bool, signed: &[u8]) -> Result<(Vec<u8>, SignatureBytes), DecodeError> {
    let mut unsigned = Vec::with_capacity(signed.len());
    let mut rest = signed;
    if !blinded {
        let [block, proofs, blobs] = offsets(&mut rest)?;
        expect(block, CONTENTS)?;
        append(&mut unsigned, [CONTENTS, without_signature(proofs)?, without_signature(blobs)?]);
    }
    let [block] = offsets(&mut rest)?;
    expect(block, SIGNED)?;
    let (signature, block) = rest.split_first_chunk().ok_or(too_short(SIGNED as usize, signed.len()))?;
    unsigned.extend_from_slice(block);
    Ok((unsigned, SignatureBytes(*signature)))
}

fn without_signature(offset: u32) -> Result<u32, SszError> {
    offset.checked_sub(SIGNED).ok_or(SszError::OffsetsAreNotMonotonicallyIncreasing)
}

fn expect(found: u32, expected: u32) -> Result<(), SszError> {
    if found == expected {
        return Ok(());
    }
    Err(SszError::InvalidFirstOffset { expected: expected as usize, got: found as usize })
}

/// Reads offsets off the front.
fn offsets<const N: usize>(bytes: &mut &[u8]) -> Result<[u32; N], SszError> {
    let mut found = [0; N];
    for offset in &mut found {
        let (first, rest) = bytes.split_first_chunk::<OFFSET>().ok_or(too_short(OFFSET, bytes.len()))?;
        *offset = u32::from_le_bytes(*first);
        *bytes = rest;
    }
    Ok(found)
}

fn append<const N: usize>(bytes: &mut Vec<u8>, offsets: [u32; N]) {
    for offset in offsets {
        bytes.extend_from_slice(&offset.to_le_bytes());
    }
}

fn too_short(expected: usize, got: usize) -> SszError {
    SszError::InvalidByteLength { expected, got }
}
