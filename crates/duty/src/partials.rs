//! Partial signatures of one duty, gathered until a threshold of shares has signed the same root.

use std::collections::{BTreeMap, BTreeSet};

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{Root, SignatureBytes, Spec};

use crate::{Combination, Combine, Partial, PartialSet, Signed};

/// The partial signatures of one duty.
///
/// A share has one signature per validator: an honest node signs one thing per duty, so a second one is a fault and
/// cannot displace the first. Hence memory is bounded by validators × shares.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    validators: BTreeMap<GroupKey, Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    partials: BTreeMap<ShareIndex, Stored>,
    /// Shares whose signature turned out to be wrong.
    culprits: BTreeSet<ShareIndex>,
    /// The root that is being combined.
    combining: Option<Root>,
    complete: Option<Complete>,
}

#[derive(Debug)]
struct Stored {
    root: Root,
    signed: Signed,
    signature: SignatureBytes,
}

/// A complete signature and what it is over.
#[derive(Clone, Debug)]
pub(crate) struct Complete {
    pub(crate) signed: Signed,
    pub(crate) signature: SignatureBytes,
}

/// What became of a partial signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is new.
    New,
    /// It was here before.
    Known,
    /// The share has signed something else, or signed wrongly, before.
    Conflicting,
}

impl Collection {
    /// Stores a partial signature.
    pub(crate) fn add(&mut self, key: GroupKey, partial: Partial) -> Added {
        let gathered = self.validators.entry(key).or_default();
        if gathered.culprits.contains(&partial.share) {
            return Added::Conflicting;
        }
        let root = partial.signed.root();
        match gathered.partials.get(&partial.share) {
            Some(stored) if stored.root == root && stored.signature == partial.signature => Added::Known,
            Some(_) => Added::Conflicting,
            None => {
                let stored = Stored { root, signed: partial.signed, signature: partial.signature };
                gathered.partials.insert(partial.share, stored);
                Added::New
            }
        }
    }

    /// What can be combined now: a threshold of shares over one root, not combined or being combined yet.
    pub(crate) fn ready(&mut self, threshold: usize, spec: &Spec) -> Vec<Combine> {
        let mut ready = Vec::new();
        for (key, gathered) in &mut self.validators {
            if gathered.complete.is_some() || gathered.combining.is_some() {
                continue;
            }
            let Some(root) = gathered.root_with(threshold) else { continue };
            gathered.combining = Some(root);
            let over_root = || gathered.partials.iter().filter(|(_, stored)| stored.root == root);
            let Some((_, any)) = over_root().next() else { continue };
            ready.push(Combine {
                key: *key,
                signing_root: any.signed.signing_root(spec),
                partials: over_root().map(|(share, stored)| (*share, stored.signature)).collect(),
            });
        }
        ready
    }

    /// Takes in the outcome of combining; the complete signature if there is one.
    pub(crate) fn combined(&mut self, key: GroupKey, combination: Combination) -> Option<Complete> {
        let gathered = self.validators.get_mut(&key)?;
        let root = gathered.combining.take()?;
        // What is over the root is looked up before the culprits go: they may be all that was left.
        let signed = gathered.partials.values().find(|stored| stored.root == root).map(|stored| stored.signed.clone())?;
        for culprit in combination.culprits {
            gathered.partials.remove(&culprit);
            gathered.culprits.insert(culprit);
        }
        let complete = Complete { signed, signature: combination.signature? };
        gathered.complete = Some(complete.clone());
        Some(complete)
    }

    /// The complete signature of the validator.
    pub(crate) fn complete(&self, key: &GroupKey) -> Option<&Complete> {
        self.validators.get(key)?.complete.as_ref()
    }

    /// The shares that have signed for the validator.
    pub(crate) fn shares(&self, key: &GroupKey) -> Vec<ShareIndex> {
        self.validators.get(key).map(|gathered| gathered.partials.keys().copied().collect()).unwrap_or_default()
    }

    /// The signatures of one share, to send them again.
    pub(crate) fn of_share(&self, share: ShareIndex) -> BTreeMap<GroupKey, Partial> {
        let own = self.validators.iter().filter_map(|(key, gathered)| {
            let stored = gathered.partials.get(&share)?;
            Some((*key, Partial { share, signed: stored.signed.clone(), signature: stored.signature }))
        });
        own.collect()
    }
}

impl Gathered {
    fn root_with(&self, threshold: usize) -> Option<Root> {
        let mut counts: BTreeMap<Root, usize> = BTreeMap::new();
        for stored in self.partials.values() {
            *counts.entry(stored.root).or_default() += 1;
        }
        counts.into_iter().find(|(_, count)| *count >= threshold).map(|(root, _)| root)
    }
}

impl PartialSet {
    /// A set of one.
    pub fn single(duty: crate::Duty, key: GroupKey, partial: Partial) -> PartialSet {
        PartialSet { duty, partials: BTreeMap::from([(key, partial)]) }
    }
}
