//! What the peers' preferences have in common: the score of charon-wire 4.9.

use std::collections::{BTreeMap, BTreeSet};

/// Priorities per topic that one peer may name, at most.
pub const MAX_PRIORITIES: usize = 1_000;

/// What one peer prefers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// The peer's libp2p identity in base58; it fixes the order of processing.
    pub peer_id: String,
    /// The duty the exchange is for.
    pub duty: crate::Duty,
    /// By topic, most preferred first.
    pub topics: Vec<Topic>,
}

/// The preferences of one peer on one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The topic.
    pub topic: String,
    /// Most preferred first.
    pub priorities: Vec<String>,
}

/// What enough peers share on one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The topic.
    pub topic: String,
    /// Highest score first.
    pub priorities: Vec<(String, i64)>,
}

/// Why preferences cannot be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriorityError {
    /// There is nothing to score.
    #[error("no peer sent preferences")]
    Empty,
    /// Preferences for different duties.
    #[error("the preferences are for different duties")]
    DifferentDuties,
    /// A peer occurs twice.
    #[error("a peer sent preferences twice")]
    DuplicatePeer,
    /// A peer names a topic twice.
    #[error("a peer names a topic twice")]
    DuplicateTopic,
    /// A peer names a priority twice.
    #[error("a peer names a priority twice")]
    DuplicatePriority,
    /// A peer names too many priorities.
    #[error("a peer names {MAX_PRIORITIES} priorities or more")]
    TooManyPriorities,
}

/// Scores the preferences: what at least `minimum` peers name, by position. Topics are ordered by `topic_hash`.
pub fn score(
    preferences: &[Preferences],
    minimum: usize,
    topic_hash: impl Fn(&str) -> [u8; 32],
) -> Result<Vec<Scored>, PriorityError> {
    check(preferences)?;
    let mut ordered: Vec<&Preferences> = preferences.iter().collect();
    ordered.sort_by(|a, b| a.peer_id.cmp(&b.peer_id));

    let mut topics: BTreeMap<[u8; 32], Scored> = BTreeMap::new();
    for topic in ordered.iter().flat_map(|preferences| &preferences.topics) {
        let scored = topics
            .entry(topic_hash(&topic.topic))
            .or_insert_with(|| Scored { topic: topic.topic.clone(), priorities: Vec::new() });
        for (position, priority) in topic.priorities.iter().enumerate() {
            let points = (MAX_PRIORITIES - position) as i64;
            match scored.priorities.iter_mut().find(|(known, _)| known == priority) {
                Some((_, score)) => *score += points,
                None => scored.priorities.push((priority.clone(), points)),
            }
        }
    }
    let least = (minimum as i64 - 1) * MAX_PRIORITIES as i64;
    let finish = |mut scored: Scored| {
        scored.priorities.retain(|(_, score)| *score > least);
        // Stable: among equals the first seen stays first.
        scored.priorities.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        scored
    };
    Ok(topics.into_values().map(finish).collect())
}

fn check(preferences: &[Preferences]) -> Result<(), PriorityError> {
    let first = preferences.first().ok_or(PriorityError::Empty)?;
    let mut peers = BTreeSet::new();
    for peer in preferences {
        if peer.duty != first.duty {
            return Err(PriorityError::DifferentDuties);
        }
        if !peers.insert(&peer.peer_id) {
            return Err(PriorityError::DuplicatePeer);
        }
        let mut topics = BTreeSet::new();
        for topic in &peer.topics {
            if !topics.insert(&topic.topic) {
                return Err(PriorityError::DuplicateTopic);
            }
            if topic.priorities.len() >= MAX_PRIORITIES {
                return Err(PriorityError::TooManyPriorities);
            }
            if topic.priorities.iter().collect::<BTreeSet<_>>().len() != topic.priorities.len() {
                return Err(PriorityError::DuplicatePriority);
            }
        }
    }
    Ok(())
}
