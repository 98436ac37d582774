//! The ledger of truth: what came in, when, and what was wrong with the rest.

use std::collections::{BTreeMap, VecDeque};

use eth::{AttestationData, Root, Slot, ValidatorIndex};

use super::rejection::Rejection;

/// Rejections kept word by word; the counts go on.
const REJECTIONS_KEPT: usize = 64;

/// What the chain received, by duty.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    pub(crate) attestations: BTreeMap<(Slot, ValidatorIndex), Attested>,
    pub(crate) proposals: BTreeMap<Slot, Proposed>,
    pub(crate) counts: Counts,
    pub(crate) rejections: VecDeque<String>,
}

/// A validator's attestation, as it first arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attested {
    /// When it arrived, nanoseconds after the slot's start.
    pub arrived_ns: i64,
    /// The head voted for.
    pub head: Root,
}

/// A slot's block, as it first arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// When it arrived, nanoseconds after the slot's start.
    pub arrived_ns: i64,
    /// The block.
    pub root: Root,
    /// Who proposed it.
    pub proposer: ValidatorIndex,
}

/// What passed through the judge's hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Signatures verified: attestations, blocks, RANDAO reveals, aggregates in blocks.
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

    pub(crate) fn attested(&mut self, validator: ValidatorIndex, data: &AttestationData, arrived_ns: i64) {
        let attested = Attested { arrived_ns, head: data.beacon_block_root };
        self.attestations.entry((data.slot, validator)).or_insert(attested);
    }

    pub(crate) fn rejected(&mut self, what: &str, rejection: &Rejection) {
        self.counts.rejected += 1;
        self.counts.slashable += u64::from(rejection.is_slashable());
        self.rejections.push_back(format!("{what}: {rejection}"));
        if self.rejections.len() > REJECTIONS_KEPT {
            self.rejections.pop_front();
        }
    }

    pub(crate) fn forget_before(&mut self, slot: Slot) {
        self.attestations = self.attestations.split_off(&(slot, ValidatorIndex(0)));
        self.proposals = self.proposals.split_off(&slot);
    }
}
