//! The ledger of truth: what came in, when, and what was wrong with the rest.

mod received;
mod slot;

use std::collections::{BTreeMap, VecDeque};

use eth::{CommitteeIndex, Epoch, Slot, SubcommitteeIndex, ValidatorIndex};

pub use received::{Aggregated, Attested, Contributed, Exited, Proposed, Registered, SyncSigned};
pub use slot::{AggregateTruth, AttesterTruth, ContributionTruth, SlotTruth, SyncMemberTruth};

use super::rejection::Rejection;

/// Rejections kept word by word; the counts go on.
const REJECTIONS_KEPT: usize = 64;

/// What the chain received, by duty: each as it first came.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub(crate) attestations: BTreeMap<(Slot, ValidatorIndex), Attested>,
    pub(crate) proposals: BTreeMap<Slot, Proposed>,
    pub(crate) aggregates: BTreeMap<(Slot, CommitteeIndex, ValidatorIndex), Aggregated>,
    pub(crate) sync_messages: BTreeMap<(Slot, ValidatorIndex), SyncSigned>,
    pub(crate) contributions: BTreeMap<(Slot, SubcommitteeIndex, ValidatorIndex), Contributed>,
    pub(crate) registrations: BTreeMap<(Epoch, ValidatorIndex), Registered>,
    pub(crate) exits: BTreeMap<ValidatorIndex, Exited>,
    pub(crate) counts: Counts,
    pub(crate) rejections: VecDeque<String>,
}

/// What passed through the judge's hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Signatures verified: of messages, in them, and in blocks.
    pub signatures_checked: u64,
    /// Those that were wrong.
    pub signatures_wrong: u64,
    /// Messages that had come before: every node of a cluster hands in its own.
    pub duplicates: u64,
    /// Contradicting messages with right signatures: each would have cost a validator its stake.
    pub slashable: u64,
    /// Messages refused for any reason, slashable ones included.
    pub rejected: u64,
}

impl Truth {
    /// Totals since genesis.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The latest refusals, in words.
    pub fn rejections(&self) -> impl Iterator<Item = &str> {
        self.rejections.iter().map(String::as_str)
    }

    /// A validator's attestation for a slot.
    pub fn attestation(&self, slot: Slot, validator: ValidatorIndex) -> Option<&Attested> {
        self.attestations.get(&(slot, validator))
    }

    /// The block of a slot.
    pub fn proposal(&self, slot: Slot) -> Option<&Proposed> {
        self.proposals.get(&slot)
    }

    /// A committee's aggregates in a slot, by aggregator.
    pub fn aggregates(
        &self,
        slot: Slot,
        committee: CommitteeIndex,
    ) -> impl Iterator<Item = (ValidatorIndex, &Aggregated)> {
        let of_committee = (slot, committee, ValidatorIndex(0))..=(slot, committee, ValidatorIndex(u64::MAX));
        self.aggregates.range(of_committee).map(|((.., aggregator), aggregated)| (*aggregator, aggregated))
    }

    /// A validator's sync committee message for a slot.
    pub fn sync_message(&self, slot: Slot, validator: ValidatorIndex) -> Option<&SyncSigned> {
        self.sync_messages.get(&(slot, validator))
    }

    /// A subcommittee's contributions in a slot, by aggregator.
    pub fn contributions(
        &self,
        slot: Slot,
        part: SubcommitteeIndex,
    ) -> impl Iterator<Item = (ValidatorIndex, &Contributed)> {
        let of_part = (slot, part, ValidatorIndex(0))..=(slot, part, ValidatorIndex(u64::MAX));
        self.contributions.range(of_part).map(|((.., aggregator), contributed)| (*aggregator, contributed))
    }

    /// The registrations with builders that came in an epoch, by validator.
    pub fn registrations(&self, epoch: Epoch) -> impl Iterator<Item = (ValidatorIndex, &Registered)> {
        let of_epoch = (epoch, ValidatorIndex(0))..=(epoch, ValidatorIndex(u64::MAX));
        self.registrations.range(of_epoch).map(|((_, validator), registered)| (*validator, registered))
    }

    /// The voluntary exits, by validator.
    pub fn exits(&self) -> impl Iterator<Item = (ValidatorIndex, &Exited)> {
        self.exits.iter().map(|(validator, exited)| (*validator, exited))
    }

    /// Whether anything that a validator did in the slots has come.
    pub(crate) fn is_live(&self, validator: ValidatorIndex, mut slots: std::ops::Range<u64>) -> bool {
        slots.any(|slot| {
            let slot = Slot(slot);
            self.attestation(slot, validator).is_some()
                || self.sync_message(slot, validator).is_some()
                || self.proposal(slot).is_some_and(|proposed| proposed.proposer == validator)
        })
    }

    pub(crate) fn rejected(&mut self, what: &str, rejection: &Rejection) {
        self.counts.rejected += 1;
        self.counts.slashable += u64::from(rejection.is_slashable());
        self.rejections.push_back(format!("{what}: {rejection}"));
        if self.rejections.len() > REJECTIONS_KEPT {
            self.rejections.pop_front();
        }
    }

    pub(crate) fn forget_before(&mut self, slot: Slot, epoch: Epoch) {
        let first = ValidatorIndex(0);
        self.attestations = self.attestations.split_off(&(slot, first));
        self.proposals = self.proposals.split_off(&slot);
        self.aggregates = self.aggregates.split_off(&(slot, CommitteeIndex(0), first));
        self.sync_messages = self.sync_messages.split_off(&(slot, first));
        self.contributions = self.contributions.split_off(&(slot, SubcommitteeIndex(0), first));
        self.registrations = self.registrations.split_off(&(epoch, first));
    }
}
