//! Judging aggregates and contributions. Neither is slashable; a lie costs the validators' reward, so it costs the
//! leader its round.
//!
//! Whether the votes in an aggregate were really cast only their voters' keys could tell, which the node does not
//! have; the beacon node refuses such an aggregate when it is published.

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::{Attestation, AttestationData, AttesterDuty, Root, Slot, SyncCommitteeContribution};

use super::Judgement;
use crate::{Reason, Seat, SyncMember};

/// What this node knows when it judges aggregates.
pub(crate) struct AggregatorView<'a> {
    pub(crate) slot: Slot,
    /// What the cluster decided to attest to; none while this node does not know.
    pub(crate) decided: Option<&'a AttestationData>,
    /// The validators on duty as the own beacon node tells it; none while unknown.
    pub(crate) on_duty: Option<&'a BTreeMap<GroupKey, AttesterDuty>>,
    /// Whether they aggregate, of those whose complete selection proof is here.
    pub(crate) selected: &'a BTreeMap<Seat, bool>,
    /// The aggregates that the own beacon node has.
    pub(crate) own: Option<&'a BTreeMap<GroupKey, Attestation>>,
    /// Whether every honest leader had its round: from then on less must do.
    pub(crate) is_late: bool,
}

/// Judges aggregates for a slot.
pub(crate) fn aggregator(set: &BTreeMap<GroupKey, Attestation>, view: &AggregatorView<'_>) -> Judgement {
    if let Err(reason) = intrinsic_aggregates(set, view.slot) {
        return Judgement::Refuse(reason);
    }
    let Some(on_duty) = view.on_duty else { return Judgement::Wait(Reason::DutiesUnknown) };
    for (key, aggregate) in set {
        if let Err(reason) = place(key, aggregate, on_duty, view.selected) {
            return Judgement::Refuse(reason);
        }
    }
    let is_omitted = |(seat, selected): (&Seat, &bool)| *selected && !set.contains_key(&seat.key);
    if !view.is_late && view.selected.iter().any(is_omitted) {
        return Judgement::Refuse(Reason::OmitsValidators);
    }
    match view.decided {
        None => return Judgement::Wait(Reason::AttestationUndecided),
        Some(decided) if set.values().any(|aggregate| aggregate.data() != decided) => {
            return Judgement::Refuse(Reason::NotTheDecidedValue);
        }
        Some(_) => {}
    }
    let is_thin = |own: &BTreeMap<GroupKey, Attestation>| {
        set.iter().any(|(key, aggregate)| own.get(key).is_some_and(|own| 2 * votes(aggregate) < votes(own)))
    };
    compare(view.own.map(is_thin), view.is_late)
}

fn place(
    key: &GroupKey,
    aggregate: &Attestation,
    on_duty: &BTreeMap<GroupKey, AttesterDuty>,
    selected: &BTreeMap<Seat, bool>,
) -> Result<(), Reason> {
    let duty = on_duty.get(key).ok_or(Reason::ForeignValidator)?;
    if aggregate.committees() != [duty.committee_index]
        || aggregate.aggregation_bits().len() as u64 != duty.committee_length
    {
        return Err(Reason::WrongCommittee);
    }
    if selected.get(&Seat::from(*key)) == Some(&false) { Err(Reason::NotAnAggregator) } else { Ok(()) }
}

/// What is wrong with aggregates whatever the chain says.
pub(super) fn intrinsic_aggregates(set: &BTreeMap<GroupKey, Attestation>, slot: Slot) -> Result<(), Reason> {
    if set.is_empty() {
        return Err(Reason::WrongKindOfValue);
    }
    let mut by_committee = BTreeMap::new();
    for aggregate in set.values() {
        if aggregate.data().slot != slot {
            return Err(Reason::WrongSlot);
        }
        let [committee] = aggregate.committees()[..] else { return Err(Reason::WrongCommittee) };
        if aggregate.data().index.0 != 0 {
            return Err(Reason::WrongCommittee);
        }
        // A validator client asks by committee: its aggregators must be given the same.
        if votes(aggregate) == 0 || *by_committee.entry(committee).or_insert(aggregate) != aggregate {
            return Err(Reason::AggregatesDiffer);
        }
    }
    Ok(())
}

fn votes(aggregate: &Attestation) -> usize {
    aggregate.aggregation_bits().iter().filter(|voted| **voted).count()
}

/// What this node knows when it judges contributions.
pub(crate) struct ContributionView<'a> {
    pub(crate) slot: Slot,
    /// The members of the sync committee as the own beacon node tells them; none while unknown.
    pub(crate) members: Option<&'a BTreeMap<GroupKey, SyncMember>>,
    /// Whether they aggregate, of those whose complete selection proof is here.
    pub(crate) selected: &'a BTreeMap<Seat, bool>,
    /// The blocks of the complete sync committee messages.
    pub(crate) blocks: &'a BTreeMap<GroupKey, Root>,
    /// The contributions that the own beacon node has.
    pub(crate) own: Option<&'a BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>>,
    /// Whether every honest leader had its round: from then on less must do.
    pub(crate) is_late: bool,
}

/// Judges contributions for a slot.
pub(crate) fn contributions(
    set: &BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>,
    view: &ContributionView<'_>,
) -> Judgement {
    if let Err(reason) = intrinsic_contributions(set, view.slot) {
        return Judgement::Refuse(reason);
    }
    let Some(members) = view.members else { return Judgement::Wait(Reason::DutiesUnknown) };
    let mut is_block_missing = false;
    for (key, contributions) in set {
        if let Err(reason) = membership(key, contributions, members, view.selected) {
            return Judgement::Refuse(reason);
        }
        match view.blocks.get(key) {
            None => is_block_missing = true,
            Some(block) if contributions.iter().any(|one| one.beacon_block_root() != *block) => {
                return Judgement::Refuse(Reason::OtherBlock);
            }
            Some(_) => {}
        }
    }
    // Of several subcommittees a leader may leave out some: not all nodes of a cluster can read more than one.
    let is_omitted = |(seat, selected): (&Seat, &bool)| {
        *selected && view.blocks.contains_key(&seat.key) && !set.contains_key(&seat.key)
    };
    if !view.is_late && view.selected.iter().any(is_omitted) {
        return Judgement::Refuse(Reason::OmitsValidators);
    }
    if is_block_missing && !view.is_late {
        return Judgement::Wait(Reason::SyncMessageIncomplete);
    }
    let is_thin = |own: &BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>| {
        set.iter().any(|(key, contributions)| {
            let own = own.get(key).into_iter().flatten();
            own.into_iter().any(|own| {
                let same =
                    contributions.iter().find(|one| one.subcommittee_index() == own.subcommittee_index());
                same.is_some_and(|one| 2 * one.participants().len() < own.participants().len())
            })
        })
    };
    compare(view.own.map(is_thin), view.is_late)
}

fn membership(
    key: &GroupKey,
    contributions: &[SyncCommitteeContribution],
    members: &BTreeMap<GroupKey, SyncMember>,
    selected: &BTreeMap<Seat, bool>,
) -> Result<(), Reason> {
    let member = members.get(key).ok_or(Reason::ForeignValidator)?;
    for contribution in contributions {
        let subcommittee = contribution.subcommittee_index();
        if !member.subcommittees.contains(&subcommittee) {
            return Err(Reason::WrongCommittee);
        }
        if selected.get(&Seat { key: *key, subcommittee }) == Some(&false) {
            return Err(Reason::NotAnAggregator);
        }
    }
    Ok(())
}

/// What is wrong with contributions whatever the chain says.
pub(super) fn intrinsic_contributions(
    set: &BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>,
    slot: Slot,
) -> Result<(), Reason> {
    if set.is_empty() || set.values().any(Vec::is_empty) {
        return Err(Reason::WrongKindOfValue);
    }
    let mut by_subcommittee = BTreeMap::new();
    for contributions in set.values() {
        let ascends =
            |pair: &[SyncCommitteeContribution]| pair[0].subcommittee_index() < pair[1].subcommittee_index();
        if !contributions.windows(2).all(ascends) {
            return Err(Reason::WrongCommittee);
        }
        for contribution in contributions {
            if contribution.slot() != slot {
                return Err(Reason::WrongSlot);
            }
            let place = (contribution.subcommittee_index(), contribution.beacon_block_root());
            let is_same = *by_subcommittee.entry(place).or_insert(contribution) == contribution;
            if !is_same || contribution.participants().is_empty() {
                return Err(Reason::AggregatesDiffer);
            }
        }
    }
    Ok(())
}

/// What is made of a sound value beside the own one, if there is one yet.
fn compare(is_thin: Option<bool>, is_late: bool) -> Judgement {
    match is_thin {
        _ if is_late => Judgement::Accept,
        None => Judgement::Wait(Reason::OwnViewMissing),
        Some(true) => Judgement::Refuse(Reason::ThinAggregate),
        Some(false) => Judgement::Accept,
    }
}

#[cfg(test)]
mod tests;
