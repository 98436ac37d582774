//! Requests of the validator client for complete selection proofs.

use std::collections::{BTreeMap, BTreeSet};

use eth::{
    AggregatorQuery, BeaconCommitteeSelection, SignatureBytes, Slot, SyncAggregatorSelectionData,
    SyncCommitteeSelection, ValidatorIndex,
};
use qbft::Time;

use crate::{Duty, DutyKind, RequestId, Seat, Signed};

/// Requests held at the same time, at most. Some clients send one for each validator and slot.
const MAX_HELD: usize = 16_384;

/// The held requests.
#[derive(Debug, Default)]
pub(crate) struct Selections(BTreeMap<RequestId, Held>);

#[derive(Debug)]
struct Held {
    asked: Asked,
    answer_by: Time,
    /// The proofs that are not complete yet.
    missing: BTreeSet<(Duty, Seat)>,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Committee(Vec<BeaconCommitteeSelection>),
    Sync(Vec<SyncCommitteeSelection>),
    Aggregators(Vec<AggregatorQuery>),
}

/// One partial proof of a request.
#[derive(Clone, Debug)]
pub(crate) struct AskedItem {
    pub(crate) duty: Duty,
    pub(crate) validator: ValidatorIndex,
    pub(crate) signed: Signed,
    pub(crate) signature: SignatureBytes,
}

impl Asked {
    /// The partial proofs in it, in its order.
    pub(crate) fn items(&self) -> Vec<AskedItem> {
        match self {
            Asked::Committee(items) => items.iter().map(committee_item).collect(),
            Asked::Sync(items) => items.iter().map(sync_item).collect(),
            Asked::Aggregators(items) => {
                let selection = |query: &AggregatorQuery| {
                    committee_item(&BeaconCommitteeSelection {
                        validator_index: query.validator_index,
                        slot: query.slot,
                        selection_proof: query.slot_signature,
                    })
                };
                items.iter().map(selection).collect()
            }
        }
    }

    /// The earliest slot of its sync selections.
    pub(crate) fn sync_slot(&self) -> Option<Slot> {
        match self {
            Asked::Sync(items) => items.iter().map(|item| item.slot).min(),
            Asked::Committee(_) | Asked::Aggregators(_) => None,
        }
    }
}

fn committee_item(selection: &BeaconCommitteeSelection) -> AskedItem {
    let BeaconCommitteeSelection { validator_index, slot, selection_proof } = *selection;
    AskedItem {
        duty: Duty::new(slot, DutyKind::PrepareAggregator),
        validator: validator_index,
        signed: Signed::CommitteeSelection { slot, validator: validator_index },
        signature: selection_proof,
    }
}

fn sync_item(selection: &SyncCommitteeSelection) -> AskedItem {
    let SyncCommitteeSelection { validator_index, slot, subcommittee_index, selection_proof } = *selection;
    let data = SyncAggregatorSelectionData { slot, subcommittee_index };
    AskedItem {
        duty: Duty::new(slot, DutyKind::PrepareSyncContribution),
        validator: validator_index,
        signed: Signed::SyncSelection { data, validator: validator_index },
        signature: selection_proof,
    }
}

impl Selections {
    /// Whether there is room for no more.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MAX_HELD
    }

    /// Holds a request until these proofs are complete, or `answer_by`.
    pub(crate) fn hold(
        &mut self,
        request: RequestId,
        asked: Asked,
        missing: BTreeSet<(Duty, Seat)>,
        answer_by: Time,
    ) {
        self.0.insert(request, Held { asked, answer_by, missing });
    }

    /// Takes note that proofs are complete; the requests that miss nothing more leave.
    pub(crate) fn completed(&mut self, complete: &[(Duty, Seat)]) -> Vec<(RequestId, Asked)> {
        for held in self.0.values_mut() {
            complete.iter().for_each(|proof| _ = held.missing.remove(proof));
        }
        self.release(|held| held.missing.is_empty())
    }

    /// The requests that have waited long enough leave.
    pub(crate) fn expired(&mut self, now: Time) -> Vec<(RequestId, Asked)> {
        self.release(|held| held.answer_by <= now)
    }

    fn release(&mut self, leaves: impl Fn(&Held) -> bool) -> Vec<(RequestId, Asked)> {
        let leaving = self.0.extract_if(.., |_, held| leaves(held));
        leaving.map(|(request, held)| (request, held.asked)).collect()
    }

    /// The earliest moment by which one must be answered.
    pub(crate) fn deadline(&self) -> Option<Time> {
        self.0.values().map(|held| held.answer_by).min()
    }

    /// How many requests are held.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use cluster::GroupKey;
    use eth::PublicKeyBytes;

    use super::*;

    fn proof(slot: u64, validator: u8) -> (Duty, Seat) {
        let key = GroupKey(PublicKeyBytes([validator; 48]));
        (Duty::new(Slot(slot), DutyKind::PrepareAggregator), key.into())
    }

    fn left(left: Vec<(RequestId, Asked)>) -> Vec<u64> {
        left.into_iter().map(|(request, _)| request.0).collect()
    }

    #[test]
    fn a_request_leaves_with_its_last_proof_or_in_time() {
        let mut selections = Selections::default();
        let mut hold = |id, proofs: &[(Duty, Seat)], answer_by| {
            let missing = proofs.iter().copied().collect();
            selections.hold(RequestId(id), Asked::Committee(vec![]), missing, Time(answer_by));
        };
        hold(1, &[proof(1, 1), proof(2, 1)], 10);
        hold(2, &[proof(2, 1)], 20);
        hold(3, &[proof(3, 1)], 30);
        assert_eq!(left(selections.completed(&[proof(2, 1), proof(9, 9)])), [2]);
        assert_eq!((selections.len(), selections.deadline()), (2, Some(Time(10))));
        assert!(left(selections.expired(Time(9))).is_empty());
        assert_eq!(left(selections.expired(Time(10))), [1]);
        assert_eq!(left(selections.completed(&[proof(3, 1)])), [3]);
        assert_eq!((selections.len(), selections.deadline()), (0, None));
    }
}
