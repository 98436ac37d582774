//! The proof of a place among a committee's aggregators: always JSON, that of the Beacon API.

use duty::Signed;
use eth::{BeaconCommitteeSelection, SignatureBytes, Slot, ValidatorIndex};

use crate::wire::json;
use crate::wire::reject::Reject;

pub(super) fn encode(slot: Slot, validator: ValidatorIndex, signature: SignatureBytes) -> Vec<u8> {
    json::write(&BeaconCommitteeSelection { validator_index: validator, slot, selection_proof: signature })
}

pub(super) fn decode(bytes: &[u8]) -> Result<(Signed, SignatureBytes), Reject> {
    let json = json::text(bytes).ok_or(Reject::Malformed("committee selection"))?;
    let BeaconCommitteeSelection { validator_index, slot, selection_proof } = json::read(json)?;
    Ok((Signed::CommitteeSelection { slot, validator: validator_index }, selection_proof))
}
