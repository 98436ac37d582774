//! Whether all clients are asked to sign the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use eth::{Root, Slot};

/// Slots whose roots are kept.
const SLOTS_KEPT: usize = 256;

/// What was asked to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Attestation data.
    Attestation,
    /// A block.
    Block,
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
        while roots.len() > SLOTS_KEPT {
            roots.pop_first();
        }
    }

    /// For what clients were asked to sign different things.
    pub fn disagreements(&self) -> Vec<(Slot, Kind)> {
        let roots = self.roots.lock().expect("nothing panics while holding the roots");
        roots.iter().filter(|(_, roots)| roots.len() > 1).map(|(what, _)| *what).collect()
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
}
