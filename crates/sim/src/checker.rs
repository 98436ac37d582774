//! What must hold after every event, whatever the world does: named sentences, and all they need to remember.
//!
//! Only what honest nodes do is judged. As long as no more nodes lie than the cluster tolerates, all sentences hold;
//! with more of them those that speak of one node alone still do.

mod agreement;
mod bounds;
mod combination;
mod sentence;
mod slashing;

use std::collections::BTreeSet;

use ::slashing::{Permit, Request, Signable};
use cluster::GroupKey;
use duty::{Duty, Engine, PartialSet, Publication, Seat, Signed};
use eth::{AttestationData, Epoch, Root, SignatureBytes, Slot, Spec};
use qbft::Draft;

use self::agreement::Agreement;
use self::combination::{Combination, items};
use self::slashing::{Released, Signature};
use crate::world::client::{Asked, share};
use crate::world::cryptography::Cryptography;

pub use self::sentence::{Sentence, Violation};
pub(crate) use self::sentence::{Verdict, demand};

/// Everything that left a node, across all its lives.
#[derive(Debug)]
pub struct Checker {
    peers: usize,
    /// Nodes whose words count for nothing.
    pub liars: BTreeSet<usize>,
    /// Nodes whose disks were replaced by older ones: their ledgers do not know all that they signed.
    pub(crate) forgetful: BTreeSet<usize>,
    released: Released,
    agreement: Agreement,
    combination: Combination,
    violation: Option<Violation>,
}

impl Checker {
    /// Nothing has left yet.
    pub fn new(peers: usize, cryptography: Cryptography) -> Checker {
        Checker {
            peers,
            liars: BTreeSet::new(),
            forgetful: BTreeSet::new(),
            released: Released::default(),
            agreement: Agreement::default(),
            combination: Combination::new(cryptography),
            violation: None,
        }
    }

    /// The first sentence that did not hold.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Whether anybody published the duty of the seat.
    pub fn is_published(&self, duty: Duty, seat: impl Into<Seat>) -> bool {
        self.publishers(duty, seat) > 0
    }

    /// The nodes that published the duty of the seat.
    pub fn publishers(&self, duty: Duty, seat: impl Into<Seat>) -> usize {
        self.combination.publishers(duty, seat.into())
    }

    /// Whether the validator's vote of the epoch was spent in another slot, while nodes knew other duties.
    pub(crate) fn has_voted_otherwise(&self, duty: Duty, seat: Seat, epoch: Epoch) -> bool {
        let roots = self.combination.roots(duty, seat);
        self.released.has_voted_otherwise(&seat.key, epoch, &roots)
    }

    /// The seats for which the duty was published.
    pub fn published_seats(&self, duty: Duty) -> Vec<Seat> {
        self.combination.published_seats(duty).collect()
    }

    /// How many different slashable things the node ever signed.
    pub fn releases(&self, node: usize) -> usize {
        self.released.all_of_node(node).count()
    }

    /// Whether more nodes lie than the cluster tolerates.
    pub fn is_overrun(&self) -> bool {
        self.liars.len() > qbft::faults(self.peers)
    }

    pub(crate) fn note(&mut self, verdict: Verdict) {
        if let Err(violation) = verdict
            && self.violation.is_none()
        {
            self.violation = Some(violation);
        }
    }

    pub(crate) fn decided(&mut self, node: usize, duty: Duty, request: &Request) {
        if !self.liars.contains(&node) && !self.is_overrun() {
            let verdict = self.agreement.decided(duty, request);
            self.note(verdict);
        }
    }

    pub(crate) fn given(&mut self, node: usize, question: (Asked, Root), answer: Root) {
        if !self.liars.contains(&node) && !self.is_overrun() {
            let verdict = self.agreement.given(question, answer);
            self.note(verdict);
        }
    }

    pub(crate) fn began(&mut self, life: (usize, u32), duty: Duty, slot: Slot) {
        let verdict = self.agreement.began(life, duty, slot);
        self.note(verdict);
    }

    pub(crate) fn voted(&mut self, node: usize, duty: Duty, draft: &Draft) {
        let verdict = self.agreement.voted(node, duty, draft);
        self.note(verdict);
    }

    pub(crate) fn consulted(&mut self, node: usize, request: &Request, objects: impl Fn(usize) -> bool) {
        if !self.forgetful.contains(&node) {
            let verdict = self.released.consulted(node, request, objects);
            self.note(verdict);
        }
    }

    pub(crate) fn permitted(&mut self, node: usize, permit: &Permit) {
        self.released.permitted(node, permit);
    }

    /// What leaves is permitted, is on disk, is the node's own, and can never be slashed together with anything.
    pub(crate) fn released(
        &mut self,
        life: (usize, u32),
        set: &PartialSet,
        spec: &Spec,
        is_durable: impl Fn(&GroupKey, Root) -> bool,
    ) {
        let verdict = self.release(life, set, spec, is_durable);
        self.note(verdict);
    }

    fn release(
        &mut self,
        (node, life): (usize, u32),
        set: &PartialSet,
        spec: &Spec,
        is_durable: impl Fn(&GroupKey, Root) -> bool,
    ) -> Verdict {
        let mut latest: Option<(AttestationData, Root)> = None;
        for (key, partial) in &set.partials {
            // Most validators of a set sign the same, and hashing it takes longer than all the rest.
            let root = match (&partial.signed, latest) {
                (Signed::Attestation { data, .. }, Some((known, root))) if *data == known => root,
                (signed, _) => signed.signing_root(spec),
            };
            if let Signed::Attestation { data, .. } = &partial.signed {
                latest = Some((*data, root));
            }
            let is_own = partial.share == share(node)
                && partial.signature == self.combination.cryptography().sign(key, partial.share, root);
            demand(is_own, Sentence::OwnShareOnly, || format!("node {node} sent {partial:?}"))?;
            self.combination.signed((node, life), set.duty, partial.signed.seat(*key), root)?;
            let Some(what) = slashable(&partial.signed) else { continue };
            let new = (what, root);
            let Checker { released, liars, peers, .. } = self;
            let is_overrun = liars.len() > qbft::faults(*peers);
            released.release(node, *key, new, |nodes| !is_overrun && could_complete(nodes, liars, *peers))?;
            demand(is_durable(key, root), Sentence::ReleasedIsDurable, || {
                format!("node {node} released {what:?} of {} and could lose its record", set.duty)
            })?;
            if !is_overrun && !self.liars.contains(&node) {
                self.agreement.signed(node, set.duty, key, root)?;
            }
        }
        Ok(())
    }

    pub(crate) fn completed(
        &mut self,
        life: (usize, u32),
        spec: &Spec,
        duty: Duty,
        seats: &[Seat],
        what: &Publication,
    ) {
        let Checker { combination, liars, peers, .. } = self;
        let verdict = items(spec, seats, what).and_then(|items| {
            combination.completed(life, duty, &items, |nodes| could_complete(nodes, liars, *peers))
        });
        self.note(verdict);
    }

    pub(crate) fn proven(&mut self, duty: Duty, seat: Seat, root: Root, proof: &SignatureBytes) {
        let Checker { combination, liars, peers, .. } = self;
        let verdict =
            combination.complete(duty, seat, root, proof, |nodes| could_complete(nodes, liars, *peers));
        self.note(verdict);
    }

    pub(crate) fn published(
        &mut self,
        node: usize,
        duty: Duty,
        seats: &[Seat],
        what: &Publication,
        spec: &Spec,
    ) {
        let is_overrun = self.is_overrun();
        let verdict = items(spec, seats, what)
            .and_then(|items| self.combination.published(node, duty, &items))
            .or_else(|violation| if is_overrun { Ok(()) } else { Err(violation) });
        self.note(verdict);
    }

    /// A ledger was opened again: it must forbid all that is slashable with what its node released.
    pub(crate) fn reopened(&mut self, node: usize, knows: impl Fn(&GroupKey, Signature) -> bool) {
        if self.forgetful.contains(&node) {
            return;
        }
        let lost = self.released.all_of_node(node).find(|(key, signature)| !knows(key, *signature));
        let verdict = demand(lost.is_none(), Sentence::LedgersOnlyGrow, || {
            format!("the ledger of node {node} has forgotten {lost:?}")
        });
        self.note(verdict);
    }

    pub(crate) fn slot_begins(&mut self, slot: u64) {
        self.agreement.forget_before(slot);
    }

    pub(crate) fn holds(&mut self, node: usize, engine: &Engine, validators: usize) {
        let verdict = bounds::held(node, engine, self.peers, validators);
        self.note(verdict);
    }

    pub(crate) fn sleeps(&mut self, node: usize, wake: duty::Time, now: duty::Time) {
        let verdict = demand(wake > now, Sentence::NobodySpins, || {
            format!("node {node} wants to be woken at {wake:?}, now is {now:?}")
        });
        self.note(verdict);
    }

    /// Any other sentence, judged where it is seen.
    pub(crate) fn demand(&mut self, holds: bool, sentence: Sentence, detail: impl FnOnce() -> String) {
        let verdict = demand(holds, sentence, detail);
        self.note(verdict);
    }
}

/// Whether these nodes and all liars together have a threshold of shares.
fn could_complete(nodes: &BTreeSet<usize>, liars: &BTreeSet<usize>, peers: usize) -> bool {
    nodes.union(liars).count() >= qbft::quorum(peers)
}

pub(crate) fn slashable(signed: &Signed) -> Option<Signable> {
    match signed {
        Signed::Attestation { data, .. } => {
            Some(Signable::Attestation { source: data.source.epoch, target: data.target.epoch })
        }
        Signed::Block(proposal) => Some(Signable::Block { slot: proposal.slot() }),
        _ => None,
    }
}
