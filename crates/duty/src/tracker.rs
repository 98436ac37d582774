//! What was expected, what was done, and why the rest was not.

use std::collections::BTreeMap;

use cluster::GroupKey;

use crate::agreement::Agreement;
use crate::consent::Consent;
use crate::{Duty, DutyKind, Reason};

/// The duties this node expects to see published.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    expected: BTreeMap<Duty, BTreeMap<GroupKey, bool>>,
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
}

impl Tracker {
    pub(crate) fn expect(&mut self, duty: Duty, key: GroupKey) {
        self.expected.entry(duty).or_default().entry(key).or_insert(false);
    }

    /// Marks the validator's duty as done; false when it was done or not expected.
    pub(crate) fn done(&mut self, duty: Duty, key: &GroupKey) -> bool {
        let expected = self.expected.get_mut(&duty).and_then(|keys| keys.get_mut(key));
        expected.is_some_and(|done| !std::mem::replace(done, true))
    }

    pub(crate) fn duties(&self) -> impl Iterator<Item = &Duty> {
        self.expected.keys()
    }

    pub(crate) fn unfinished(&self, duty: Duty) -> Vec<GroupKey> {
        let keys = self.expected.get(&duty).into_iter().flatten();
        keys.filter(|(_, done)| !**done).map(|(key, _)| *key).collect()
    }

    pub(crate) fn forget(&mut self, duty: Duty) {
        self.expected.remove(&duty);
    }
}

/// The step at which the duty stopped, as a reason; of one validator where one is named.
pub(crate) fn reason(
    duty: Duty,
    key: Option<&GroupKey>,
    agreement: Option<&Agreement>,
    consent: Option<&Consent>,
    progress: Progress,
) -> Reason {
    if progress.complete {
        return Reason::PublicationFailed;
    }
    let Some(agreement) = agreement.filter(|agreement| agreement.started.is_some()) else {
        return if progress.duties_known { Reason::Undecided } else { Reason::DutiesUnknown };
    };
    match consent {
        None if agreement.decided.is_none() => undecided(duty, agreement, progress),
        None | Some(Consent::Asked | Consent::Unavailable { .. }) => Reason::LedgerUnavailable,
        Some(Consent::Refused(reason)) => *reason,
        Some(Consent::Granted { roots, .. }) => match key {
            None if roots.is_empty() => Reason::LedgerRefused,
            Some(key) if !roots.contains_key(key) => Reason::LedgerRefused,
            _ if !progress.own_partial => Reason::ValidatorClientSilent,
            _ => Reason::PartialsMissing,
        },
    }
}

fn undecided(duty: Duty, agreement: &Agreement, progress: Progress) -> Reason {
    match duty.kind {
        _ if agreement.role == qbft::Role::Observer => Reason::StartedLate,
        DutyKind::Proposer if progress.randao_incomplete => Reason::RandaoIncomplete,
        _ if agreement.own.value.is_none() => Reason::BeaconNodeSilent,
        _ => Reason::Undecided,
    }
}
