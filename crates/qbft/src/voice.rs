//! What we said ourselves, so that we never say two things.

use crate::{Draft, Kind, Round};

/// The last round we spoke in, for each kind of message.
///
/// Rounds never go back, so one number per kind remembers for ever, across every jump, that a round has had our word:
/// no second PREPARE in a round for another value, whatever an equivocating leader sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Voice {
    last_rounds: [u64; 4],
    latest: [Option<Draft>; 4],
}

impl Voice {
    /// Whether we said nothing of this kind in `round` or later.
    pub(crate) fn may_say(&self, kind: Kind, round: Round) -> bool {
        position(kind).is_some_and(|position| self.last_rounds[position] < round.number())
    }

    /// Remembers what we are about to say.
    pub(crate) fn say(&mut self, draft: &Draft) {
        assert!(self.may_say(draft.kind, draft.round), "one {:?} in a round", draft.kind);
        self.hear(draft.kind, draft.round);
        if let Some(position) = position(draft.kind) {
            self.latest[position] = Some(draft.clone());
        }
    }

    /// Remembers that a message of ours exists, perhaps from before a restart.
    pub(crate) fn hear(&mut self, kind: Kind, round: Round) {
        if let Some(position) = position(kind) {
            let last = &mut self.last_rounds[position];
            *last = round.number().max(*last);
        }
    }

    /// The last message of each kind.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Draft> {
        self.latest.iter().flatten()
    }
}

/// DECIDED is no vote and may be said at any time.
fn position(kind: Kind) -> Option<usize> {
    match kind {
        Kind::PrePrepare => Some(0),
        Kind::Prepare => Some(1),
        Kind::Commit => Some(2),
        Kind::RoundChange => Some(3),
        Kind::Decided => None,
    }
}
