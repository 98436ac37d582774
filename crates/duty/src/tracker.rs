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

/// The step at which the duty stopped, as a reason.
pub(crate) fn reason(
    duty: Duty,
    agreement: Option<&Agreement>,
    consent: Option<&Consent>,
    progress: Progress,
) -> Reason {
    if progress.complete {
        return Reason::PublicationFailed;
    }
    match (agreement, consent) {
        (None, _) => Reason::Undecided,
        (Some(agreement), None) if agreement.decided.is_none() => undecided(duty, agreement, progress),
        (Some(_), None | Some(Consent::Asked)) => Reason::LedgerUnavailable,
        (Some(_), Some(Consent::Unavailable { .. })) => Reason::LedgerUnavailable,
        (Some(_), Some(Consent::Granted { roots, .. })) if roots.is_empty() => Reason::LedgerRefused,
        (Some(_), Some(Consent::Granted { .. })) if !progress.own_partial => Reason::ValidatorClientSilent,
        (Some(_), Some(Consent::Granted { .. })) => Reason::PartialsMissing,
    }
}

fn undecided(duty: Duty, agreement: &Agreement, progress: Progress) -> Reason {
    match duty.kind {
        _ if agreement.role == qbft::Role::Observer => Reason::StartedLate,
        DutyKind::Proposer if progress.randao_incomplete => Reason::RandaoIncomplete,
        _ if !agreement.proposed => Reason::BeaconNodeSilent,
        _ => Reason::Undecided,
    }
}
