//! The proof of a place among a sync subcommittee's aggregators: always JSON, that of the Beacon API.

use duty::Signed;
use eth::{Preset, SignatureBytes, SyncAggregatorSelectionData, SyncCommitteeSelection, ValidatorIndex};

use crate::wire::json;
use crate::wire::reject::Reject;
use crate::wire::subcommittee;

pub(super) fn encode(
    data: SyncAggregatorSelectionData,
    validator: ValidatorIndex,
    signature: SignatureBytes,
) -> Vec<u8> {
    json::write(&SyncCommitteeSelection {
        validator_index: validator,
        slot: data.slot,
        subcommittee_index: data.subcommittee_index,
        selection_proof: signature,
    })
}

pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let json = json::text(bytes).ok_or(Reject::Malformed("sync selection"))?;
    let selection: SyncCommitteeSelection = json::read(json)?;
    let subcommittee_index = subcommittee::sound(preset, selection.subcommittee_index)?;
    let data = SyncAggregatorSelectionData { slot: selection.slot, subcommittee_index };
    Ok((Signed::SyncSelection { data, validator: selection.validator_index }, selection.selection_proof))
}
