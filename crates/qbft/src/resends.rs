//! How often a peer may ask for the proof of the decision.

use crate::{PeerIndex, Round};

/// Answers that one peer can get: a peer that lags asks once per round until it knows the decision, while a peer that
/// invents rounds must not draw out large messages without end.
pub(crate) const MAX_RESENDS: u32 = 16;

/// The answers each peer got: at most one for each strictly greater round, and [`MAX_RESENDS`] in all.
#[derive(Clone, Debug)]
pub(crate) struct Resends {
    answered: Vec<Answered>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Answered {
    last_round: u64,
    count: u32,
}

impl Resends {
    pub(crate) fn new(peers: usize) -> Resends {
        Resends { answered: vec![Answered::default(); peers] }
    }

    /// Whether the ROUND_CHANGE of `peer` for `round` gets an answer; if so it is counted.
    pub(crate) fn grant(&mut self, peer: PeerIndex, round: Round) -> bool {
        let answered = &mut self.answered[usize::from(peer.0)];
        let granted = round.number() > answered.last_round && answered.count < MAX_RESENDS;
        if granted {
            *answered = Answered { last_round: round.number(), count: answered.count + 1 };
        }
        granted
    }
}
