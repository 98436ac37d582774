//! Where the truth about a slot comes from.

use cluster::GroupKey;
use eth::{Slot, Spec, ValidatorIndex};
use url::Url;

use super::embedded::Embedded;
use super::record::Record;
use super::remote::Remote;
use crate::chain::{Counts, Standing};

/// The embedded chain's own ledger, or what a beacon node tells.
pub(super) enum Ledger {
    Embedded(Box<Embedded>),
    Remote(Box<Remote>),
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

    /// The key of a validator of the cluster.
    pub(super) fn key(&self, validator: ValidatorIndex) -> Option<GroupKey> {
        match self {
            Ledger::Embedded(chain) => chain.key(validator),
            Ledger::Remote(remote) => remote.key(validator),
        }
    }

    /// Slots after which it is known what became of a slot.
    pub(super) fn lag(&self) -> u64 {
        match self {
            Ledger::Embedded(_) => super::embedded::LAG,
            Ledger::Remote(_) => super::remote::LAG,
        }
    }

    /// What cannot be seen, in words.
    pub(super) fn blind_spot(&self) -> Option<&'static str> {
        match self {
            Ledger::Embedded(_) => None,
            Ledger::Remote(_) => Some(super::remote::BLIND_SPOT),
        }
    }

    /// A validator is asked to exit in a slot.
    pub(super) fn expect_exit(&mut self, slot: Slot, validator: ValidatorIndex) {
        match self {
            Ledger::Embedded(chain) => chain.expect_exit(slot, validator),
            Ledger::Remote(remote) => remote.expect_exit(slot, validator),
        }
    }

    /// A slot is over: look at what it brought while it can be looked at.
    pub(super) async fn observe(&mut self, slot: Slot) {
        match self {
            Ledger::Embedded(chain) => chain.observe(slot).await,
            Ledger::Remote(remote) => remote.observe(slot).await,
        }
    }

    /// What is known of a slot that is over.
    pub(super) fn record(&self, slot: Slot) -> Record {
        match self {
            Ledger::Embedded(chain) => chain.record(slot),
            Ledger::Remote(remote) => remote.record(slot),
        }
    }

    pub(super) fn standing(&self) -> Standing {
        match self {
            Ledger::Embedded(chain) => chain.standing(),
            Ledger::Remote(remote) => remote.standing(),
        }
    }

    pub(super) fn judged(&self) -> Option<Judged> {
        match self {
            Ledger::Embedded(chain) => Some(chain.judged()),
            Ledger::Remote(_) => None,
        }
    }

    pub(super) async fn stop(self) {
        if let Ledger::Embedded(chain) = self {
            chain.stop().await;
        }
    }
}
