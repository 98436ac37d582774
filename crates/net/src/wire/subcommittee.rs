//! The index of a sync subcommittee, as peers send it.

use eth::{DecodeError, Preset, SYNC_SUBCOMMITTEES, SubcommitteeIndex};

/// The index, if there is such a subcommittee. State is kept for each that is heard of.
pub(super) fn sound(preset: Preset, index: SubcommitteeIndex) -> Result<SubcommitteeIndex, DecodeError> {
    if index.0 < SYNC_SUBCOMMITTEES {
        Ok(index)
    } else {
        Err(DecodeError::OutOfRange { what: "the index of a sync subcommittee", preset })
    }
}
