//! What must hold in every state.

use crate::rules::{has_commits, has_prepares, is_decidable, is_proposed};
use crate::{Agreement, Scope, State, Value, order};

/// What must hold in every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// Only one value can ever be decided, by whomever, before or after a restart.
    Agreement,
    /// What can be decided in a round was proposed in it with justification, and judged good by honest nodes: f + 1.
    Validity,
    /// An honest node releases a partial signature for one value only, over all its lives.
    OnePartial,
    /// What an honest node released is on its disk.
    RecordedFirst,
    /// The partial signatures of all honest nodes and the liar's never make two group signatures.
    OneSignature,
}

impl Property {
    /// All of them.
    pub const ALL: [Property; 5] = [
        Property::Agreement,
        Property::Validity,
        Property::OnePartial,
        Property::RecordedFirst,
        Property::OneSignature,
    ];

    /// Whether it holds in `state`.
    pub(crate) fn holds(self, scope: &Scope, state: &State) -> bool {
        match self {
            Property::Agreement => {
                scope.agreement == Agreement::Broken
                    || !Value::ALL.iter().all(|value| is_decidable(scope, state, *value))
            }
            Property::Validity => order::known_rounds(scope, state).all(|round| {
                Value::ALL.iter().all(|value| {
                    !has_commits(scope, state, round, *value)
                        || is_proposed(scope, state, round, *value)
                            && has_prepares(scope, state, round, *value)
                })
            }),
            Property::OnePartial => state.nodes.iter().all(|node| !node.partials.is_torn()),
            Property::RecordedFirst => state.nodes.iter().all(|node| {
                Value::ALL.iter().all(|value| !node.partials.has(*value) || node.recorded.has(*value))
            }),
            Property::OneSignature => !Value::ALL.iter().all(|value| is_signed(scope, state, *value)),
        }
    }
}

/// Whether a group signature of `value` can be made; the liar signs everything.
fn is_signed(scope: &Scope, state: &State, value: Value) -> bool {
    state.count(|node| node.partials.has(value)) + 1 >= scope.threshold()
}
