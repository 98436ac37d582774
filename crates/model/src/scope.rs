//! What is explored: how far, in which order, and what is taken for granted.

use crate::{HONEST, Mistake, ROUNDS};

/// One exploration.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Rounds that nodes may enter, 1 to [`ROUNDS`].
    pub rounds: usize,
    /// The round that the liar leads, from 1; above [`ROUNDS`] when it leads none of them.
    pub liar_leads: usize,
    /// Where decisions come from.
    pub agreement: Agreement,
    /// Whether decided values are signed, and nodes restart.
    pub signing: bool,
    /// In which order steps are taken.
    pub order: Order,
    /// What honest nodes get wrong.
    pub mistake: Option<Mistake>,
}

/// Where decisions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// QBFT.
    Qbft,
    /// Anywhere: every node may decide any value at any time. What is signed must be safe all the same.
    Broken,
}

/// In which order steps are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Every interleaving.
    Any,
    /// One interleaving of all those that lead to the same messages, and the past forgotten: see `order.rs`.
    ByRound,
}

impl Scope {
    /// QBFT and signing without mistakes, in every round and in the short order.
    pub fn whole(liar_leads: usize) -> Scope {
        Scope {
            rounds: ROUNDS,
            liar_leads,
            agreement: Agreement::Qbft,
            signing: true,
            order: Order::ByRound,
            mistake: None,
        }
    }

    /// The honest node that leads `round`, if it is one: the leader turns, and honest nodes are numbered in the order
    /// in which they lead.
    pub fn honest_leader(&self, round: usize) -> Option<usize> {
        let node = if round < self.liar_leads { round - 1 } else { round.wrapping_sub(2) };
        (round != self.liar_leads && node < HONEST).then_some(node)
    }

    pub(crate) fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Messages of distinct nodes that are a quorum.
    pub(crate) fn quorum(&self) -> usize {
        if self.makes(Mistake::SmallQuorum) { 2 } else { 3 }
    }

    /// Partial signatures of distinct nodes that make a group signature.
    pub(crate) fn threshold(&self) -> usize {
        if self.makes(Mistake::SmallThreshold) { 2 } else { 3 }
    }
}
