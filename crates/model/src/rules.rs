//! What honest nodes may do. A step is allowed when messages that allow it may exist: those that honest nodes sent, and
//! any that the liar can sign. Whether and when they arrive is thereby left open, as is loss.

use crate::{Agreement, HONEST, Mistake, Node, Prepared, Scope, State, Value};

/// One step of the honest `node` of that number, with the round and the value it speaks of.
#[allow(missing_docs, reason = "the fields mean the same in every step")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends PRE_PREPARE in the round it leads.
    Propose { node: usize, value: Value },
    /// Accepts a proposal of its round or a later one: sends PREPARE.
    Prepare { node: usize, round: usize, value: Value },
    /// Saw a quorum of PREPAREs in its round, or in a later one whose proposal it saw: sends COMMIT.
    Commit { node: usize, round: usize, value: Value },
    /// Enters a later round by its timer, or as others did: sends ROUND_CHANGE.
    GiveUp { node: usize, round: usize },
    /// Saw a quorum of COMMITs.
    Decide { node: usize, value: Value },
    /// The ledger permits the decided value; the record is on disk.
    Record { node: usize },
    /// The partial signature of the decided value leaves.
    Release { node: usize },
    /// Loses its memory and starts again.
    Restart { node: usize },
    /// Nobody: the round is over for all; only in the order by rounds.
    Close,
}

/// All steps that may follow on `state`, in whatever order they are allowed.
pub fn actions(scope: &Scope, state: &State) -> Vec<Action> {
    let mut found = Vec::new();
    for node in 0..HONEST {
        if state.nodes[node].votes() && scope.agreement == Agreement::Qbft {
            voting(scope, state, node, &mut found);
        }
        if scope.signing {
            signing(scope, state, node, &mut found);
        }
    }
    found
}

/// The state after `action`, which must be one of [`actions`].
pub fn apply(scope: &Scope, state: &State, action: Action) -> State {
    let mut after = *state;
    match action {
        Action::Propose { node, value } => {
            after.nodes[node].proposed.add(value);
            after.nodes[node].has_proposed = true;
        }
        Action::Prepare { node, round, value } => {
            let node = &mut after.nodes[node];
            node.prepares[round - 1].add(value);
            (node.round, node.last_prepare) = (round as u8, round as u8);
        }
        Action::Commit { node, round, value } => {
            let node = &mut after.nodes[node];
            node.commits[round - 1].add(value);
            (node.round, node.prepared) = (round as u8, Prepared::new(round, value));
        }
        Action::GiveUp { node, round } => {
            let node = &mut after.nodes[node];
            let told = if scope.makes(Mistake::PreparedUntold) { Prepared::NOTHING } else { node.prepared };
            node.changes[round - 1].add(told);
            node.round = round as u8;
        }
        Action::Decide { node, value } => after.nodes[node].decided.add(value),
        Action::Record { node } => after.nodes[node].recorded = after.nodes[node].decided,
        Action::Release { node } => {
            let decided = after.nodes[node].decided;
            Value::ALL.iter().filter(|value| decided.has(**value)).for_each(|value| {
                after.nodes[node].partials.add(*value);
            });
        }
        Action::Restart { node } => after.nodes[node] = restarted(scope, &after.nodes[node]),
        Action::Close => after = crate::order::close(scope, state),
    }
    after
}

/// What was said stays said, the disk stays, the memory goes.
fn restarted(scope: &Scope, node: &Node) -> Node {
    Node {
        observer: !scope.makes(Mistake::AmnesiacVotes),
        round: Node::NEW.round,
        last_prepare: Node::NEW.last_prepare,
        has_proposed: Node::NEW.has_proposed,
        prepared: Node::NEW.prepared,
        decided: Node::NEW.decided,
        recorded: if scope.makes(Mistake::LedgerLost) { Node::NEW.recorded } else { node.recorded },
        restarted: true,
        ..*node
    }
}

fn voting(scope: &Scope, state: &State, node: usize, found: &mut Vec<Action>) {
    let me = &state.nodes[node];
    let current = usize::from(me.round);
    for value in Value::ALL {
        let leads = scope.honest_leader(current) == Some(node) && !me.has_proposed;
        if leads && may_be_proposed(scope, state, current, value) {
            found.push(Action::Propose { node, value });
        }
        for round in current..=scope.rounds {
            if may_prepare(scope, me, round, value) && is_proposed(scope, state, round, value) {
                found.push(Action::Prepare { node, round, value });
            }
            if me.prepared.round() < round && has_prepares(scope, state, round, value) {
                found.push(Action::Commit { node, round, value });
            }
        }
    }
    found.extend((current + 1..=scope.rounds).map(|round| Action::GiveUp { node, round }));
}

fn signing(scope: &Scope, state: &State, node: usize, found: &mut Vec<Action>) {
    let me = &state.nodes[node];
    for value in Value::ALL {
        if me.decided.is_empty() && is_decidable(scope, state, value) {
            found.push(Action::Decide { node, value });
        }
        if me.decided.has(value) && me.recorded.is_empty() {
            found.push(Action::Record { node });
        }
        let is_safe = if scope.makes(Mistake::ReleaseBeforeRecord) {
            me.recorded.allows(value)
        } else {
            me.recorded.has(value)
        };
        if me.decided.has(value) && !me.partials.has(value) && is_safe {
            found.push(Action::Release { node });
        }
    }
    if !me.restarted {
        found.push(Action::Restart { node });
    }
}

/// One PREPARE in a round, and none in a round that it left.
fn may_prepare(scope: &Scope, me: &Node, round: usize, value: Value) -> bool {
    let last = usize::from(me.last_prepare);
    last < round || scope.makes(Mistake::TwoPrepares) && last == round && !me.prepares[round - 1].has(value)
}

/// Whether a justified PRE_PREPARE can exist.
pub(crate) fn is_proposed(scope: &Scope, state: &State, round: usize, value: Value) -> bool {
    match scope.honest_leader(round) {
        Some(leader) => state.nodes[leader].proposed.has(value),
        None => scope.makes(Mistake::UnjustifiedProposal) || may_be_proposed(scope, state, round, value),
    }
}

/// JustifyPrePrepare: round 1, or a quorum of ROUND_CHANGEs of which none is prepared (J1), or whose highest prepared
/// value is proven by a quorum of PREPAREs and is this one (J2). The liar's ROUND_CHANGE says what is needed of it.
fn may_be_proposed(scope: &Scope, state: &State, round: usize, value: Value) -> bool {
    let with_the_liar = |honest: usize| honest + 1 >= scope.quorum();
    round == 1
        || with_the_liar(state.count(|node| node.changes[round - 1].has_nothing()))
        || (1..round).any(|proven| {
            has_prepares(scope, state, proven, value)
                && with_the_liar(state.count(|node| {
                    let reports = node.changes[round - 1];
                    reports.has_up_to(proven) || scope.makes(Mistake::NotTheHighest) && reports.has_any()
                }))
        })
}

/// Whether a quorum of PREPAREs can exist, the liar's among them.
pub(crate) fn has_prepares(scope: &Scope, state: &State, round: usize, value: Value) -> bool {
    state.count(|node| node.prepares[round - 1].has(value)) + 1 >= scope.quorum()
}

/// Whether a quorum of COMMITs can exist, the liar's among them.
pub(crate) fn has_commits(scope: &Scope, state: &State, round: usize, value: Value) -> bool {
    state.count(|node| node.commits[round - 1].has(value)) + 1 >= scope.quorum()
}

/// Whether a node can learn that `value` is decided.
pub(crate) fn is_decidable(scope: &Scope, state: &State, value: Value) -> bool {
    scope.agreement == Agreement::Broken
        || (1..=scope.rounds).any(|round| has_commits(scope, state, round, value))
}
