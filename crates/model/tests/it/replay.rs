//! A cluster of twins around a liar. Whatever its honest nodes say must also be a step of the explored model.

use model::{Action, ROUNDS, Scope, State, Value, actions, apply};
use qbft::{Kind, Message};

use crate::twin::{Twin, value_of};

/// Three twins, all they ever sent, and the state of the explored model.
pub(crate) struct Cluster {
    pub(crate) liar: usize,
    scope: Scope,
    twins: Vec<Twin>,
    pub(crate) sent: Vec<Message>,
    state: State,
    restarted: [bool; 3],
}

impl Cluster {
    /// The liar leads the round after `liar`.
    pub(crate) fn new(liar: usize) -> Cluster {
        let twins = (0..4).filter(|peer| *peer != liar).map(Twin::new).collect();
        let scope = Scope { order: model::Order::Any, ..Scope::whole(liar + 1) };
        Cluster { liar, scope, twins, sent: Vec::new(), state: State::FIRST, restarted: [false; 3] }
    }

    pub(crate) fn twin(&self, node: usize) -> &Twin {
        &self.twins[node]
    }

    /// Lets something happen to a node, and takes note of what it says and decides.
    pub(crate) fn step(&mut self, node: usize, happen: impl FnOnce(&mut Twin) -> Vec<Message>) {
        let before = self.twins[node].decided;
        let said = happen(&mut self.twins[node]);
        for message in &said {
            self.follow_vote(node, message);
        }
        self.sent.extend(said);
        if let Some((round, value)) = self.twins[node].decided.filter(|_| before.is_none()) {
            self.follow_decision(node, round, value);
        }
    }

    /// Once per node: it starts again with nothing but its ledger.
    pub(crate) fn restart(&mut self, node: usize) {
        if std::mem::replace(&mut self.restarted[node], true) {
            return;
        }
        self.twins = std::mem::take(&mut self.twins)
            .into_iter()
            .enumerate()
            .map(|(number, twin)| if number == node { twin.restarted() } else { twin })
            .collect();
        self.follow(Action::Restart { node });
    }

    /// The value that was decided, which must be one.
    pub(crate) fn decision(&self) -> Option<Value> {
        let mut values = self.twins.iter().filter_map(|twin| twin.decided).map(|(_, value)| value);
        let first = values.next();
        assert!(values.all(|value| Some(value) == first), "two decisions");
        first
    }

    fn follow_vote(&mut self, node: usize, message: &Message) {
        let round = message.round.number() as usize;
        if round > ROUNDS {
            return;
        }
        let action = match (message.kind, message.value.map(value_of)) {
            (Kind::PrePrepare, Some(value)) => Action::Propose { node, value },
            (Kind::Prepare, Some(value)) => Action::Prepare { node, round, value },
            (Kind::Commit, Some(value)) => Action::Commit { node, round, value },
            (Kind::RoundChange, None) => Action::GiveUp { node, round },
            _ => panic!("an honest node broadcast {message:?}"),
        };
        self.follow(action);
    }

    /// What is decided is recorded and signed, and nothing else ever.
    fn follow_decision(&mut self, node: usize, round: u64, value: Value) {
        let other = if value == Value::A { Value::B } else { Value::A };
        assert!(self.twins[node].sign(value), "the decided value is recorded, before a restart or now");
        assert!(!self.twins[node].sign(other), "the other one is refused");
        if round as usize > ROUNDS {
            return;
        }
        self.follow(Action::Decide { node, value });
        for action in [Action::Record { node }, Action::Release { node }] {
            if actions(&self.scope, &self.state).contains(&action) {
                self.follow(action);
            }
        }
    }

    fn follow(&mut self, action: Action) {
        let possible = actions(&self.scope, &self.state);
        assert!(possible.contains(&action), "the model does not allow {action:?}, only {possible:?}");
        self.state = apply(&self.scope, &self.state, action);
    }
}
