//! What group signatures owe: a threshold behind each, and each published once.

use std::collections::{BTreeMap, BTreeSet};

use duty::{Duty, DutyKind, Publication, Seat, Signed};
use eth::{Root, SignatureBytes, Spec, ValidatorIndex};

use super::sentence::{Sentence, Verdict, demand};
use crate::world::chain::validator_index;
use crate::world::cryptography::Cryptography;

/// A life of a node.
type Life = (usize, u32);

/// What was signed, completed and published.
#[derive(Debug, Default)]
pub(crate) struct Combination {
    /// How signatures are made.
    cryptography: Cryptography,
    /// Who released a share over a root, by duty and seat.
    signed: BTreeMap<(Duty, Seat), BTreeMap<Root, BTreeSet<usize>>>,
    /// What a life of a node signed for a seat.
    once: BTreeMap<(Life, Duty, Seat), Root>,
    completed: BTreeSet<(Life, Duty, Seat)>,
    published: BTreeMap<(Duty, Seat), (Root, BTreeSet<usize>)>,
}

/// One signature of a publication.
pub(crate) struct Item {
    seat: Seat,
    validator: ValidatorIndex,
    root: Root,
    signature: SignatureBytes,
}

impl Combination {
    pub(crate) fn new(cryptography: Cryptography) -> Combination {
        Combination { cryptography, ..Combination::default() }
    }

    pub(crate) fn cryptography(&self) -> &Cryptography {
        &self.cryptography
    }

    /// A node lets a share's signature go.
    pub(crate) fn signed(&mut self, life: Life, duty: Duty, seat: Seat, root: Root) -> Verdict {
        let first = self.once.entry((life, duty, seat)).or_insert(root);
        demand(*first == root, Sentence::SignedOnce, || {
            format!("node {} signed twice for {duty} of {seat:?}", life.0)
        })?;
        self.signed.entry((duty, seat)).or_default().entry(root).or_default().insert(life.0);
        Ok(())
    }

    /// A group signature is over one root, by a threshold of shares, and is completed once in a node's life.
    pub(crate) fn completed(
        &mut self,
        life: Life,
        duty: Duty,
        items: &[Item],
        could_complete: impl Fn(&BTreeSet<usize>) -> bool,
    ) -> Verdict {
        for Item { seat, validator, root, signature } in items {
            demand(self.completed.insert((life, duty, *seat)), Sentence::PublishedOnce, || {
                format!("node {} publishes {duty} of {seat:?} twice", life.0)
            })?;
            demand(
                *validator == validator_index(seat.key.0.0[0]),
                Sentence::DecisionsAreOfTheirDuty,
                || format!("{duty} of {seat:?} names {validator:?}"),
            )?;
            self.complete(duty, *seat, *root, signature, &could_complete)?;
        }
        Ok(())
    }

    /// The signature is the group's, and a threshold of shares released their part of it.
    pub(crate) fn complete(
        &self,
        duty: Duty,
        seat: Seat,
        root: Root,
        signature: &SignatureBytes,
        could_complete: impl Fn(&BTreeSet<usize>) -> bool,
    ) -> Verdict {
        demand(
            *signature == self.cryptography.group_sign(&seat.key, root),
            Sentence::GroupSignaturesVerify,
            || format!("the signature of {duty} of {seat:?} is wrong"),
        )?;
        let over_root = self.signed.get(&(duty, seat)).and_then(|signed| signed.get(&root));
        let nodes = over_root.cloned().unwrap_or_default();
        demand(could_complete(&nodes), Sentence::CompletedByAThreshold, || {
            format!("{duty} of {seat:?} was completed though only nodes {nodes:?} signed it")
        })
    }

    pub(crate) fn published(&mut self, node: usize, duty: Duty, items: &[Item]) -> Verdict {
        for Item { seat, root, .. } in items {
            let (known, nodes) = self.published.entry((duty, *seat)).or_insert((*root, BTreeSet::new()));
            // A client that begins anew may see another head than before, and nobody is slashed for it.
            let is_one = *known == *root || duty.kind == DutyKind::SyncMessage;
            nodes.insert(node);
            demand(is_one, Sentence::PublishedOnce, || {
                format!("two signatures were published for {duty} of {seat:?}")
            })?;
        }
        Ok(())
    }

    /// The roots over which anybody released a share for the seat.
    pub(crate) fn roots(&self, duty: Duty, seat: Seat) -> BTreeSet<Root> {
        self.signed.get(&(duty, seat)).into_iter().flat_map(BTreeMap::keys).copied().collect()
    }

    /// The nodes that published the duty of the seat.
    pub(crate) fn publishers(&self, duty: Duty, seat: Seat) -> usize {
        self.published.get(&(duty, seat)).map_or(0, |(_, nodes)| nodes.len())
    }

    /// The seats for which the duty was published.
    pub(crate) fn published_seats(&self, duty: Duty) -> impl Iterator<Item = Seat> {
        self.published.keys().filter(move |(of, _)| *of == duty).map(|(_, seat)| *seat)
    }
}

/// What a publication publishes, by seat.
pub(crate) fn items(spec: &Spec, seats: &[Seat], what: &Publication) -> Result<Vec<Item>, super::Violation> {
    let signed = signed(what);
    demand(seats.len() == signed.len(), Sentence::PublishedOnce, || {
        format!("{} signatures for {} seats", signed.len(), seats.len())
    })?;
    let item = |(seat, (signed, validator, signature)): (&Seat, (Signed, ValidatorIndex, _))| {
        demand(signed.seat(seat.key) == *seat, Sentence::DecisionsAreOfTheirDuty, || {
            format!("{seat:?} stands for {signed:?}")
        })?;
        Ok(Item { seat: *seat, validator, root: signed.signing_root(spec), signature })
    };
    seats.iter().zip(signed).map(item).collect()
}

fn signed(what: &Publication) -> Vec<(Signed, ValidatorIndex, SignatureBytes)> {
    match what {
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
                (Signed::SyncMessage { slot, block, validator: validator_index }, validator_index, signature)
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
    }
}
