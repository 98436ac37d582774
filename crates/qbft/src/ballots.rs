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

    /// One vote of each peer for the value, whatever its round. Only `KnownBug::CommitsCountAcrossRounds` asks.
    pub(crate) fn of_any_round(&self, value: Option<Hash>) -> Vec<Message> {
        let votes = self.shelves.iter().filter_map(|shelf| shelf.values().find(|vote| vote.value == value));
        votes.cloned().collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Draft, Kind, PeerIndex};

    fn prepare(source: u8, round: u64, value: u8) -> Message {
        let round = Round::new(round).expect("not zero");
        Draft::of_value(Kind::Prepare, round, Hash([value; 32]), Vec::new())
            .signed(PeerIndex(source), [].into())
    }

    fn rounds_kept(ballots: &Ballots) -> usize {
        ballots.shelves.iter().map(BTreeMap::len).sum()
    }

    #[test]
    fn the_first_word_of_a_peer_in_a_round_stays() {
        let mut ballots = Ballots::new(4);
        assert_eq!(ballots.cast(prepare(2, 5, 1)), Ok(()));
        assert_eq!(ballots.cast(prepare(2, 5, 1)), Ok(()));
        let round = Round::new(5).expect("not zero");
        assert_eq!(ballots.cast(prepare(2, 5, 9)), Err(Why::Equivocation(Kind::Prepare, round)));
        assert_eq!(ballots.of(round).cloned().collect::<Vec<_>>(), [prepare(2, 5, 1)]);
    }

    #[test]
    fn a_shelf_is_bounded_and_the_past_is_forgotten() {
        let mut ballots = Ballots::new(4);
        for round in 1..=300 {
            assert_eq!(ballots.cast(prepare(0, round, 1)), Ok(()));
            assert_eq!(ballots.cast(prepare(3, 301 - round, 1)), Ok(()));
        }
        assert_eq!(rounds_kept(&ballots), 2 * MAX_ROUNDS);
        ballots.forget_before(Round::new(291).expect("not zero"));
        assert_eq!(rounds_kept(&ballots), 2 * 10);
    }
}
