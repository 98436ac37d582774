//! Comparing what was due in a slot with what came.

use eth::{CommitteeIndex, Slot, SubcommitteeIndex, ValidatorIndex};

use super::super::schedule::SyncCommittee;
use super::super::truth::{AggregateTruth, AttesterTruth, ContributionTruth, SlotTruth, SyncMemberTruth};
use super::World;

/// `TARGET_AGGREGATORS_PER_COMMITTEE`, and the same for sync subcommittees: below twice as many everybody aggregates.
const TARGET_AGGREGATORS: usize = 16;

impl World {
    /// What became of a slot's duties so far.
    pub(crate) fn slot_truth(&self, slot: Slot) -> SlotTruth {
        let committees = self.committees(slot);
        let indices = committees.indices();
        let sync = self.schedule.sync_committee_signing(slot);
        let next = self.tree.canonical(Slot(slot.0.saturating_add(1)));
        let included = next.map(|block| &block.sync_seats[..]);
        SlotTruth {
            attesters: self.attesters(slot).into_iter().map(|each| self.attester_truth(slot, each)).collect(),
            proposal: self.truth.proposal(slot).copied(),
            right_head: self.tree.ancestor(&self.tree.head().root, slot).map(|block| block.root),
            aggregates: indices
                .flat_map(|committee| {
                    self.aggregate_truths(slot, committee, committees.members(slot, committee))
                })
                .collect(),
            sync_members: self.sync_member_truths(slot, &sync, included.unwrap_or_default()),
            contributions: SyncCommittee::subcommittees()
                .flat_map(|part| {
                    self.contribution_truths(slot, part, sync.subcommittee(part).unwrap_or_default())
                })
                .collect(),
            sync_seats_included: included.map(<[usize]>::len),
        }
    }

    fn attester_truth(&self, slot: Slot, validator: ValidatorIndex) -> AttesterTruth {
        AttesterTruth {
            validator,
            attested: self.truth.attestation(slot, validator).copied(),
            included: self.tree.inclusion(slot, validator),
        }
    }

    fn aggregate_truths(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
        members: &[ValidatorIndex],
    ) -> Vec<AggregateTruth> {
        let came =
            self.truth.aggregates(slot, committee).map(|(aggregator, aggregated)| (aggregator, *aggregated));
        let due = due(members, members.len(), came.collect());
        due.map(|(aggregator, aggregated)| AggregateTruth { committee, aggregator, aggregated }).collect()
    }

    fn contribution_truths(
        &self,
        slot: Slot,
        subcommittee: SubcommitteeIndex,
        seats: &[ValidatorIndex],
    ) -> Vec<ContributionTruth> {
        let came = self
            .truth
            .contributions(slot, subcommittee)
            .map(|(aggregator, came)| (aggregator, *came))
            .collect();
        let mut members = seats.to_vec();
        members.sort_unstable();
        members.dedup();
        let due = due(&members, seats.len(), came);
        due.map(|(aggregator, contributed)| ContributionTruth { subcommittee, aggregator, contributed })
            .collect()
    }

    fn sync_member_truths(
        &self,
        slot: Slot,
        sync: &SyncCommittee,
        included: &[usize],
    ) -> Vec<SyncMemberTruth> {
        let truth = |validator| {
            let seats = sync.seats_of(validator);
            let included = seats.iter().filter(|seat| included.contains(&(seat.0 as usize)));
            SyncMemberTruth {
                validator,
                seats: seats.len(),
                signed: self.truth.sync_message(slot, validator).copied(),
                seats_included: included.count(),
            }
        };
        sync.members().into_iter().map(truth).collect()
    }
}

/// Who is known to aggregate, and what came: every member where all do; else those who did, or nobody in particular.
fn due<T: Copy>(
    members: &[ValidatorIndex],
    seats: usize,
    came: Vec<(ValidatorIndex, T)>,
) -> impl Iterator<Item = (Option<ValidatorIndex>, Option<T>)> {
    let of = |member: &ValidatorIndex| {
        came.iter().find(|(aggregator, _)| aggregator == member).map(|(_, came)| *came)
    };
    let due: Vec<_> = match seats {
        0 => Vec::new(),
        few if few < 2 * TARGET_AGGREGATORS => {
            members.iter().map(|member| (Some(*member), of(member))).collect()
        }
        _ if came.is_empty() => vec![(None, None)],
        _ => came.iter().map(|(aggregator, came)| (Some(*aggregator), Some(*came))).collect(),
    };
    due.into_iter()
}
