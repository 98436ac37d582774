//! What must hold after every event, whatever the world does.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use duty::{Duty, PartialSet, Publication, Signed};
use eth::{Root, Spec};
use slashing::{Permit, Request, Signable};

use super::client::share;
use super::fake::{group_sign, sign};

/// Everything that left a node, across all its lives.
#[derive(Debug)]
pub struct Checks {
    nodes: usize,
    /// Nodes whose words count for nothing.
    pub liars: BTreeSet<usize>,
    decided: BTreeMap<Duty, BTreeMap<GroupKey, Root>>,
    permitted: BTreeSet<(usize, GroupKey, Root)>,
    /// By validator: what was signed, and by which nodes.
    released: BTreeMap<GroupKey, BTreeMap<(Signable, Root), BTreeSet<usize>>>,
    completed: BTreeSet<((usize, u32), Duty, GroupKey)>,
    published: BTreeMap<(Duty, GroupKey), (Root, BTreeSet<usize>)>,
}

impl Checks {
    pub fn new(nodes: usize) -> Checks {
        Checks {
            nodes,
            liars: BTreeSet::new(),
            decided: BTreeMap::new(),
            permitted: BTreeSet::new(),
            released: BTreeMap::new(),
            completed: BTreeSet::new(),
            published: BTreeMap::new(),
        }
    }

    pub fn is_published(&self, duty: Duty, key: GroupKey) -> bool {
        self.published.contains_key(&(duty, key))
    }

    /// The nodes that published the duty of the validator.
    pub fn publishers(&self, duty: Duty, key: GroupKey) -> usize {
        self.published.get(&(duty, key)).map_or(0, |(_, nodes)| nodes.len())
    }

    /// How many partial signatures over slashable things the node ever released.
    pub fn releases(&self, node: usize) -> usize {
        self.released.values().flat_map(BTreeMap::values).filter(|nodes| nodes.contains(&node)).count()
    }

    /// One decided value per duty, over all nodes and lives.
    pub(super) fn decided(&mut self, duty: Duty, request: &Request) {
        let roots: BTreeMap<GroupKey, Root> =
            request.items.iter().map(|item| (item.key, item.signing_root)).collect();
        assert_eq!(request.duty.slot, duty.slot, "a permit is asked for the duty's own slot");
        let known = self.decided.entry(duty).or_insert_with(|| roots.clone());
        assert_eq!(*known, roots, "two values were decided for {duty}");
    }

    pub(super) fn permitted(&mut self, node: usize, permit: &Permit) {
        self.permitted.extend(permit.granted().iter().map(|item| (node, item.key, item.signing_root)));
    }

    /// What leaves is permitted, is the node's own, and can never be slashed together with anything before it.
    pub(super) fn released(&mut self, node: usize, set: &PartialSet, spec: &Spec) {
        for (key, partial) in &set.partials {
            let root = partial.signed.signing_root(spec);
            assert_eq!(partial.share, share(node), "a node sends its own share");
            assert_eq!(partial.signature, sign(key, partial.share, root), "what leaves is verified");
            let what = match &partial.signed {
                Signed::Randao { .. } => continue,
                Signed::Attestation { data, .. } => {
                    Signable::Attestation { source: data.source.epoch, target: data.target.epoch }
                }
                Signed::Block(proposal) => Signable::Block { slot: proposal.slot() },
            };
            assert!(
                self.permitted.contains(&(node, *key, root)),
                "node {node} released what was not permitted"
            );
            let releases = self.released.entry(*key).or_default();
            releases.entry((what, root)).or_default().insert(node);
            self.assert_not_slashable(key, node, (what, root));
        }
    }

    /// Neither has this node signed something slashable, nor could all that honest nodes ever signed and all that
    /// liars could sign complete it.
    fn assert_not_slashable(&self, key: &GroupKey, node: usize, new: (Signable, Root)) {
        let releases = &self.released[key];
        let shares = |nodes: &BTreeSet<usize>| nodes.union(&self.liars).count();
        for (known, nodes) in releases.iter().filter(|(known, _)| are_slashable(**known, new)) {
            assert!(!nodes.contains(&node), "node {node} signed {known:?} and {new:?}");
            let could_complete = |nodes| shares(nodes) >= qbft::quorum(self.nodes);
            assert!(
                !(could_complete(nodes) && could_complete(&releases[&new])),
                "{known:?} and {new:?} can both be completed"
            );
        }
    }

    /// A group signature is over one root, by a threshold of shares, and is published once in a node's life.
    pub(super) fn completed(
        &mut self,
        life: (usize, u32),
        spec: &Spec,
        duty: Duty,
        keys: &[GroupKey],
        what: &Publication,
    ) {
        for (key, root, signature) in signatures(spec, keys, what) {
            assert!(self.completed.insert((life, duty, key)), "{duty} of {key:?} is published twice");
            assert_eq!(signature, group_sign(&key, root), "{duty} is published with a wrong group signature");
            let over_root =
                self.released.get(&key).into_iter().flatten().filter(|((_, known), _)| *known == root);
            let nodes: BTreeSet<usize> = over_root.flat_map(|(_, nodes)| nodes).copied().collect();
            let shares = nodes.union(&self.liars).count();
            assert!(shares >= qbft::quorum(self.nodes), "{duty} was completed with {shares} shares");
        }
    }

    pub(super) fn published(
        &mut self,
        node: usize,
        duty: Duty,
        keys: &[GroupKey],
        what: &Publication,
        spec: &Spec,
    ) {
        for (key, root, _) in signatures(spec, keys, what) {
            let (known, nodes) = self.published.entry((duty, key)).or_insert((root, BTreeSet::new()));
            assert_eq!(*known, root, "two signatures were published for {duty} of {key:?}");
            nodes.insert(node);
        }
    }
}

fn signatures(
    spec: &Spec,
    keys: &[GroupKey],
    what: &Publication,
) -> Vec<(GroupKey, Root, eth::SignatureBytes)> {
    match what {
        Publication::Attestations(attestations) => {
            assert_eq!(keys.len(), attestations.len(), "one attestation for each validator");
            let signature = |(key, single): (&GroupKey, &eth::SingleAttestation)| {
                let data = single.data;
                let signed = Signed::Attestation { data, validator: None, committee: single.committee_index };
                (*key, signed.signing_root(spec), single.signature)
            };
            keys.iter().zip(attestations).map(signature).collect()
        }
        Publication::Block(block) => {
            let root = Signed::Block(block.proposal().clone().into()).signing_root(spec);
            keys.iter().map(|key| (*key, root, block.signature())).collect()
        }
    }
}

/// The slashing conditions of the consensus specification.
fn are_slashable((a, a_root): (Signable, Root), (b, b_root): (Signable, Root)) -> bool {
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
