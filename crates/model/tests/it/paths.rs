//! The shortest paths of the exploration to each state in which a value became decidable, walked by the core.
#![allow(clippy::print_stdout, reason = "figures for docs/protocol/model.md")]

use model::{Action, ROUNDS, Report, Scope, Value, explore};
use qbft::{Kind, Message};

use crate::liar::{change_with, decided, propose_with, vote};
use crate::replay::Cluster;
use crate::twin::{hash, round};

#[test]
fn the_core_decides_what_the_shortest_paths_do_wherever_the_timer_lets_it_follow() {
    let (mut paths, mut followed) = ([0; ROUNDS], [0; ROUNDS]);
    for liar_leads in 1..=ROUNDS + 1 {
        let scope = Scope { signing: false, ..Scope::whole(liar_leads) };
        let report = explore(&scope);
        for (number, in_round, value) in decisions(&report) {
            let decision = walk(&scope, liar_leads - 1, &report.path(number), in_round, value);
            assert!(decision.is_none_or(|decision| decision == value), "another value was decided");
            paths[in_round - 1] += 1;
            followed[in_round - 1] += usize::from(decision.is_some());
        }
    }
    println!("shortest paths to a decision, by round: {paths:?}, of which the core followed {followed:?}");
    assert!((0..ROUNDS).all(|round| followed[round] * 4 > paths[round]), "{followed:?} of {paths:?}");
}

/// The states that a COMMIT made decidable, with its round and value.
fn decisions(report: &Report) -> Vec<(usize, usize, Value)> {
    let last = |number: usize| match report.path(number).last() {
        Some(Action::Commit { round, value, .. }) => Some((number, *round, *value)),
        _ => None,
    };
    let is_decided = |found: &(usize, usize, Value)| report.is_decided(found.0, found.1, found.2);
    (1..report.states.len()).filter_map(last).filter(is_decided).collect()
}

/// Does what the path says, step by step, and then shows the COMMITs to all.
fn walk(scope: &Scope, liar: usize, path: &[Action], in_round: usize, value: Value) -> Option<Value> {
    let mut walker = Walker { scope, cluster: Cluster::new(liar) };
    let mut steps = path.iter().peekable();
    let mut leaving = Vec::new();
    while let Some(step) = steps.next() {
        match *step {
            Action::GiveUp { node, round } => leaving.push((node, round)),
            Action::Propose { node, value } => walker.propose(node, value),
            Action::Prepare { node, round, value } => walker.prepare(node, round, value),
            Action::Commit { node, round, value } => walker.commit(node, round, value),
            _ => {}
        }
        if !matches!(steps.peek(), Some(Action::GiveUp { .. })) {
            walker.leave(std::mem::take(&mut leaving));
        }
    }
    let proof = decided(liar, in_round as u64, value, &walker.cluster.sent);
    for node in 0..3 {
        walker.hear(node, &proof);
    }
    walker.cluster.decision()
}

struct Walker<'a> {
    scope: &'a Scope,
    cluster: Cluster,
}

impl Walker<'_> {
    fn hear(&mut self, node: usize, message: &Message) {
        self.cluster.step(node, |twin| twin.hear(message));
    }

    fn sent(&self, kind: Kind, number: usize) -> Vec<Message> {
        let same = |message: &&Message| (message.kind, message.round) == (kind, round(number as u64));
        self.cluster.sent.iter().filter(same).cloned().collect()
    }

    /// Those whose timer is plain first; the others follow them, for a doubled timer passes several rounds at once.
    fn leave(&mut self, mut nodes: Vec<(usize, usize)>) {
        nodes.sort_by_key(|(node, _)| !self.cluster.twin(*node).is_plain());
        for (node, number) in nodes {
            let others = self.sent(Kind::RoundChange, number);
            if let Some(other) = others.first() {
                self.hear(node, other);
                self.hear(node, &change_with(self.cluster.liar, number as u64, None, &self.cluster.sent));
            } else {
                self.cluster.step(node, |twin| twin.time_out());
            }
        }
    }

    fn propose(&mut self, node: usize, value: Value) {
        let number = (1..=ROUNDS).find(|number| self.scope.honest_leader(*number) == Some(node));
        let number = number.expect("only leaders propose");
        self.cluster.step(node, |twin| twin.propose(value));
        for change in self.changes_for(number, value).unwrap_or_default() {
            self.hear(node, &change);
        }
    }

    fn prepare(&mut self, node: usize, number: usize, value: Value) {
        self.cluster.step(node, |twin| twin.judge(value, true));
        self.show_proposal(node, number, value);
    }

    fn commit(&mut self, node: usize, number: usize, value: Value) {
        if self.cluster.twin(node).round() < number as u64 {
            self.show_proposal(node, number, value);
        }
        for prepare in self.sent(Kind::Prepare, number) {
            self.hear(node, &prepare);
        }
        self.hear(node, &vote(self.cluster.liar, Kind::Prepare, number as u64, value));
    }

    fn show_proposal(&mut self, node: usize, number: usize, value: Value) {
        let proposal = if self.scope.honest_leader(number).is_some() {
            self.sent(Kind::PrePrepare, number).into_iter().find(|sent| sent.value == Some(hash(value)))
        } else {
            let changes = self.changes_for(number, value);
            changes.map(|changes| propose_with(self.cluster.liar, number as u64, value, &changes))
        };
        if let Some(proposal) = proposal {
            self.hear(node, &proposal);
        }
    }

    /// A quorum of ROUND_CHANGEs that allows the value: none prepared, or this one the highest.
    fn changes_for(&self, number: usize, value: Value) -> Option<Vec<Message>> {
        if number == 1 {
            return Some(Vec::new());
        }
        let (liar, sent) = (self.cluster.liar, &self.cluster.sent);
        let changes = self.sent(Kind::RoundChange, number);
        let up_to =
            |highest: u64| changes.iter().filter(move |change| change.prepared_round <= highest).cloned();
        let claims = std::iter::once(None).chain((1..number as u64).map(|earlier| Some((earlier, value))));
        claims.into_iter().find_map(|claim| {
            let own = change_with(liar, number as u64, claim, sent);
            let is_proven = claim.is_none() || own.justification.len() >= 3;
            let quorum: Vec<Message> = up_to(claim.map_or(0, |(earlier, _)| earlier)).chain([own]).collect();
            (is_proven && quorum.len() >= 3).then_some(quorum)
        })
    }
}
