//! What must hold after every event, whatever the world does.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use duty::{Duty, DutyKind, PartialSet, Publication, Seat, Signed};
use eth::{Root, SignatureBytes, Spec, ValidatorIndex};
use slashing::{Permit, Request, Signable};

use super::chain::validator_index;
use super::client::{Asked, share};
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
    /// The same of every kind of duty, by root.
    signed: BTreeMap<(Duty, Seat), BTreeMap<Root, BTreeSet<usize>>>,
    /// What a life of a node signed for a seat.
    once: BTreeMap<((usize, u32), Duty, Seat), Root>,
    /// What clients were given to aggregate.
    given: BTreeMap<(Asked, Root), Root>,
    completed: BTreeSet<((usize, u32), Duty, Seat)>,
    published: BTreeMap<(Duty, Seat), (Root, BTreeSet<usize>)>,
}

/// One published signature.
struct Item {
    seat: Seat,
    validator: ValidatorIndex,
    root: Root,
    signature: SignatureBytes,
}

impl Checks {
    /// Nothing has left yet.
    pub fn new(nodes: usize) -> Checks {
        Checks {
            nodes,
            liars: BTreeSet::new(),
            decided: BTreeMap::new(),
            permitted: BTreeSet::new(),
            released: BTreeMap::new(),
            signed: BTreeMap::new(),
            once: BTreeMap::new(),
            given: BTreeMap::new(),
            completed: BTreeSet::new(),
            published: BTreeMap::new(),
        }
    }

    /// Whether anybody published the duty of the seat.
    pub fn is_published(&self, duty: Duty, seat: impl Into<Seat>) -> bool {
        self.published.contains_key(&(duty, seat.into()))
    }

    /// The nodes that published the duty of the seat.
    pub fn publishers(&self, duty: Duty, seat: impl Into<Seat>) -> usize {
        self.published.get(&(duty, seat.into())).map_or(0, |(_, nodes)| nodes.len())
    }

    /// The seats for which the duty was published.
    pub fn published_seats(&self, duty: Duty) -> Vec<Seat> {
        self.published.keys().filter(|(of, _)| *of == duty).map(|(_, seat)| *seat).collect()
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

    /// What no ledger is asked for is decided once, too: clients of all nodes are given the same for one question.
    pub(super) fn given(&mut self, question: (Asked, Root), answer: Root) {
        let known = self.given.entry(question).or_insert(answer);
        assert_eq!(*known, answer, "two values were decided: {question:?}");
    }

    pub(super) fn permitted(&mut self, node: usize, permit: &Permit) {
        self.permitted.extend(permit.granted().iter().map(|item| (node, item.key, item.signing_root)));
    }

    /// What leaves is permitted, is the node's own, and can never be slashed together with anything before it.
    pub(super) fn released(&mut self, life: (usize, u32), set: &PartialSet, spec: &Spec) {
        let (node, _) = life;
        for (key, partial) in &set.partials {
            let root = partial.signed.signing_root(spec);
            assert_eq!(partial.share, share(node), "a node sends its own share");
            assert_eq!(partial.signature, sign(key, partial.share, root), "what leaves is verified");
            let seat = partial.signed.seat(*key);
            let first = self.once.entry((life, set.duty, seat)).or_insert(root);
            assert_eq!(*first, root, "node {node} signed twice for {} of {seat:?}", set.duty);
            let signed = self.signed.entry((set.duty, seat)).or_default();
            signed.entry(root).or_default().insert(node);
            let what = match &partial.signed {
                Signed::Attestation { data, .. } => {
                    Signable::Attestation { source: data.source.epoch, target: data.target.epoch }
                }
                Signed::Block(proposal) => Signable::Block { slot: proposal.slot() },
                _ => continue,
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
        seats: &[Seat],
        what: &Publication,
    ) {
        for Item { seat, validator, root, signature } in items(spec, seats, what) {
            assert!(self.completed.insert((life, duty, seat)), "{duty} of {seat:?} is published twice");
            assert_eq!(validator, validator_index(seat.key.0.0[0]), "{duty} names another validator");
            self.assert_complete(duty, seat, root, &signature);
        }
    }

    /// The signature is the group's, and a threshold of shares released their part of it.
    pub(super) fn assert_complete(&self, duty: Duty, seat: Seat, root: Root, signature: &SignatureBytes) {
        assert_eq!(*signature, group_sign(&seat.key, root), "{duty} has a wrong group signature");
        let over_root = self.signed.get(&(duty, seat)).and_then(|signed| signed.get(&root));
        let nodes = over_root.cloned().unwrap_or_default();
        let shares = nodes.union(&self.liars).count();
        assert!(shares >= qbft::quorum(self.nodes), "{duty} was completed with {shares} shares");
    }

    pub(super) fn published(
        &mut self,
        node: usize,
        duty: Duty,
        seats: &[Seat],
        what: &Publication,
        spec: &Spec,
    ) {
        for Item { seat, root, .. } in items(spec, seats, what) {
            let (known, nodes) = self.published.entry((duty, seat)).or_insert((root, BTreeSet::new()));
            // A client that begins anew may see another head than before, and nobody is slashed for it.
            let is_one = *known == root || duty.kind == DutyKind::SyncMessage;
            assert!(is_one, "two signatures were published for {duty} of {seat:?}");
            nodes.insert(node);
        }
    }
}

fn items(spec: &Spec, seats: &[Seat], what: &Publication) -> Vec<Item> {
    let signed: Vec<(Signed, ValidatorIndex, SignatureBytes)> = match what {
        Publication::Attestations(attestations) => {
            let item = |single: &eth::SingleAttestation| {
                let (data, validator) = (single.data, single.attester_index);
                let signed = Signed::Attestation { data, validator: None, committee: single.committee_index };
                (signed, validator, single.signature)
            };
            attestations.iter().map(item).collect()
        }
        Publication::Block(block) => {
            let proposal = block.proposal().clone();
            vec![(Signed::Block(proposal.clone().into()), proposal.proposer_index(), block.signature())]
        }
        Publication::Aggregates(aggregates) => {
            let item = |aggregate: &eth::SignedAggregateAndProof| {
                let (message, signature) = aggregate.clone().into_parts();
                let validator = message.aggregator_index();
                (Signed::Aggregate(message.into()), validator, signature)
            };
            aggregates.iter().map(item).collect()
        }
        Publication::SyncMessages(messages) => {
            let item = |message: &eth::SyncCommitteeMessage| {
                let eth::SyncCommitteeMessage { slot, beacon_block_root: block, validator_index, signature } =
                    *message;
                let signed = Signed::SyncMessage { slot, block, validator: validator_index };
                (signed, validator_index, signature)
            };
            messages.iter().map(item).collect()
        }
        Publication::Contributions(contributions) => {
            let item = |contribution: &eth::SignedContributionAndProof| {
                let (message, signature) = contribution.clone().into_parts();
                let validator = message.aggregator_index();
                (Signed::Contribution(message.into()), validator, signature)
            };
            contributions.iter().map(item).collect()
        }
        Publication::Exit(exit) => {
            vec![(Signed::Exit(exit.message), exit.message.validator_index, exit.signature)]
        }
    };
    assert_eq!(seats.len(), signed.len(), "one signature for each seat");
    let item = |(seat, (signed, validator, signature)): (&Seat, (Signed, ValidatorIndex, _))| {
        assert_eq!(signed.seat(seat.key), *seat, "in the order of the seats");
        Item { seat: *seat, validator, root: signed.signing_root(spec), signature }
    };
    seats.iter().zip(signed).map(item).collect()
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
