//! What can cost the stake: slashable signatures, released or within reach.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use eth::{Epoch, Root};
use slashing::{Permit, Request, Signable};

use super::sentence::{Sentence, Verdict, demand};

/// What can be slashed, and the 32 bytes that were signed.
pub(crate) type Signature = (Signable, Root);

/// All that honest nodes ever released, across their lives.
#[derive(Debug, Default)]
pub(crate) struct Released {
    permitted: BTreeMap<(usize, GroupKey, Root), Signable>,
    /// By validator: what was signed, and by which nodes.
    by_validator: BTreeMap<GroupKey, BTreeMap<Signature, BTreeSet<usize>>>,
}

impl Released {
    pub(crate) fn permitted(&mut self, node: usize, permit: &Permit) {
        let granted = permit.granted().iter();
        self.permitted.extend(granted.map(|item| ((node, item.key, item.signing_root), item.what)));
    }

    /// Takes in what a node lets go: permitted, and not slashable with anything that can still be completed.
    pub(crate) fn release(
        &mut self,
        node: usize,
        key: GroupKey,
        new: Signature,
        could_complete: impl Fn(&BTreeSet<usize>) -> bool,
    ) -> Verdict {
        let (what, root) = new;
        let is_permitted = self.permitted.contains_key(&(node, key, root));
        demand(is_permitted, Sentence::ReleasedIsPermitted, || format!("node {node} released {what:?}"))?;
        let releases = self.by_validator.entry(key).or_default();
        releases.entry(new).or_default().insert(node);
        let newcomers = &releases[&new];
        for (known, nodes) in releases.iter().filter(|(known, _)| are_slashable(**known, new)) {
            demand(!nodes.contains(&node), Sentence::NothingSlashableIsReleased, || {
                format!("node {node} signed {known:?} and {new:?}")
            })?;
            let both = could_complete(nodes) && could_complete(newcomers);
            demand(!both, Sentence::NothingSlashableCanBeCompleted, || {
                format!("{known:?} of nodes {nodes:?} and {new:?} of nodes {newcomers:?} are within reach")
            })?;
        }
        Ok(())
    }

    /// A ledger must object to every item that is slashable with what the node released.
    pub(crate) fn consulted(
        &self,
        node: usize,
        request: &Request,
        objects: impl Fn(usize) -> bool,
    ) -> Verdict {
        for (place, item) in request.items.iter().enumerate() {
            let new = (item.what, item.signing_root);
            let mut of_node = self.of_node(node, &item.key);
            let clash = of_node.find(|known| are_slashable(*known, new));
            demand(clash.is_none() || objects(place), Sentence::TheLedgerKnowsWhatWasSigned, || {
                format!("node {node} signed {clash:?} and would sign {new:?}")
            })?;
        }
        Ok(())
    }

    /// Whether anybody's ledger recorded a vote of the validator for that target over other roots than these.
    pub(crate) fn has_voted_otherwise(&self, key: &GroupKey, epoch: Epoch, roots: &BTreeSet<Root>) -> bool {
        self.permitted.iter().any(|((_, of, root), what)| {
            let is_of_epoch = matches!(what, Signable::Attestation { target, .. } if *target == epoch);
            of == key && is_of_epoch && !roots.contains(root)
        })
    }

    /// All that the node ever released for the validator.
    pub(crate) fn of_node(&self, node: usize, key: &GroupKey) -> impl Iterator<Item = Signature> {
        let releases = self.by_validator.get(key).into_iter().flatten();
        releases.filter(move |(_, nodes)| nodes.contains(&node)).map(|(signature, _)| *signature)
    }

    /// All that the node ever released.
    pub(crate) fn all_of_node(&self, node: usize) -> impl Iterator<Item = (GroupKey, Signature)> {
        let keys = self.by_validator.keys();
        keys.flat_map(move |key| self.of_node(node, key).map(|signature| (*key, signature)))
    }
}

/// The slashing conditions of the consensus specification.
pub(crate) fn are_slashable((a, a_root): Signature, (b, b_root): Signature) -> bool {
    match (a, b) {
        (Signable::Block { slot: a }, Signable::Block { slot: b }) => a == b && a_root != b_root,
        (
            Signable::Attestation { source: a_source, target: a_target },
            Signable::Attestation { source: b_source, target: b_target },
        ) => {
            let is_double = a_target == b_target && a_root != b_root;
            let surrounds = a_source < b_source && b_target < a_target;
            let is_surrounded = b_source < a_source && a_target < b_target;
            is_double || surrounds || is_surrounded
        }
        _ => false,
    }
}
