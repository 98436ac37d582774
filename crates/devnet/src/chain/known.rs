//! Messages that were taken, to know them when they come again: every node of a cluster hands in its own.

use std::collections::{BTreeMap, BTreeSet};

use eth::{Root, Slot};
use sha2::{Digest, Sha256};

/// Fingerprints of messages by slot.
#[derive(Debug, Default)]
pub(crate) struct Known {
    fingerprints: BTreeMap<Slot, BTreeSet<Root>>,
}

impl Known {
    pub(crate) fn contains(&self, slot: Slot, fingerprint: &Root) -> bool {
        self.fingerprints.get(&slot).is_some_and(|known| known.contains(fingerprint))
    }

    pub(crate) fn insert(&mut self, slot: Slot, fingerprint: Root) {
        self.fingerprints.entry(slot).or_default().insert(fingerprint);
    }

    pub(crate) fn forget_before(&mut self, slot: Slot) {
        self.fingerprints = self.fingerprints.split_off(&slot);
    }
}

/// What tells a message from every other, its signatures included.
pub(crate) fn fingerprint(ssz: &[u8]) -> Root {
    Root(Sha256::digest(ssz).into())
}
