//! What consensus owes: one decision, of its duty, and no word twice.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use duty::{Duty, DutyKind};
use eth::{Root, Slot};
use qbft::{Draft, Hash, Kind, Round};
use slashing::Request;

use super::sentence::{Sentence, Verdict, demand};
use crate::world::client::Asked;

/// Votes are remembered for as many slots; a duty's instance lives an epoch.
const REMEMBERED_SLOTS: u64 = 24;

/// What was decided and voted, by everybody and across all lives.
#[derive(Debug, Default)]
pub(crate) struct Agreement {
    decided: BTreeMap<Duty, BTreeMap<GroupKey, Root>>,
    /// What clients were given to aggregate.
    given: BTreeMap<(Asked, Root), Root>,
    /// What a node named in a round.
    votes: BTreeMap<(Duty, usize, Kind, Round), Option<Hash>>,
    /// The duties that a life of a node began.
    begun: BTreeSet<(Duty, usize, u32)>,
}

impl Agreement {
    /// A node takes a decision to its ledger.
    pub(crate) fn decided(&mut self, duty: Duty, request: &Request) -> Verdict {
        demand(
            request.duty.slot == duty.slot && duty.kind.is_slashable(),
            Sentence::DecisionsAreOfTheirDuty,
            || format!("a permit for {:?} is asked in {duty}", request.duty),
        )?;
        let roots: BTreeMap<GroupKey, Root> =
            request.items.iter().map(|item| (item.key, item.signing_root)).collect();
        let known = self.decided.entry(duty).or_insert_with(|| roots.clone());
        demand(*known == roots, Sentence::OneDecision, || format!("{duty} was decided twice"))
    }

    /// What no ledger is asked for is decided once, too: clients of all nodes are given the same for one question.
    pub(crate) fn given(&mut self, question: (Asked, Root), answer: Root) -> Verdict {
        let known = self.given.entry(question).or_insert(answer);
        demand(*known == answer, Sentence::OneDecision, || format!("{question:?} was answered in two ways"))
    }

    /// A node signs a slashable thing.
    pub(crate) fn signed(&self, node: usize, duty: Duty, key: &GroupKey, root: Root) -> Verdict {
        let decided = self.decided.get(&duty).and_then(|decided| decided.get(key));
        demand(decided == Some(&root), Sentence::PartialsSignTheDecision, || {
            format!("node {node} signed something else in {duty}")
        })
    }

    /// A node votes.
    pub(crate) fn voted(&mut self, node: usize, duty: Duty, draft: &Draft) -> Verdict {
        if !matches!(draft.kind, Kind::PrePrepare | Kind::Prepare | Kind::Commit) {
            return Ok(());
        }
        let known = self.votes.entry((duty, node, draft.kind, draft.round)).or_insert(draft.value);
        demand(*known == draft.value, Sentence::OneVotePerRound, || {
            format!("node {node} sent {:?} of two values in round {} of {duty}", draft.kind, draft.round)
        })
    }

    /// An instance begins in a life of a node.
    pub(crate) fn began(&mut self, (node, life): (usize, u32), duty: Duty, slot: Slot) -> Verdict {
        demand(self.begun.insert((duty, node, life)), Sentence::DutiesBeginOnce, || {
            format!("node {node} began {duty} again")
        })?;
        demand(duty.slot <= slot, Sentence::DutiesBeginOnce, || {
            format!("node {node} began {duty} in slot {slot}")
        })
    }

    /// Forgets the votes of instances that are over.
    pub(crate) fn forget_before(&mut self, slot: u64) {
        let oldest = slot.saturating_sub(REMEMBERED_SLOTS);
        let first = Duty::new(Slot(oldest), DutyKind::Proposer);
        self.votes = self.votes.split_off(&(first, 0, Kind::PrePrepare, Round::FIRST));
        self.begun = self.begun.split_off(&(first, 0, 0));
    }
}
