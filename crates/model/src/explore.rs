//! Every state, breadth first.

use std::collections::HashMap;

use crate::order::{allows, may_close, reached};
use crate::rules::{actions, apply, has_commits};
use crate::{Action, Property, ROUNDS, Scope, State, Value};

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Distinct states, in the order in which they were reached.
    pub states: Vec<State>,
    /// Steps between them.
    pub steps: usize,
    /// Steps on the longest of the shortest paths.
    pub depth: usize,
    /// Whether a value can be decided by COMMITs of each round.
    pub decided_in: [bool; ROUNDS],
    /// The first broken property, if one is.
    pub counterexample: Option<Counterexample>,
    parents: Vec<(u32, Action)>,
    scope: Scope,
}

/// A shortest path to a state where a property is broken.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What is broken.
    pub property: Property,
    /// The steps.
    pub path: Vec<Action>,
}

/// Explores everything within `scope`, until a property is broken.
pub fn explore(scope: &Scope) -> Report {
    let mut search = Search::new(scope);
    let mut next = 0;
    let mut layer_end = 1;
    while next < search.report.states.len() {
        if next == layer_end {
            search.report.depth += 1;
            layer_end = search.report.states.len();
        }
        if search.expand(scope, next) {
            break;
        }
        next += 1;
    }
    search.report
}

impl Report {
    /// Whether the state of that number is the first on its path where COMMITs of `round` can decide `value`.
    pub fn is_decided(&self, number: usize, round: usize, value: Value) -> bool {
        let scope = &self.scope;
        let decides = |number: usize| has_commits(scope, &self.states[number], round, value);
        decides(number) && !decides(self.parents[number].0 as usize)
    }

    /// A shortest path to the state of that number.
    pub fn path(&self, mut number: usize) -> Vec<Action> {
        let mut path = Vec::new();
        while number > 0 {
            let (parent, action) = self.parents[number];
            path.push(action);
            number = parent as usize;
        }
        path.reverse();
        path
    }
}

struct Search {
    report: Report,
    numbers: HashMap<State, u32>,
}

impl Search {
    fn new(scope: &Scope) -> Search {
        let report = Report {
            states: vec![State::FIRST],
            steps: 0,
            depth: 0,
            decided_in: [false; ROUNDS],
            counterexample: None,
            parents: vec![(0, Action::Close)],
            scope: *scope,
        };
        Search { report, numbers: HashMap::from([(State::FIRST, 0)]) }
    }

    /// Takes every step from one state; true when a property is broken.
    fn expand(&mut self, scope: &Scope, number: usize) -> bool {
        let state = self.report.states[number];
        let closing = may_close(scope, &state).then_some(Action::Close);
        let followers = actions(scope, &state).into_iter().filter(|action| allows(scope, &state, *action));
        for action in followers.chain(closing) {
            self.report.steps += 1;
            let after = reached(scope, &state, action, apply(scope, &state, action));
            let fresh = self.report.states.len();
            if *self.numbers.entry(after).or_insert(fresh as u32) != fresh as u32 {
                continue;
            }
            self.report.states.push(after);
            self.report.parents.push((number as u32, action));
            self.note_decision(scope, &after, action);
            if let Some(property) = Property::ALL.into_iter().find(|each| !each.holds(scope, &after)) {
                let path = self.report.path(fresh);
                self.report.counterexample = Some(Counterexample { property, path });
                return true;
            }
        }
        false
    }

    fn note_decision(&mut self, scope: &Scope, state: &State, action: Action) {
        if let Action::Commit { round, .. } = action {
            let decides = Value::ALL.iter().any(|value| has_commits(scope, state, round, *value));
            self.report.decided_in[round - 1] |= decides;
        }
    }
}
