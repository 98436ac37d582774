//! Whether all clients are asked to sign the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use eth::{CommitteeIndex, Root, Slot, SubcommitteeIndex};

/// Roots kept: those of some hundred slots.
const ROOTS_KEPT: usize = 8192;

/// What was asked to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Attestation data.
    Attestation,
    /// A block.
    Block,
    /// A committee's aggregate.
    Aggregate(CommitteeIndex),
    /// The head, for a message of the sync committee. Nothing is agreed on before: clients that hear of a block too late
    /// may differ.
    Head,
    /// A subcommittee's contribution.
    Contribution(SubcommitteeIndex),
}

/// What the clients of a cluster were asked to sign, by slot. More than one root for the same is a fault of the
/// cluster, even if its slashing ledger lets no signature out.
#[derive(Debug, Default)]
pub struct Agreement {
    roots: Mutex<BTreeMap<(Slot, Kind), BTreeSet<Root>>>,
}

impl Agreement {
    /// A client was asked to sign this.
    pub fn note(&self, slot: Slot, kind: Kind, root: Root) {
        let mut roots = self.roots.lock().expect("nothing panics while holding the roots");
        roots.entry((slot, kind)).or_default().insert(root);
        while roots.len() > ROOTS_KEPT {
            roots.pop_first();
        }
    }

    /// All that clients were asked to sign, as long as it is kept.
    pub fn roots(&self) -> Vec<(Slot, Kind, Root)> {
        let roots = self.roots.lock().expect("nothing panics while holding the roots");
        let each = |((slot, kind), roots): (&(Slot, Kind), &BTreeSet<Root>)| {
            let what = (*slot, *kind);
            roots.iter().map(move |root| (what.0, what.1, *root)).collect::<Vec<_>>()
        };
        roots.iter().flat_map(each).collect()
    }

    /// For what clients were asked to sign different things.
    pub fn disagreements(&self) -> Vec<(Slot, Kind)> {
        self.that_differ(|kind| kind != Kind::Head)
    }

    /// Slots in which clients saw different heads.
    pub fn heads_that_differ(&self) -> Vec<Slot> {
        self.that_differ(|kind| kind == Kind::Head).into_iter().map(|(slot, _)| slot).collect()
    }

    fn that_differ(&self, wanted: impl Fn(Kind) -> bool) -> Vec<(Slot, Kind)> {
        let roots = self.roots.lock().expect("nothing panics while holding the roots");
        let differ = roots.iter().filter(|((_, kind), roots)| roots.len() > 1 && wanted(*kind));
        differ.map(|(what, _)| *what).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_different_roots_for_the_same_are_a_disagreement() {
        let agreement = Agreement::default();
        agreement.note(Slot(1), Kind::Attestation, Root([1; 32]));
        agreement.note(Slot(1), Kind::Attestation, Root([1; 32]));
        agreement.note(Slot(1), Kind::Block, Root([2; 32]));
        agreement.note(Slot(2), Kind::Block, Root([3; 32]));
        assert_eq!(agreement.disagreements(), []);
        agreement.note(Slot(2), Kind::Block, Root([4; 32]));
        assert_eq!(agreement.disagreements(), [(Slot(2), Kind::Block)]);
    }

    #[test]
    fn heads_may_differ_contributions_may_not() {
        let agreement = Agreement::default();
        for root in [Root([1; 32]), Root([2; 32])] {
            agreement.note(Slot(1), Kind::Head, root);
            agreement.note(Slot(2), Kind::Contribution(SubcommitteeIndex(3)), root);
        }
        agreement.note(Slot(2), Kind::Contribution(SubcommitteeIndex(0)), Root([3; 32]));
        assert_eq!(agreement.heads_that_differ(), [Slot(1)]);
        assert_eq!(agreement.disagreements(), [(Slot(2), Kind::Contribution(SubcommitteeIndex(3)))]);
    }
}
