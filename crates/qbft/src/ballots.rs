//! What the peers said, one kind of message at a time.

use std::collections::BTreeMap;

use crate::{Hash, Message, Round, Why};

/// Rounds that are remembered of one peer. Rounds begin a second apart, so no honest peer passes this many before
/// its duty expires.
pub(crate) const MAX_ROUNDS: usize = 100;

/// All messages of one kind: of every peer the first one of each round.
///
/// An honest peer says one thing of a kind in a round, so the first loses nothing of an honest peer, and two messages
/// of one peer never count twice. Each peer fills only its own shelf: when that has [`MAX_ROUNDS`] messages the one of
/// the lowest round goes, so a peer that floods us makes us forget nobody's words but its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ballots {
    shelves: Vec<BTreeMap<Round, Message>>,
}

impl Ballots {
    pub(crate) fn new(peers: usize) -> Ballots {
        Ballots { shelves: vec![BTreeMap::new(); peers] }
    }

    /// Keeps `message` if it is its source's first in its round; one that says something else is the source's fault.
    pub(crate) fn cast(&mut self, message: Message) -> Result<(), Why> {
        let shelf = &mut self.shelves[usize::from(message.source.0)];
        match shelf.get(&message.round) {
            Some(first) if first.says_the_same(&message) => Ok(()),
            Some(_) => Err(Why::Equivocation(message.kind, message.round)),
            None => {
                shelf.insert(message.round, message);
                if shelf.len() > MAX_ROUNDS {
                    shelf.pop_first();
                }
                Ok(())
            }
        }
    }

    /// The messages of `round`, each from another peer.
    pub(crate) fn of(&self, round: Round) -> impl Iterator<Item = &Message> {
        self.shelves.iter().filter_map(move |shelf| shelf.get(&round))
    }

    /// The messages of `round` for one value, when they are at least `quorum`.
    ///
    /// Bound to one round and one value: votes of different rounds, or for different values, never add up.
    pub(crate) fn quorum(&self, round: Round, quorum: usize) -> Option<(Hash, Vec<Message>)> {
        if self.of(round).count() < quorum {
            return None;
        }
        let value = self
            .of(round)
            .filter_map(|vote| vote.value)
            .find(|value| self.votes(round, *value).count() >= quorum)?;
        Some((value, self.votes(round, value).cloned().collect()))
    }

    /// Of every peer that spoke of a round after `round` what it said of the highest one.
    pub(crate) fn latest_after(&self, round: Round) -> impl Iterator<Item = &Message> {
        let latest = self.shelves.iter().filter_map(|shelf| shelf.last_key_value());
        latest.map(|(_, message)| message).filter(move |message| message.round > round)
    }

    /// Drops what was said of rounds before `round`.
    pub(crate) fn forget_before(&mut self, round: Round) {
        for shelf in &mut self.shelves {
            while shelf.first_key_value().is_some_and(|(lowest, _)| *lowest < round) {
                shelf.pop_first();
            }
        }
    }

    fn votes(&self, round: Round, value: Hash) -> impl Iterator<Item = &Message> {
        self.of(round).filter(move |vote| vote.value == Some(value))
    }
}
