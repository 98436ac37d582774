//! What was expected, what was done, and why the rest was not.

use std::collections::BTreeMap;

use crate::agreement::Agreement;
use crate::consent::Consent;
use crate::{Content, Duty, DutyKind, Reason, Seat};

/// The duties this node expects to see published.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    expected: BTreeMap<Duty, BTreeMap<Seat, bool>>,
}

/// How far the signatures of one validator came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The own validator client signed.
    pub(crate) own_partial: bool,
    /// The group signature is complete.
    pub(crate) complete: bool,
    /// A block could not be asked for.
    pub(crate) randao_incomplete: bool,
    /// The beacon node has told the duties of the slot.
    pub(crate) duties_known: bool,
    /// Different things that shares have signed.
    pub(crate) roots: usize,
    /// Shares that have signed anything.
    pub(crate) shares: usize,
    /// Partial signatures that make a group signature.
    pub(crate) threshold: usize,
    /// What the duty builds on (selections, the decided attestation, a sync committee message) is there.
    pub(crate) prerequisite: Option<Reason>,
}

impl Tracker {
    /// Expects the duty of that seat; false when it was expected before.
    pub(crate) fn expect(&mut self, duty: Duty, seat: Seat) -> bool {
        let seats = self.expected.entry(duty).or_default();
        let is_new = !seats.contains_key(&seat);
        seats.entry(seat).or_insert(false);
        is_new
    }

    /// Marks the duty of that seat as done; false when it was done or not expected.
    pub(crate) fn done(&mut self, duty: Duty, seat: &Seat) -> bool {
        let expected = self.expected.get_mut(&duty).and_then(|seats| seats.get_mut(seat));
        expected.is_some_and(|done| !std::mem::replace(done, true))
    }

    pub(crate) fn duties(&self) -> impl Iterator<Item = &Duty> {
        self.expected.keys()
    }

    pub(crate) fn unfinished(&self, duty: Duty) -> Vec<Seat> {
        let seats = self.expected.get(&duty).into_iter().flatten();
        seats.filter(|(_, done)| !**done).map(|(seat, _)| *seat).collect()
    }

    pub(crate) fn forget(&mut self, duty: Duty) {
        self.expected.remove(&duty);
    }
}

/// The step at which the duty stopped, as a reason; of one seat where one is named.
pub(crate) fn reason(
    duty: Duty,
    seat: Option<&Seat>,
    agreement: Option<&Agreement>,
    consent: Option<&Consent>,
    progress: Progress,
) -> Reason {
    if progress.complete {
        return Reason::PublicationFailed;
    }
    if !duty.kind.has_consensus() {
        return unsigned(progress);
    }
    let Some(agreement) = agreement.filter(|agreement| agreement.started.is_some()) else {
        return match progress.prerequisite {
            _ if !progress.duties_known => Reason::DutiesUnknown,
            prerequisite => prerequisite.unwrap_or(Reason::Undecided),
        };
    };
    match consent {
        _ if agreement.decided.is_none() => undecided(duty, agreement, progress),
        Some(Consent::Refused(reason) | Consent::Withheld(reason)) => *reason,
        _ if !duty.kind.is_slashable() => decided(seat, agreement, progress),
        None | Some(Consent::Asked | Consent::Unavailable { .. }) => Reason::LedgerUnavailable,
        Some(Consent::Granted { roots, .. }) => match seat {
            None if roots.is_empty() => Reason::LedgerRefused,
            Some(seat) if !roots.contains_key(&seat.key) => Reason::LedgerRefused,
            _ => unsigned(progress),
        },
    }
}

fn undecided(duty: Duty, agreement: &Agreement, progress: Progress) -> Reason {
    match duty.kind {
        _ if agreement.role == qbft::Role::Observer => Reason::StartedLate,
        DutyKind::Proposer if progress.randao_incomplete => Reason::RandaoIncomplete,
        _ if progress.prerequisite.is_some() => progress.prerequisite.unwrap_or(Reason::Undecided),
        _ if agreement.own.value.is_none() => Reason::BeaconNodeSilent,
        _ => Reason::Undecided,
    }
}

/// Why a decided duty that no ledger is asked for is not done.
fn decided(seat: Option<&Seat>, agreement: &Agreement, progress: Progress) -> Reason {
    let holds = |seat: &Seat| match agreement.decision() {
        Some(Content::Aggregator(set)) => set.contains_key(&seat.key),
        Some(Content::SyncContribution(set)) => set.get(&seat.key).is_some_and(|contributions| {
            contributions.iter().any(|contribution| contribution.subcommittee_index() == seat.subcommittee)
        }),
        _ => false,
    };
    if seat.is_some_and(|seat| !holds(seat)) { Reason::OmitsValidators } else { unsigned(progress) }
}

/// Why there is no complete signature over what is known.
fn unsigned(progress: Progress) -> Reason {
    if !progress.own_partial {
        Reason::ValidatorClientSilent
    } else if progress.roots > 1 && progress.shares >= progress.threshold {
        Reason::HeadsDiffer
    } else {
        Reason::PartialsMissing
    }
}
