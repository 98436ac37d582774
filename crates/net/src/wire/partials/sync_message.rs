//! A sync committee member's word on the head: 144 bytes of SSZ, or JSON.

use duty::Signed;
use eth::{Container, Root, SignatureBytes, Slot, SyncCommitteeMessage, ValidatorIndex};

use crate::wire::json;
use crate::wire::reject::Reject;

pub(super) fn encode(
    slot: Slot,
    block: Root,
    validator: ValidatorIndex,
    signature: SignatureBytes,
) -> Vec<u8> {
    SyncCommitteeMessage { slot, beacon_block_root: block, validator_index: validator, signature }.to_ssz()
}

pub(super) fn decode(bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let message = json::unless(SyncCommitteeMessage::from_ssz(bytes), bytes, json::read)?;
    let SyncCommitteeMessage { slot, beacon_block_root, validator_index, signature } = message;
    Ok((Signed::SyncMessage { slot, block: beacon_block_root, validator: validator_index }, signature))
}
