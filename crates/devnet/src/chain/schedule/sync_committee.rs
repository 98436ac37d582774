//! The sync committee of a period.

use std::collections::BTreeSet;

use eth::{SYNC_SUBCOMMITTEES, SubcommitteeIndex, SyncCommitteePosition, ValidatorIndex};

/// Who sits where. A validator may have several seats, also in the same subcommittee.
#[derive(Debug)]
pub(crate) struct SyncCommittee {
    seats: Vec<ValidatorIndex>,
}

impl SyncCommittee {
    pub(super) fn new(seats: Vec<ValidatorIndex>) -> SyncCommittee {
        SyncCommittee { seats }
    }

    /// Who sits in each seat.
    pub(crate) fn seats(&self) -> &[ValidatorIndex] {
        &self.seats
    }

    /// Every member once.
    pub(crate) fn members(&self) -> BTreeSet<ValidatorIndex> {
        self.seats.iter().copied().collect()
    }

    /// A validator's seats.
    pub(crate) fn seats_of(&self, validator: ValidatorIndex) -> Vec<SyncCommitteePosition> {
        let mine = self.seats.iter().enumerate().filter(|(_, member)| **member == validator);
        mine.map(|(seat, _)| SyncCommitteePosition(seat as u64)).collect()
    }

    /// Who sits in each seat of a subcommittee, if there is such a one.
    pub(crate) fn subcommittee(&self, index: SubcommitteeIndex) -> Option<&[ValidatorIndex]> {
        let at = usize::try_from(index.0).ok().filter(|_| index.0 < SYNC_SUBCOMMITTEES)?;
        self.seats.chunks(self.subcommittee_size()).nth(at)
    }

    /// Every subcommittee.
    pub(crate) fn subcommittees() -> impl Iterator<Item = SubcommitteeIndex> {
        (0..SYNC_SUBCOMMITTEES).map(SubcommitteeIndex)
    }

    /// Seats in a subcommittee.
    pub(crate) fn subcommittee_size(&self) -> usize {
        self.seats.len() / SYNC_SUBCOMMITTEES as usize
    }
}
