//! The Byzantine node: it signs whatever it likes in its own name, and passes on what others signed.

use model::Value;
use qbft::{Draft, Kind, Message, PeerIndex};

use crate::twin::{hash, round, value_of};

/// Numbers from a seed: splitmix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn value(&mut self) -> Value {
        Value::ALL[self.below(2)]
    }
}

/// Something the liar may send now, given all that others sent; not always well justified.
pub(crate) fn lie(liar: usize, sent: &[Message], dice: &mut Dice) -> Message {
    let number = 1 + dice.below(4) as u64;
    let value = dice.value();
    match dice.below(9) {
        6.. => echo(liar, sent, dice),
        0 | 1 => propose(liar, liar as u64 + 1, value, sent, dice),
        2 => vote(liar, Kind::Prepare, number, value),
        3 => vote(liar, Kind::Commit, number, value),
        4 => change(liar, number.max(2), sent, dice),
        _ => decided(liar, number, value, sent),
    }
}

/// What the liar would say next if it were honest, after something that was said lately.
fn echo(liar: usize, sent: &[Message], dice: &mut Dice) -> Message {
    let recent = &sent[sent.len().saturating_sub(8)..];
    let Some(heard) = recent.get(dice.below(recent.len().max(1))) else {
        return vote(liar, Kind::Prepare, 1, dice.value());
    };
    let number = heard.round.number();
    match (heard.kind, heard.value) {
        (Kind::PrePrepare | Kind::Prepare, Some(value)) if dice.one_in(2) => {
            vote(liar, Kind::Prepare, number, value_of(value))
        }
        (_, Some(value)) => vote(liar, Kind::Commit, number, value_of(value)),
        (_, None) if (number - 1) % 4 == liar as u64 => propose(liar, number, dice.value(), sent, dice),
        (_, None) => change(liar, number, sent, dice),
    }
}

/// A message of another with its proof torn off.
pub(crate) fn stripped(message: &Message) -> Message {
    Message { justification: Vec::new(), ..message.clone() }
}

/// A proposal with the best proof that can be had, sometimes with less.
fn propose(liar: usize, number: u64, value: Value, sent: &[Message], dice: &mut Dice) -> Message {
    let mut changes = Vec::new();
    if number > 1 {
        let of_round = |m: &&Message| m.kind == Kind::RoundChange && m.round == round(number);
        changes = sent.iter().filter(of_round).cloned().collect();
        while changes.len() > 2 && dice.one_in(2) {
            changes.remove(dice.below(changes.len()));
        }
        changes.push(change(liar, number, sent, dice));
    }
    propose_with(liar, number, value, &changes)
}

/// A proposal with these ROUND_CHANGEs, and the proof of the highest one.
pub(crate) fn propose_with(liar: usize, number: u64, value: Value, changes: &[Message]) -> Message {
    let highest = changes.iter().filter(|m| m.prepared_round > 0).max_by_key(|m| m.prepared_round);
    let prepares = highest.map(|m| m.justification.clone()).unwrap_or_default();
    let proof = changes.iter().map(stripped).chain(prepares).collect();
    signed(liar, Kind::PrePrepare, number, Some(value), None, proof)
}

pub(crate) fn vote(liar: usize, kind: Kind, number: u64, value: Value) -> Message {
    signed(liar, kind, number, Some(value), None, Vec::new())
}

/// A ROUND_CHANGE that claims something prepared when that can be proven, or nothing.
fn change(liar: usize, number: u64, sent: &[Message], dice: &mut Dice) -> Message {
    let claim = (1 + dice.below(number as usize - 1) as u64, dice.value());
    let claimed = change_with(liar, number, Some(claim), sent);
    let is_claimed = claimed.justification.len() >= 3 && dice.below(3) > 0;
    if is_claimed { claimed } else { change_with(liar, number, None, sent) }
}

/// A ROUND_CHANGE that claims this, with all PREPAREs there are for it.
pub(crate) fn change_with(
    liar: usize,
    number: u64,
    claim: Option<(u64, Value)>,
    sent: &[Message],
) -> Message {
    let prepares = claim.map(|(earlier, value)| quorum(liar, Kind::Prepare, earlier, value, sent));
    signed(liar, Kind::RoundChange, number, None, claim, prepares.unwrap_or_default())
}

pub(crate) fn decided(liar: usize, number: u64, value: Value, sent: &[Message]) -> Message {
    let commits = quorum(liar, Kind::Commit, number, value, sent);
    signed(liar, Kind::Decided, number, Some(value), None, commits)
}

/// All honest votes of that kind, round and value, and the liar's.
fn quorum(liar: usize, kind: Kind, number: u64, value: Value, sent: &[Message]) -> Vec<Message> {
    let same = |m: &&Message| (m.kind, m.round, m.value) == (kind, round(number), Some(hash(value)));
    let mut votes: Vec<Message> = sent.iter().filter(same).cloned().collect();
    votes.push(vote(liar, kind, number, value));
    votes
}

fn signed(
    liar: usize,
    kind: Kind,
    number: u64,
    value: Option<Value>,
    prepared: Option<(u64, Value)>,
    justification: Vec<Message>,
) -> Message {
    let draft = Draft {
        kind,
        round: round(number),
        value: value.map(hash),
        prepared_round: prepared.map_or(0, |(earlier, _)| earlier),
        prepared_value: prepared.map(|(_, value)| hash(value)),
        justification,
    };
    draft.signed(PeerIndex(liar as u8), [].into())
}
