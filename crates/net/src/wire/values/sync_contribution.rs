//! What sync subcommittees signed: one contribution as SSZ without a header, or as JSON; several as a JSON array, which
//! not every peer reads (charon-wire 4.8).

use eth::{Preset, SyncCommitteeContribution};
use serde_json::value::RawValue;

use crate::wire::json;
use crate::wire::reject::Reject;
use crate::wire::subcommittee;

/// Bytes of an array that are looked into: more than one contribution of each subcommittee takes.
const MAX_ARRAY: usize = 16 << 10;

/// `contributions` are those of one validator: at least one, by ascending subcommittee.
pub(super) fn encode(contributions: &[SyncCommitteeContribution]) -> Vec<u8> {
    match contributions {
        [single] => single.to_ssz(),
        several => json::write(several),
    }
}

/// SSZ is tried first: it begins with a slot, hence with any byte.
pub(super) fn decode(preset: Preset, bytes: &[u8]) -> Result<Vec<SyncCommitteeContribution>, Reject> {
    let contributions = if let Ok(single) = SyncCommitteeContribution::from_ssz(preset, bytes) {
        vec![single]
    } else if let Some(array) = json::array(bytes) {
        several(preset, array)?
    } else if let Some(object) = json::text(bytes) {
        vec![SyncCommitteeContribution::from_json(preset, object)?]
    } else {
        return Err(Reject::Malformed("sync contribution"));
    };
    for contribution in &contributions {
        subcommittee::sound(preset, contribution.subcommittee_index())?;
    }
    Ok(contributions)
}

fn several(preset: Preset, array: &[u8]) -> Result<Vec<SyncCommitteeContribution>, Reject> {
    if array.len() > MAX_ARRAY {
        return Err(Reject::Contributions);
    }
    let items: Vec<&RawValue> = json::read(array)?;
    let contribution = |item: &RawValue| SyncCommitteeContribution::from_json(preset, item.get().as_bytes());
    let contributions = items.into_iter().map(contribution).collect::<Result<Vec<_>, _>>()?;
    let ascending =
        contributions.is_sorted_by(|one, next| one.subcommittee_index() < next.subcommittee_index());
    if contributions.is_empty() || !ascending { Err(Reject::Contributions) } else { Ok(contributions) }
}
