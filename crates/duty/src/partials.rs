//! Partial signatures of one duty, gathered until a threshold of shares has signed the same root.

use std::collections::{BTreeMap, BTreeSet};

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{Root, SignatureBytes, SubcommitteeIndex};

use crate::known_bugs::{KnownBug, is_on};
use crate::{Combination, Combine, Duty, DutyKind, Partial, PartialSet, Seat, Signed};

/// The partial signatures of one duty.
///
/// A share has one signature per seat: an honest node signs one thing per duty, so a second one is a fault and
/// cannot displace the first. Hence memory is bounded by seats × shares, and where a single validator has the
/// duty by shares alone.
#[derive(Debug)]
pub(crate) struct Collection {
    seats: BTreeMap<Seat, Gathered>,
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
    /// Whether the beacon node took the complete signature.
    is_published: bool,
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

/// What a collection has of a share's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing.
    New,
    /// That very one.
    Known,
    /// One over something else.
    Otherwise,
}

impl Collection {
    pub(crate) fn new(duty: Duty) -> Collection {
        let is_single = matches!(duty.kind, DutyKind::Proposer | DutyKind::Randao);
        Collection { seats: BTreeMap::new(), is_single }
    }

    /// Stores a partial signature over the signing root.
    pub(crate) fn add(&mut self, key: GroupKey, root: Root, partial: Partial) -> Added {
        if self.is_single && self.signs_for_another(&key, partial.share) {
            return Added::OtherValidator;
        }
        let gathered = self.seats.entry(partial.signed.seat(key)).or_default();
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
        self.seats.iter().any(|(seat, gathered)| seat.key != *key && has_signed(gathered))
    }

    /// What can be combined now: a threshold of shares over one root, not combined or being combined yet.
    pub(crate) fn ready(&mut self, threshold: usize) -> Vec<(Seat, Combine)> {
        let mut ready = Vec::new();
        for (seat, gathered) in &mut self.seats {
            if gathered.complete.is_some() || gathered.combining.is_some() {
                continue;
            }
            let Some((root, count)) = gathered.root_with(threshold) else { continue };
            if count <= gathered.fruitless {
                continue;
            }
            gathered.combining = Some((root, count));
            let over_root = gathered.partials.iter().filter(|(_, stored)| stored.root == root);
            let most = if is_on(KnownBug::CulpritsAreNotNamed) { threshold } else { usize::MAX };
            let over_root = over_root.take(most);
            let partials = over_root.map(|(share, stored)| (*share, stored.signature)).collect();
            ready.push((*seat, Combine { key: seat.key, signing_root: root, partials }));
        }
        ready
    }

    /// The beacon node took the complete signature of that seat.
    pub(crate) fn publish(&mut self, seat: &Seat) {
        if let Some(gathered) = self.seats.get_mut(seat) {
            gathered.is_published = true;
        }
    }

    pub(crate) fn is_published(&self, seat: &Seat) -> bool {
        self.seats.get(seat).is_some_and(|gathered| gathered.is_published)
    }

    /// The outcome of combining will never come: it may be tried again.
    pub(crate) fn give_up_combining(&mut self, seat: &Seat) {
        if let Some(gathered) = self.seats.get_mut(seat) {
            gathered.combining = None;
        }
    }

    /// Takes in the outcome of combining; the complete signature if there is one.
    pub(crate) fn combined(&mut self, seat: Seat, combination: Combination) -> Option<Complete> {
        let gathered = self.seats.get_mut(&seat)?;
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

    /// The complete signature of the seat.
    pub(crate) fn complete(&self, seat: &Seat) -> Option<&Complete> {
        self.seats.get(seat)?.complete.as_ref()
    }

    /// All complete signatures.
    pub(crate) fn all_complete(&self) -> impl Iterator<Item = (&Seat, &Complete)> {
        self.seats.iter().filter_map(|(seat, gathered)| Some((seat, gathered.complete.as_ref()?)))
    }

    /// How many different things shares have signed for the seat.
    pub(crate) fn roots(&self, seat: &Seat) -> usize {
        let partials = self.seats.get(seat).into_iter().flat_map(|gathered| gathered.partials.values());
        partials.map(|stored| stored.root).collect::<BTreeSet<Root>>().len()
    }

    /// The most different things shares have signed for any one seat.
    pub(crate) fn most_roots(&self) -> usize {
        self.seats.keys().map(|seat| self.roots(seat)).max().unwrap_or_default()
    }

    /// The shares that have signed for the seat.
    pub(crate) fn shares(&self, seat: &Seat) -> Vec<ShareIndex> {
        self.seats.get(seat).map(|gathered| gathered.partials.keys().copied().collect()).unwrap_or_default()
    }

    /// What is here of the share's signature over the root.
    pub(crate) fn standing(
        &self,
        seat: &Seat,
        share: ShareIndex,
        root: Root,
        signature: &SignatureBytes,
    ) -> Standing {
        let stored = self.seats.get(seat).and_then(|gathered| gathered.partials.get(&share));
        match stored {
            None => Standing::New,
            Some(stored) if stored.root == root && stored.signature == *signature => Standing::Known,
            // A wrong signature over the same root takes nothing away: it is found out when it is verified.
            Some(stored) if stored.root == root => Standing::New,
            Some(_) => Standing::Otherwise,
        }
    }

    /// Whether nothing was ever stored here.
    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// How many partial signatures are here.
    pub(crate) fn len(&self) -> usize {
        self.seats.values().map(|gathered| gathered.partials.len()).sum()
    }

    /// The signatures of one share, to send them again.
    pub(crate) fn of_share(&self, share: ShareIndex) -> Vec<(GroupKey, Partial)> {
        let own = self.seats.iter().filter_map(|(seat, gathered)| {
            let stored = gathered.partials.get(&share)?;
            Some((seat.key, Partial { share, signed: stored.signed.clone(), signature: stored.signature }))
        });
        own.collect()
    }

    /// Whether the share has signed for the validator.
    pub(crate) fn has(&self, key: GroupKey, share: ShareIndex) -> bool {
        self.seats.get(&key.into()).is_some_and(|gathered| gathered.partials.contains_key(&share))
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

    /// As many sets as are needed: each has at most one signature per validator, so what a validator signs for several
    /// subcommittees travels apart (charon-wire 5.5).
    pub(crate) fn of(duty: Duty, partials: Vec<(GroupKey, Partial)>) -> Vec<PartialSet> {
        let mut sets: BTreeMap<SubcommitteeIndex, BTreeMap<GroupKey, Partial>> = BTreeMap::new();
        for (key, partial) in partials {
            let subcommittee = partial.signed.seat(key).subcommittee;
            sets.entry(subcommittee).or_default().insert(key, partial);
        }
        sets.into_values().map(|partials| PartialSet { duty, partials }).collect()
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
        let [(_, combine)] = &collection.ready(3)[..] else { panic!("one is ready") };
        assert_eq!(combine.signing_root, ROOT);
        assert_eq!(combine.partials.iter().map(|(share, _)| share.number()).collect::<Vec<_>>(), [1, 3, 4]);
        assert!(collection.ready(3).is_empty(), "it is being combined");
        let signature = Some(SignatureBytes([9; 96]));
        let complete = collection.combined(key(1).into(), Combination { signature, culprits: vec![] });
        assert_eq!(complete.map(|complete| complete.root), Some(ROOT));
        assert!(collection.complete(&key(1).into()).is_some() && collection.ready(3).is_empty());
    }

    #[test]
    fn culprits_stay_out_and_others_take_their_place() {
        let mut collection = collection(DutyKind::Attester);
        (1..=3).for_each(|number| _ = collection.add(key(1), ROOT, partial(number)));
        assert_eq!(collection.ready(3).len(), 1);
        // The fourth arrives while the three are combined, one of them wrong.
        collection.add(key(1), ROOT, partial(4));
        assert!(
            collection
                .combined(key(1).into(), Combination { signature: None, culprits: vec![share(2)] })
                .is_none()
        );
        assert_eq!(collection.add(key(1), ROOT, partial(2)), Added::Conflicting, "one chance");
        let [(_, combine)] = &collection.ready(3)[..] else { panic!("three good ones are left") };
        assert_eq!(combine.partials.iter().map(|(share, _)| share.number()).collect::<Vec<_>>(), [1, 3, 4]);
    }

    #[test]
    fn what_gave_nothing_without_a_culprit_is_not_tried_again() {
        let mut collection = collection(DutyKind::Attester);
        (1..=3).for_each(|number| _ = collection.add(key(1), ROOT, partial(number)));
        assert_eq!(collection.ready(3).len(), 1);
        assert!(
            collection.combined(key(1).into(), Combination { signature: None, culprits: vec![] }).is_none()
        );
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
