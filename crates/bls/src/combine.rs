//! Combining partial signatures into a validator's, and naming who sent wrong ones.

mod search;
mod task;

use std::collections::BTreeMap;
use std::fmt;

use blst::{min_pk, p2_affines};

use crate::batch::{Coefficients, Entry, Verifier, is_sound};
use crate::lagrange::Quorum;
use crate::{GroupPublicKey, GroupSignature, PartialSignature, ShareIndex, SharePublicKey};
use task::{Standing, Task};

/// One validator's partial signatures of one root.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The validator's key.
    pub key: &'a GroupPublicKey,
    /// The keys of its shares, in order from share 1.
    pub shares: &'a [SharePublicKey],
    /// What was signed.
    pub root: [u8; 32],
    /// What came in, in any order. Of one share several may be there; the right one counts.
    pub partials: &'a [PartialSignature],
}

/// What became of an item.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The validator's signature, verified.
    pub signature: Result<GroupSignature, NotEnough>,
    /// Shares of which a wrong partial signature was seen, rising. Partials that were not needed are looked
    /// at only when something was wrong.
    pub culprits: Vec<ShareIndex>,
    /// Pairing checks that this item's signatures went through, alone or with others: 1 when all is well.
    pub checks: usize,
}

/// Too few partial signatures to make a validator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NotEnough {
    /// Shares with a partial signature not found wrong.
    pub usable: u8,
    /// Shares needed.
    pub needed: u8,
}

impl fmt::Display for NotEnough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.usable < self.needed {
            write!(f, "{} usable partial signatures, {} needed: wait for more", self.usable, self.needed)
        } else {
            // Each is right under its share's key, and yet together they do not sign for the group.
            f.write_str("the share keys are not shares of the group key: check the cluster lock")
        }
    }
}

/// Combines many validators' partial signatures of one duty, each over its own root or all over the same.
///
/// Takes the partials on trust, combines the cheapest `threshold` of each item and verifies all results in
/// one check. If that fails, finds the wrong partials share by share and combines again without them. An item
/// with enough good partials gets its signature whatever its neighbours hold. `seed` is 32 bytes from a
/// source of cryptographic randomness, new for every call.
///
/// # Panics
/// If the threshold is zero.
pub fn combine_batch(threshold: u8, items: &[Item<'_>], seed: [u8; 32]) -> Vec<Outcome> {
    let mut verifier = Verifier::new(Some(Coefficients::new(seed)));
    let tasks = items
        .iter()
        .map(|item| Task::new(item.key, item.shares, verifier.message(&item.root), item.partials))
        .collect();
    Combination::new(threshold, tasks, verifier).finish()
}

/// Combines one validator's partial signatures of a message, as [`combine_batch`] does for many.
///
/// # Panics
/// If the threshold is zero.
pub fn combine(
    threshold: u8,
    key: &GroupPublicKey,
    shares: &[SharePublicKey],
    message: &[u8],
    partials: &[PartialSignature],
) -> Outcome {
    // Nothing is verified jointly with anything else here, so no randomness is needed.
    let mut verifier = Verifier::new(None);
    let task = Task::new(key, shares, verifier.message(message), partials);
    let mut outcomes = Combination::new(threshold, vec![task], verifier).finish();
    outcomes.remove(0)
}

/// The work on one batch.
struct Combination<'a> {
    threshold: u8,
    tasks: Vec<Task<'a>>,
    verifier: Verifier<'a>,
    /// The cheapest quorum by shares at hand: mostly the same for the whole batch.
    quorums: BTreeMap<Vec<ShareIndex>, Option<Quorum>>,
}

/// A signature that was combined, and the task it is for.
struct Candidate {
    task: usize,
    signature: min_pk::Signature,
}

impl<'a> Combination<'a> {
    fn new(threshold: u8, tasks: Vec<Task<'a>>, verifier: Verifier<'a>) -> Combination<'a> {
        assert!(threshold > 0, "a threshold is at least 1");
        Combination { threshold, tasks, verifier, quorums: BTreeMap::new() }
    }

    fn finish(mut self) -> Vec<Outcome> {
        let failed = self.combine_on_trust();
        if !failed.is_empty() {
            self.search(&failed);
        }
        self.tasks.into_iter().map(|task| task.outcome(self.threshold)).collect()
    }

    /// Combines partials nobody checked and verifies the results. Returns the tasks for which that failed;
    /// those with too few partials are not among them.
    fn combine_on_trust(&mut self) -> Vec<usize> {
        let all: Vec<usize> = (0..self.tasks.len()).collect();
        let mut sound = self.candidates(&all, Standing::Untested);
        let mut failed = Vec::new();
        let entries: Vec<Entry> = sound.iter().map(|candidate| self.entry(candidate)).collect();
        let hold = self.verifier.all_hold_unchecked(&entries).unwrap_or_else(|| {
            (sound, failed) =
                std::mem::take(&mut sound).into_iter().partition(|candidate| is_sound(&candidate.signature));
            let entries: Vec<Entry> =
                entries.into_iter().filter(|entry| is_sound(&entry.signature)).collect();
            self.verifier.all_hold(&entries)
        });
        for candidate in &sound {
            self.tasks[candidate.task].checks += 1;
            if hold {
                self.tasks[candidate.task].settle(candidate.signature);
            }
        }
        if !hold {
            failed.extend(sound);
        }
        failed.iter().map(|candidate| candidate.task).collect()
    }

    /// What the partials of that standing combine to, for those of the tasks that have enough of them.
    fn candidates(&mut self, tasks: &[usize], standing: Standing) -> Vec<Candidate> {
        let mut able = Vec::with_capacity(tasks.len());
        let mut sums = Vec::with_capacity(tasks.len());
        for index in tasks {
            let task = &self.tasks[*index];
            let available = task.shares_with(standing);
            let threshold = usize::from(self.threshold);
            let quorum = self
                .quorums
                .entry(available)
                .or_insert_with_key(|available| Quorum::cheapest(threshold, available));
            if let Some(quorum) = quorum {
                sums.push(task.interpolate(quorum, standing));
                able.push(*index);
            }
        }
        if sums.is_empty() {
            return Vec::new();
        }
        let points = p2_affines::from(&sums);
        able.into_iter()
            .zip(points.as_slice())
            .map(|(task, point)| Candidate { task, signature: (*point).into() })
            .collect()
    }

    fn entry(&self, candidate: &Candidate) -> Entry {
        let task = &self.tasks[candidate.task];
        Entry { key: task.key.0.0, message: task.message, signature: candidate.signature }
    }
}
