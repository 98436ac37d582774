//! The header that tells the fork of what follows (charon-wire 4.8 and 5.3).

use eth::Fork;

use super::reject::Reject;

/// The header of a block: fork, form, and the offset of the block behind it.
pub(super) struct BlockHeader {
    pub(super) fork: Fork,
    pub(super) blinded: bool,
}

/// Bytes of a block's header; its last four say so.
const BLOCK_HEADER: u32 = 13;

impl BlockHeader {
    pub(super) fn encode(&self) -> Vec<u8> {
        let offset = BLOCK_HEADER.to_le_bytes();
        [&self.fork.number().to_le_bytes()[..], &[u8::from(self.blinded)], &offset].concat()
    }

    /// The header, and what follows it.
    pub(super) fn decode(bytes: &[u8]) -> Result<(BlockHeader, &[u8]), Reject> {
        let malformed = Reject::Malformed("block header");
        let header = bytes.split_first_chunk::<8>().and_then(|(version, rest)| {
            let (form, rest) = rest.split_first()?;
            let (offset, block) = rest.split_first_chunk::<4>()?;
            Some((u64::from_le_bytes(*version), *form, u32::from_le_bytes(*offset), block))
        });
        match header {
            Some((version, form @ (0 | 1), BLOCK_HEADER, block)) => {
                Ok((BlockHeader { fork: fork(version)?, blinded: form == 1 }, block))
            }
            _ => Err(malformed),
        }
    }
}

/// Bytes of the header of an attestation or aggregate, fork and offset; the offset says so.
const AGGREGATE_HEADER: u32 = 12;

/// An attestation or aggregate of that fork, behind its header.
pub(super) fn encode_aggregate(fork: Fork, ssz: &[u8]) -> Vec<u8> {
    [&fork.number().to_le_bytes()[..], &AGGREGATE_HEADER.to_le_bytes(), ssz].concat()
}

/// The SSZ of an attestation or aggregate, behind its header.
pub(super) fn aggregate(bytes: &[u8]) -> Result<&[u8], Reject> {
    let header = bytes.split_first_chunk::<8>().and_then(|(version, rest)| {
        let (offset, ssz) = rest.split_first_chunk::<4>()?;
        Some((u64::from_le_bytes(*version), u32::from_le_bytes(*offset), ssz))
    });
    match header {
        Some((version, AGGREGATE_HEADER, ssz)) => fork_of_aggregate(version).map(|_| ssz),
        _ => Err(Reject::Malformed("aggregate header")),
    }
}

/// The fork of an attestation or aggregate. Those that are built in share their bytes, whatever their roots.
pub(super) fn fork_of_aggregate(number: u64) -> Result<Fork, Reject> {
    Ok(fork(number)?.with_aggregates()?)
}

/// The fork of that number.
pub(super) fn fork(number: u64) -> Result<Fork, Reject> {
    Ok(Fork::try_from(number)?)
}
