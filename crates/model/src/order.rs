//! The same states in far fewer steps: rounds one after the other, and of each what no longer matters forgotten.
//!
//! Why nothing is lost is argued in docs/protocol/model.md, and tested: over two rounds, every interleaving ends in the
//! very states that this order ends in.

use std::ops::RangeInclusive;

use crate::rules::{has_commits, has_prepares};
use crate::{Action, Agreement, HONEST, Node, Order, Scope, State, Value};

/// ROUND_CHANGE, PRE_PREPARE, PREPARE, COMMIT; each node by node.
const STAGES_OF_A_ROUND: u8 = 4 * HONEST as u8;

impl State {
    /// The round whose steps are taken now, when they are taken by rounds; one more than there are when all are over.
    pub fn open_round(&self) -> usize {
        usize::from(self.stage / STAGES_OF_A_ROUND) + 1
    }
}

/// Whether `action` may follow on `state`: its stage has not passed, and its round has come.
pub(crate) fn allows(scope: &Scope, state: &State, action: Action) -> bool {
    match (scope.order, stage(scope, state, action)) {
        (Order::Any, _) | (Order::ByRound, None) => true,
        (Order::ByRound, Some(stage)) => {
            stage >= state.stage && stage / STAGES_OF_A_ROUND == state.stage / STAGES_OF_A_ROUND
        }
    }
}

/// The state with the stage of `action`, by which it was reached.
pub(crate) fn reached(scope: &Scope, before: &State, action: Action, after: State) -> State {
    match (scope.order, stage(scope, before, action)) {
        (Order::ByRound, Some(stage)) => State { stage, ..after },
        _ => after,
    }
}

/// Whether a round can be closed.
pub(crate) fn may_close(scope: &Scope, state: &State) -> bool {
    scope.order == Order::ByRound && !is_signing(scope, state)
}

/// The rounds of which nothing is forgotten yet.
pub(crate) fn known_rounds(scope: &Scope, state: &State) -> RangeInclusive<usize> {
    match scope.order {
        Order::Any => 1..=scope.rounds,
        Order::ByRound => state.open_round()..=scope.rounds,
    }
}

/// The current round is over: its past is forgotten and the next begins, or the signing.
pub(crate) fn close(scope: &Scope, state: &State) -> State {
    let round = state.open_round();
    State { stage: round as u8 * STAGES_OF_A_ROUND, ..forget(scope, state, round) }
}

/// Keeps of all rounds up to `last` what later rounds and decisions can still ask for: what each node prepared last,
/// which values have a quorum of PREPAREs in a round, and which can be decided.
pub fn forget(scope: &Scope, state: &State, last: usize) -> State {
    let mut kept = State::FIRST;
    for (number, node) in state.nodes.iter().enumerate() {
        let leads_later = (last + 1..=scope.rounds).any(|round| scope.honest_leader(round) == Some(number));
        kept.nodes[number] = forget_votes(scope, node, last);
        if leads_later {
            kept.nodes[number].proposed = node.proposed;
        }
    }
    for value in Value::ALL {
        for round in 1..=last {
            let is_final = last == scope.rounds;
            if !is_final && has_prepares(scope, state, round, value) {
                kept.nodes.iter_mut().for_each(|node| node.prepares[round - 1].add(value));
            }
            if has_commits(scope, state, round, value) {
                kept.nodes.iter_mut().for_each(|node| node.commits[0].add(value));
            }
        }
    }
    kept
}

fn forget_votes(scope: &Scope, node: &Node, last: usize) -> Node {
    let mut kept = Node { partials: node.partials, ..Node::NEW };
    for round in last..scope.rounds {
        kept.prepares[round] = node.prepares[round];
        kept.commits[round] = node.commits[round];
        kept.changes[round] = node.changes[round];
    }
    if last < scope.rounds {
        kept.prepared = node.prepared;
    }
    (kept.decided, kept.recorded, kept.restarted) = (node.decided, node.recorded, node.restarted);
    kept
}

fn is_signing(scope: &Scope, state: &State) -> bool {
    scope.agreement == Agreement::Broken || state.open_round() > scope.rounds
}

/// When `action` has its turn; signing comes after all rounds, in any order of its own.
fn stage(scope: &Scope, state: &State, action: Action) -> Option<u8> {
    let of = |round: usize, kind: u8, node: usize| {
        Some((round as u8 - 1) * STAGES_OF_A_ROUND + kind * HONEST as u8 + node as u8)
    };
    match action {
        Action::GiveUp { node, round } => of(round, 0, node),
        Action::Propose { node, .. } => of(usize::from(state.nodes[node].round), 1, node),
        Action::Prepare { node, round, .. } => of(round, 2, node),
        Action::Commit { node, round, .. } => of(round, 3, node),
        Action::Decide { .. } | Action::Record { .. } | Action::Release { .. } | Action::Restart { .. } => {
            (scope.agreement == Agreement::Qbft).then(|| scope.rounds as u8 * STAGES_OF_A_ROUND)
        }
        Action::Close => None,
    }
}
