//! What is asked of the ledger.

use cluster::GroupKey;
use eth::{Epoch, Root, Slot};

/// The two kinds of duty whose signatures can be slashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Attestations of a slot.
    Attestation,
    /// The block of a slot.
    Block,
}

/// One slashable duty of the whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DutyId {
    /// The slot the duty belongs to.
    pub slot: Slot,
    /// Attestations or a block.
    pub kind: Kind,
}

/// The part of a message that decides whether signing it is slashable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signable {
    /// An attestation's Casper vote.
    Attestation {
        /// Epoch of the source checkpoint.
        source: Epoch,
        /// Epoch of the target checkpoint.
        target: Epoch,
    },
    /// A block proposal.
    Block {
        /// The slot proposed for.
        slot: Slot,
    },
}

impl Signable {
    /// The kind of duty this belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Signable::Attestation { .. } => Kind::Attestation,
            Signable::Block { .. } => Kind::Block,
        }
    }
}

/// One validator's part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// The validator, by its own key: a reshare changes the shares, not the history.
    pub key: GroupKey,
    /// What it would sign.
    pub what: Signable,
    /// The 32 bytes that would be signed (object root and domain).
    pub signing_root: Root,
}

/// One duty for any number of validators: judged and recorded in one store commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The duty.
    pub duty: DutyId,
    /// The validators' parts, in any order.
    pub items: Vec<Item>,
}
