//! Where the truth about a slot comes from.

use eth::{Slot, Spec};
use url::Url;

use super::remote::Remote;
use crate::chain::{Chain, Counts, Standing};

/// The embedded chain's own ledger, or what a beacon node tells.
pub(super) enum Ledger {
    Embedded(Chain),
    Remote(Box<Remote>),
}

/// What became of a slot's duties of the cluster's validators.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// When each attestation due arrived, nanoseconds after the slot's start; zero where it is known only that it did.
    pub(super) attestations: Vec<Option<i64>>,
    /// How many of them a later block included.
    pub(super) included: usize,
    /// How many named the right head.
    pub(super) head_right: Option<usize>,
    /// The block, if it was the cluster's turn.
    pub(super) proposal: Option<ProposalRecord>,
    /// Whether arrivals are times, or only that something arrived.
    pub(super) is_timed: bool,
}

/// What became of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProposalRecord {
    /// When it arrived, nanoseconds after the slot's start.
    pub(super) arrived_ns: Option<i64>,
    /// Whether it is on the branch of the head.
    pub(super) is_canonical: bool,
}

/// What passed through the hands of the embedded chain's judge.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) counts: Counts,
    /// The latest refusals.
    pub(crate) rejections: Vec<String>,
}

impl Ledger {
    pub(super) fn url(&self) -> Url {
        match self {
            Ledger::Embedded(chain) => chain.url(),
            Ledger::Remote(remote) => remote.url(),
        }
    }

    pub(super) fn spec(&self) -> Spec {
        match self {
            Ledger::Embedded(chain) => chain.spec(),
            Ledger::Remote(remote) => remote.spec().clone(),
        }
    }

    /// Slots after which it is known what became of a slot.
    pub(super) fn lag(&self) -> u64 {
        match self {
            Ledger::Embedded(_) => 1,
            Ledger::Remote(_) => super::remote::LAG,
        }
    }

    /// A slot is over: look at what it brought while it can be looked at.
    pub(super) async fn observe(&mut self, slot: Slot) {
        if let Ledger::Remote(remote) = self {
            remote.observe(slot).await;
        }
    }

    /// What is known of a slot that is over.
    pub(super) async fn record(&self, slot: Slot) -> Record {
        match self {
            Ledger::Embedded(chain) => super::embedded::record(chain, slot),
            Ledger::Remote(remote) => remote.record(slot),
        }
    }

    pub(super) async fn standing(&self) -> Standing {
        match self {
            Ledger::Embedded(chain) => chain.standing(),
            Ledger::Remote(remote) => remote.standing(),
        }
    }

    pub(super) fn judged(&self) -> Option<Judged> {
        let Ledger::Embedded(chain) = self else { return None };
        let truth = chain.truth();
        let rejections = truth.rejections().map(str::to_owned).collect();
        Some(Judged { counts: truth.counts(), rejections })
    }

    pub(super) async fn stop(self) {
        if let Ledger::Embedded(chain) = self {
            chain.stop().await;
        }
    }
}
