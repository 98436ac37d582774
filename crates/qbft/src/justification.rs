//! Algorithm 4: the messages that prove themselves. What does not is dropped before any rule sees it.

use crate::known_bugs::{KnownBug, is_on};
use crate::quorum::PeerSet;
use crate::{Config, Hash, Kind, Message, Round, Why, limits};

/// Whether `message` may be seen by the rules.
pub(crate) fn judge(config: &Config, message: &Message) -> Result<(), Why> {
    if message.justification.len() > limits::max_justifications(config.peers) {
        return Err(Why::TooManyJustifications);
    }
    match message.kind {
        Kind::PrePrepare => judge_pre_prepare(config, message),
        Kind::Prepare | Kind::Commit => spoken_value(message).map(|_| ()),
        Kind::RoundChange => check(justifies_round_change(config, message), Why::UnjustifiedRoundChange),
        Kind::Decided => judge_decided(config, message),
    }
}

fn judge_pre_prepare(config: &Config, message: &Message) -> Result<(), Why> {
    let value = spoken_value(message)?;
    check(message.source == config.leader(message.round), Why::NotLeader)?;
    check(
        message.round == Round::FIRST || justifies_pre_prepare(config, message, value),
        Why::UnjustifiedPrePrepare,
    )
}

/// JustifyPrePrepare, after round 1: the value is free (J1) or the highest prepared one (J2).
///
/// The justification is a quorum of ROUND_CHANGEs for the round. When none of them is prepared, that is all. Otherwise
/// a quorum of PREPAREs proves the highest prepared round and value among them.
fn justifies_pre_prepare(config: &Config, message: &Message, value: Hash) -> bool {
    let (round_changes, prepares): (Vec<&Message>, Vec<&Message>) =
        message.justification.iter().partition(|entry| entry.kind == Kind::RoundChange);
    let fits = |entry: &Message| entry.round == message.round && is_consistent(entry);
    if !is_quorum(config, round_changes.iter().copied(), fits) {
        return false;
    }
    let Some(first) = prepares.first() else {
        return round_changes.iter().all(|entry| entry.prepared_round == 0);
    };
    let proven = first.round.number();
    is_quorum_of_prepares(config, prepares.iter().copied(), proven, value)
        && round_changes.iter().all(|entry| entry.prepared_round <= proven)
        && round_changes
            .iter()
            .any(|entry| (entry.prepared_round, entry.prepared_value) == (proven, Some(value)))
}

/// JustifyRoundChange, of one message: it is not prepared, or carries the quorum of PREPAREs that prepared it.
fn justifies_round_change(config: &Config, message: &Message) -> bool {
    is_consistent(message)
        && match message.prepared_value {
            None => message.justification.is_empty(),
            Some(value) => {
                is_quorum_of_prepares(config, message.justification.iter(), message.prepared_round, value)
            }
        }
}

/// A ROUND_CHANGE is prepared in an earlier round and for a value, or not at all; nothing changes to round 1.
fn is_consistent(round_change: &Message) -> bool {
    let is_prepared = round_change.prepared_round > 0;
    round_change.round > Round::FIRST
        && round_change.prepared_round < round_change.round.number()
        && round_change.prepared_value != Some(Hash::ZERO)
        && round_change.prepared_value.is_some() == is_prepared
}

fn judge_decided(config: &Config, message: &Message) -> Result<(), Why> {
    let value = spoken_value(message)?;
    let is_commit = |entry: &Message| {
        entry.kind == Kind::Commit && entry.round == message.round && entry.value == Some(value)
    };
    check(is_quorum(config, message.justification.iter(), is_commit), Why::UnjustifiedDecided)
}

fn is_quorum_of_prepares<'a>(
    config: &Config,
    entries: impl Iterator<Item = &'a Message>,
    round: u64,
    value: Hash,
) -> bool {
    if is_on(KnownBug::PreparesNeedNoQuorum) {
        return true;
    }
    is_quorum(config, entries, |entry| {
        entry.kind == Kind::Prepare && entry.round.number() == round && entry.value == Some(value)
    })
}

/// Whether the entries are a quorum of distinct peers of which each one `fits`; a single other entry spoils it.
fn is_quorum<'a>(
    config: &Config,
    mut entries: impl Iterator<Item = &'a Message>,
    fits: impl Fn(&Message) -> bool,
) -> bool {
    let mut peers = PeerSet::default();
    let mut count = 0;
    entries.all(|entry| {
        count += 1;
        entry.justification.is_empty()
            && config.has(entry.source)
            && (peers.insert(entry.source) || is_on(KnownBug::DuplicatesCount))
            && fits(entry)
    }) && count >= config.quorum()
}

fn spoken_value(message: &Message) -> Result<Hash, Why> {
    let is_value = |value: &Hash| *value != Hash::ZERO || is_on(KnownBug::ZeroIsAValue);
    message.value.filter(is_value).ok_or(Why::NoValue)
}

fn check(holds: bool, why: Why) -> Result<(), Why> {
    if holds { Ok(()) } else { Err(why) }
}
