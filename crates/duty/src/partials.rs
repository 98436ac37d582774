//! Partial signatures of one duty, gathered until a threshold of shares has signed the same root.

use std::collections::{BTreeMap, BTreeSet};

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{Root, SignatureBytes};

use crate::{Combination, Combine, Duty, DutyKind, Partial, PartialSet, Signed};

/// The partial signatures of one duty.
///
/// A share has one signature per validator: an honest node signs one thing per duty, so a second one is a fault and
/// cannot displace the first. Hence memory is bounded by validators × shares, and where a single validator has the
/// duty by shares alone.
#[derive(Debug)]
pub(crate) struct Collection {
    validators: BTreeMap<GroupKey, Gathered>,
    /// Whether one validator alone has the duty: then a share can sign for one only, and a peer cannot fill the
    /// memory with blocks of validators that do not propose.
    is_single: bool,
}

#[derive(Debug, Default)]
struct Gathered {
    partials: BTreeMap<ShareIndex, Stored>,
    /// Shares whose signature turned out to be wrong.
    culprits: BTreeSet<ShareIndex>,
    /// The signing root that is being combined, and of how many partials.
    combining: Option<(Root, usize)>,
    /// How many partials were combined to nothing, without a culprit: the same again would give nothing again.
    fruitless: usize,
    complete: Option<Complete>,
}

#[derive(Debug)]
struct Stored {
    /// The signing root.
    root: Root,
    signed: Signed,
    signature: SignatureBytes,
}

/// A complete signature and what it is over.
#[derive(Clone, Debug)]
pub(crate) struct Complete {
    /// The signing root.
    pub(crate) root: Root,
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
    /// The share has signed for another validator, and only one has the duty.
    OtherValidator,
}

impl Collection {
    pub(crate) fn new(duty: Duty) -> Collection {
        let is_single = matches!(duty.kind, DutyKind::Proposer | DutyKind::Randao);
        Collection { validators: BTreeMap::new(), is_single }
    }

    /// Stores a partial signature over the signing root.
    pub(crate) fn add(&mut self, key: GroupKey, root: Root, partial: Partial) -> Added {
        if self.is_single && self.signs_for_another(&key, partial.share) {
            return Added::OtherValidator;
        }
        let gathered = self.validators.entry(key).or_default();
        if gathered.culprits.contains(&partial.share) {
            return Added::Conflicting;
        }
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

    fn signs_for_another(&self, key: &GroupKey, share: ShareIndex) -> bool {
        let has_signed = |gathered: &Gathered| {
            gathered.partials.contains_key(&share) || gathered.culprits.contains(&share)
        };
        self.validators.iter().any(|(known, gathered)| known != key && has_signed(gathered))
    }

    /// What can be combined now: a threshold of shares over one root, not combined or being combined yet.
    pub(crate) fn ready(&mut self, threshold: usize) -> Vec<Combine> {
        let mut ready = Vec::new();
        for (key, gathered) in &mut self.validators {
            if gathered.complete.is_some() || gathered.combining.is_some() {
                continue;
            }
            let Some((root, count)) = gathered.root_with(threshold) else { continue };
            if count <= gathered.fruitless {
                continue;
            }
            gathered.combining = Some((root, count));
            let over_root = gathered.partials.iter().filter(|(_, stored)| stored.root == root);
            let partials = over_root.map(|(share, stored)| (*share, stored.signature)).collect();
            ready.push(Combine { key: *key, signing_root: root, partials });
        }
        ready
    }

    /// Takes in the outcome of combining; the complete signature if there is one.
    pub(crate) fn combined(&mut self, key: GroupKey, combination: Combination) -> Option<Complete> {
        let gathered = self.validators.get_mut(&key)?;
        let (root, count) = gathered.combining.take()?;
        let Combination { signature, culprits } = combination;
        // What is over the root is looked up before the culprits go: they may be all that was left.
        let signed = gathered.over(root);
        gathered.fruitless = if culprits.is_empty() { count } else { 0 };
        for culprit in culprits {
            gathered.partials.remove(&culprit);
            gathered.culprits.insert(culprit);
        }
        let complete = Complete { root, signed: gathered.over(root).or(signed)?, signature: signature? };
        gathered.complete = Some(complete.clone());
        Some(complete)
    }

    /// The complete signature of the validator.
    pub(crate) fn complete(&self, key: &GroupKey) -> Option<&Complete> {
        self.validators.get(key)?.complete.as_ref()
    }

    /// The shares that have signed for the validator.
    pub(crate) fn shares(&self, key: &GroupKey) -> Vec<ShareIndex> {
        self.validators
            .get(key)
            .map(|gathered| gathered.partials.keys().copied().collect())
            .unwrap_or_default()
    }

    /// Whether that very signature is here.
    pub(crate) fn holds(
        &self,
        key: &GroupKey,
        share: ShareIndex,
        root: Root,
        signature: &SignatureBytes,
    ) -> bool {
        let stored = self.validators.get(key).and_then(|gathered| gathered.partials.get(&share));
        stored.is_some_and(|stored| stored.root == root && stored.signature == *signature)
    }

    /// How many partial signatures are here.
    pub(crate) fn len(&self) -> usize {
        self.validators.values().map(|gathered| gathered.partials.len()).sum()
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
    /// What is signed over the root. The fields a signature does not cover may differ from share to share; those of
    /// the first are taken, and whoever publishes takes its own word before them.
    fn over(&self, root: Root) -> Option<Signed> {
        self.partials.values().find(|stored| stored.root == root).map(|stored| stored.signed.clone())
    }

    /// A root with enough shares for a group signature, and how many there are.
    fn root_with(&self, threshold: usize) -> Option<(Root, usize)> {
        let mut counts: BTreeMap<Root, usize> = BTreeMap::new();
        for stored in self.partials.values() {
            *counts.entry(stored.root).or_default() += 1;
        }
        counts.into_iter().find(|(_, count)| *count >= threshold)
    }
}

impl PartialSet {
    /// A set of one.
    pub fn single(duty: Duty, key: GroupKey, partial: Partial) -> PartialSet {
        PartialSet { duty, partials: BTreeMap::from([(key, partial)]) }
    }
}

#[cfg(test)]
mod tests {
    use eth::{Epoch, PublicKeyBytes, Slot};

    use super::*;

    const ROOT: Root = Root([1; 32]);
    const OTHER: Root = Root([2; 32]);

    fn key(number: u8) -> GroupKey {
        GroupKey(PublicKeyBytes([number; 48]))
    }

    fn share(number: u8) -> ShareIndex {
        ShareIndex::new(number).expect("not zero")
    }

    fn partial(number: u8) -> Partial {
        let signed = Signed::Randao { epoch: Epoch(0) };
        Partial { share: share(number), signed, signature: SignatureBytes([number; 96]) }
    }

    fn collection(kind: DutyKind) -> Collection {
        Collection::new(Duty::new(Slot(1), kind))
    }

    #[test]
    fn one_root_with_a_threshold_is_combined_once() {
        let mut collection = collection(DutyKind::Attester);
        assert_eq!(collection.add(key(1), ROOT, partial(1)), Added::New);
        assert_eq!(collection.add(key(1), ROOT, partial(1)), Added::Known);
        assert_eq!(collection.add(key(1), OTHER, partial(1)), Added::Conflicting);
        assert_eq!(collection.add(key(1), OTHER, partial(2)), Added::New);
        assert_eq!(collection.add(key(1), ROOT, partial(3)), Added::New);
        assert!(collection.ready(3).is_empty(), "three shares, but over two roots");
        assert_eq!(collection.add(key(1), ROOT, partial(4)), Added::New);
        let [combine] = &collection.ready(3)[..] else { panic!("one is ready") };
        assert_eq!(combine.signing_root, ROOT);
        assert_eq!(combine.partials.iter().map(|(share, _)| share.number()).collect::<Vec<_>>(), [1, 3, 4]);
        assert!(collection.ready(3).is_empty(), "it is being combined");
        let signature = Some(SignatureBytes([9; 96]));
        let complete = collection.combined(key(1), Combination { signature, culprits: vec![] });
        assert_eq!(complete.map(|complete| complete.root), Some(ROOT));
        assert!(collection.complete(&key(1)).is_some() && collection.ready(3).is_empty());
    }

    #[test]
    fn culprits_stay_out_and_others_take_their_place() {
        let mut collection = collection(DutyKind::Attester);
        (1..=3).for_each(|number| _ = collection.add(key(1), ROOT, partial(number)));
        assert_eq!(collection.ready(3).len(), 1);
        // The fourth arrives while the three are combined, one of them wrong.
        collection.add(key(1), ROOT, partial(4));
        assert!(
            collection.combined(key(1), Combination { signature: None, culprits: vec![share(2)] }).is_none()
        );
        assert_eq!(collection.add(key(1), ROOT, partial(2)), Added::Conflicting, "one chance");
        let [combine] = &collection.ready(3)[..] else { panic!("three good ones are left") };
        assert_eq!(combine.partials.iter().map(|(share, _)| share.number()).collect::<Vec<_>>(), [1, 3, 4]);
    }

    #[test]
    fn what_gave_nothing_without_a_culprit_is_not_tried_again() {
        let mut collection = collection(DutyKind::Attester);
        (1..=3).for_each(|number| _ = collection.add(key(1), ROOT, partial(number)));
        assert_eq!(collection.ready(3).len(), 1);
        assert!(collection.combined(key(1), Combination { signature: None, culprits: vec![] }).is_none());
        assert!(collection.ready(3).is_empty(), "the same again would give nothing again");
        collection.add(key(1), ROOT, partial(4));
        assert_eq!(collection.ready(3).len(), 1, "one more may change that");
    }

    #[test]
    fn a_share_signs_for_one_validator_where_one_has_the_duty() {
        for (kind, expected) in [
            (DutyKind::Proposer, Added::OtherValidator),
            (DutyKind::Randao, Added::OtherValidator),
            (DutyKind::Attester, Added::New),
        ] {
            let mut collection = collection(kind);
            assert_eq!(collection.add(key(1), ROOT, partial(1)), Added::New);
            assert_eq!(collection.add(key(2), ROOT, partial(1)), expected, "{kind}");
            assert_eq!(collection.add(key(2), ROOT, partial(2)), Added::New, "{kind}: shares may disagree");
        }
    }
}
