//! Who aggregates, of what, and when that begins: what selection proofs and earlier duties tell.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use eth::{AttestationData, Root, Slot, SubcommitteeIndex};

use super::Engine;
use crate::agreement::Agreement;
use crate::consent::Consent;
use crate::known_bugs::{KnownBug, is_on};
use crate::partials::Collection;
use crate::{Content, Duty, DutyKind, Fetch, Output, Reason, Seat, Signed, WantedContribution};

impl Engine {
    /// Begins to aggregate what is due, or waits for somebody to be selected.
    pub(super) fn begin_aggregating(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let (proving, seats) = self.provers(duty);
        self.expect(proving, seats, out);
        for (seat, _) in self.all_complete(proving) {
            self.done(proving, seat, out);
        }
        if self.aggregators(duty).is_empty() && !self.agreements.contains_key(&duty) {
            self.unselected.insert(duty);
        } else {
            self.begin_agreement(duty, out);
        }
    }

    /// Begins what a peer has begun: it knows of somebody selected, and what this node does not know must not cost the
    /// cluster its vote. A node that restarted may have lost its own share of the proofs.
    pub(super) fn join(&mut self, duty: Duty, out: &mut Vec<Output>) {
        if self.unselected.remove(&duty) {
            self.begin_agreement(duty, out);
        }
    }

    /// Takes note that selection proofs are complete: somebody may have turned out to aggregate what is due.
    pub(super) fn proved(&mut self, proving: Duty, out: &mut Vec<Output>) {
        let duty = match proving.kind {
            DutyKind::PrepareAggregator => Duty::new(proving.slot, DutyKind::Aggregator),
            _ => Duty::new(proving.slot, DutyKind::SyncContribution),
        };
        if self.aggregators(duty).is_empty() {
            return;
        }
        if self.unselected.remove(&duty) {
            self.begin_agreement(duty, out);
        } else if self.running.contains(&duty) {
            let seats = self.aggregators(duty);
            self.expect(duty, seats, out);
            self.fetch(duty, out);
            self.judge(duty, out);
        }
    }

    /// What a duty that aggregates builds on has come: there is something to fetch and to judge.
    pub(super) fn resume(&mut self, duty: Duty, out: &mut Vec<Output>) {
        if self.running.contains(&duty) {
            self.fetch(duty, out);
            self.judge(duty, out);
        }
    }

    /// The duty of proving a selection for this one, and whose it is.
    fn provers(&self, duty: Duty) -> (Duty, Vec<Seat>) {
        if duty.kind == DutyKind::Aggregator {
            let on_duty = self.schedule.attesters(&self.window, duty.slot).into_iter().flatten();
            let seats = on_duty.map(|(key, _)| Seat::from(*key)).collect();
            return (Duty::new(duty.slot, DutyKind::PrepareAggregator), seats);
        }
        let members = self.schedule.sync_members(&self.window, duty.slot);
        let seats = members.values().flat_map(|member| {
            member
                .subcommittees
                .iter()
                .map(|subcommittee| Seat { key: member.key, subcommittee: *subcommittee })
        });
        (Duty::new(duty.slot, DutyKind::PrepareSyncContribution), seats.collect())
    }

    fn all_complete(&self, duty: Duty) -> Vec<(Seat, eth::SignatureBytes)> {
        let complete = self.collections.get(&duty).into_iter().flat_map(Collection::all_complete);
        complete.map(|(seat, complete)| (*seat, complete.signature)).collect()
    }

    /// Whether they aggregate in that slot, of those whose complete selection proof is here.
    pub(super) fn selected(&self, duty: Duty) -> BTreeMap<Seat, bool> {
        if duty.kind == DutyKind::Aggregator {
            let on_duty = self.schedule.attesters(&self.window, duty.slot);
            let proofs = self.all_complete(Duty::new(duty.slot, DutyKind::PrepareAggregator)).into_iter();
            let selected = proofs.filter_map(|(seat, proof)| {
                let place = on_duty?.get(&seat.key)?;
                Some((seat, eth::is_aggregator(place.committee_length, &proof)))
            });
            return selected.collect();
        }
        let members = self.schedule.sync_members(&self.window, duty.slot);
        let sits = |seat: &Seat| {
            members.get(&seat.key).is_some_and(|member| member.subcommittees.contains(&seat.subcommittee))
        };
        let proofs = self.all_complete(Duty::new(duty.slot, DutyKind::PrepareSyncContribution)).into_iter();
        let preset = self.window.spec().preset;
        let selected = proofs
            .filter(|(seat, _)| sits(seat))
            .map(|(seat, proof)| (seat, eth::is_sync_committee_aggregator(preset, &proof)));
        selected.collect()
    }

    /// The seats for which this node would have the cluster aggregate.
    pub(super) fn aggregators(&self, duty: Duty) -> Vec<Seat> {
        let selected =
            self.selected(duty).into_iter().filter_map(|(seat, selected)| selected.then_some(seat));
        let is_plural = self.all_read_plurals() && !is_on(KnownBug::OneSubcommitteeOfAValidator);
        if duty.kind == DutyKind::Aggregator || is_plural {
            return selected.collect();
        }
        let mut seen = BTreeSet::new();
        selected.filter(|seat| seen.insert(seat.key)).collect()
    }

    /// Whether several contributions of one validator can be proposed: with no peer known to read but one, and a
    /// quorum known to read them (charon-wire 4.8).
    fn all_read_plurals(&self) -> bool {
        let readers = 1 + self.plural_readers.values().filter(|reads| **reads).count();
        readers >= qbft::quorum(self.config.peers) && self.plural_readers.values().all(|reads| *reads)
    }

    /// The blocks that the validators' complete sync committee messages of the slot name.
    pub(super) fn sync_blocks(&self, slot: Slot) -> BTreeMap<GroupKey, Root> {
        let messages = self.collections.get(&Duty::new(slot, DutyKind::SyncMessage));
        let complete = messages.into_iter().flat_map(Collection::all_complete);
        let blocks = complete.filter_map(|(seat, complete)| match complete.signed {
            Signed::SyncMessage { block, .. } => Some((seat.key, block)),
            _ => None,
        });
        blocks.collect()
    }

    /// What the cluster decided to attest to in the slot.
    pub(super) fn decided_attestation(&self, slot: Slot) -> Option<&AttestationData> {
        let agreement = self.agreements.get(&Duty::new(slot, DutyKind::Attester))?;
        match agreement.decision()? {
            Content::Attester(set) => set.values().next().map(|datum| &datum.data),
            _ => None,
        }
    }

    /// What to ask the beacon node for, if what it builds on is there.
    pub(super) fn aggregates_to_fetch(&self, duty: Duty) -> Option<Fetch> {
        let data_root = eth::Container::root(self.decided_attestation(duty.slot)?);
        let on_duty = self.schedule.attesters(&self.window, duty.slot)?;
        let mut committees: BTreeMap<_, Vec<GroupKey>> = BTreeMap::new();
        for Seat { key, .. } in self.aggregators(duty) {
            committees.entry(on_duty.get(&key)?.committee_index).or_default().push(key);
        }
        (!committees.is_empty()).then_some(Fetch::Aggregates { data_root, committees })
    }

    /// The same for contributions.
    pub(super) fn contributions_to_fetch(&self, duty: Duty) -> Option<Fetch> {
        let blocks = self.sync_blocks(duty.slot);
        let wanted = self.aggregators(duty).into_iter().filter_map(|Seat { key, subcommittee }| {
            Some(WantedContribution { key, subcommittee, block: *blocks.get(&key)? })
        });
        let wanted: Vec<_> = wanted.collect();
        (!wanted.is_empty()).then_some(Fetch::Contributions(wanted))
    }

    /// Why a duty cannot even begin, if something it builds on is missing.
    pub(super) fn prerequisite(&self, duty: Duty, seat: Option<&Seat>) -> Option<Reason> {
        let is_proved = |proving| {
            let proofs = self.collections.get(&Duty::new(duty.slot, proving));
            proofs.is_some_and(|proofs| match seat {
                Some(seat) => proofs.complete(seat).is_some(),
                None => proofs.all_complete().next().is_some(),
            })
        };
        match duty.kind {
            DutyKind::Aggregator if !is_proved(DutyKind::PrepareAggregator) => {
                Some(Reason::SelectionsMissing)
            }
            DutyKind::SyncContribution if !is_proved(DutyKind::PrepareSyncContribution) => {
                Some(Reason::SelectionsMissing)
            }
            DutyKind::Aggregator | DutyKind::SyncContribution
                if seat.is_none() && self.aggregators(duty).is_empty() =>
            {
                Some(Reason::NotAnAggregator)
            }
            DutyKind::Aggregator if self.decided_attestation(duty.slot).is_none() => {
                Some(Reason::AttestationUndecided)
            }
            DutyKind::SyncContribution if self.sync_blocks(duty.slot).is_empty() => {
                Some(Reason::SyncMessageIncomplete)
            }
            _ => None,
        }
    }

    /// Whether the subcommittee exists.
    pub(super) fn is_subcommittee(subcommittee: SubcommitteeIndex) -> bool {
        subcommittee.0 < eth::SYNC_SUBCOMMITTEES
    }

    /// What was decided, unless it is not what the duty is for.
    pub(super) fn decision(&self, duty: Duty) -> Option<&Content> {
        let is_refused = matches!(self.consents.get(&duty), Some(Consent::Refused(_)));
        self.agreements.get(&duty).filter(|_| !is_refused).and_then(Agreement::decision)
    }
}
