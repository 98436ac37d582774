//! Judging contributions: the rules of the `sync_committee_contribution_and_proof` topic.

use bls::Signature;
use eth::{
    Container, ContributionAndProof, DomainType, Root, SignatureBytes, SignedContributionAndProof, Slot,
    SubcommitteeIndex, SyncAggregatorSelectionData, SyncCommitteeContribution, ValidatorIndex,
    is_sync_committee_aggregator, signing_root,
};

use super::super::super::event::Event;
use super::super::super::history::Seen;
use super::super::super::known::fingerprint;
use super::super::super::pool::Part;
use super::super::super::rejection::Rejection;
use super::super::super::truth::Contributed;
use super::super::World;
use super::super::statement::{Claim, Statement, Taken, holding};

/// A contribution as it was handed in.
pub(crate) struct Contribution {
    signed: SignedContributionAndProof,
    message: ContributionAndProof,
    contribution: SyncCommitteeContribution,
    signature: SignatureBytes,
    fingerprint: Root,
}

impl Contribution {
    pub(crate) fn new(signed: SignedContributionAndProof) -> Contribution {
        let fingerprint = fingerprint(&signed.to_ssz());
        let (message, signature) = signed.clone().into_parts();
        Contribution { signed, contribution: message.contribution(), message, signature, fingerprint }
    }

    fn slot(&self) -> Slot {
        self.message.slot()
    }

    fn subcommittee(&self) -> SubcommitteeIndex {
        self.message.subcommittee_index()
    }

    fn aggregator(&self) -> ValidatorIndex {
        self.message.aggregator_index()
    }
}

impl Statement for Contribution {
    fn name(&self) -> String {
        let (aggregator, part, slot) = (self.aggregator(), self.subcommittee(), self.slot());
        format!("contribution of validator {aggregator} for slot {slot}, subcommittee {part}")
    }

    fn claims(&self, world: &World, arrived_ns: i64) -> Result<Vec<Claim>, Rejection> {
        if world.known.contains(self.slot(), &self.fingerprint) {
            return Ok(Vec::new());
        }
        let signers = world.check_contribution(arrived_ns, self)?;
        let (slot, subcommittee_index) = (self.slot(), self.subcommittee());
        let claim = |object_root, purpose, key, signature| {
            let domain = world.spec.domain(purpose, world.spec.epoch_of(slot));
            Claim { keys: vec![key], root: signing_root(object_root, domain), signature }
        };
        let (key, proof) = (world.key(self.aggregator())?, self.message.selection_proof());
        let selection = SyncAggregatorSelectionData { slot, subcommittee_index }.root();
        Ok(vec![
            claim(selection, DomainType::SyncCommitteeSelectionProof, key, proof),
            claim(self.message.root(), DomainType::ContributionAndProof, key, self.signature),
            Claim {
                keys: signers.into_iter().map(|signer| world.key(signer)).collect::<Result<_, _>>()?,
                root: world.sync_signing_root(slot, self.contribution.beacon_block_root()),
                signature: self.contribution.signature(),
            },
        ])
    }

    fn take(&self, world: &mut World, arrived_ns: i64, signatures: &[Option<Signature>]) -> Taken {
        let (slot, part, validator) = (self.slot(), self.subcommittee(), self.aggregator());
        if world.known.contains(slot, &self.fingerprint) {
            return Ok((Seen::Before, None));
        }
        holding(signatures, 0, Rejection::WrongSelectionProof(validator))?;
        holding(signatures, 1, Rejection::WrongSignature(validator))?;
        let signature = holding(signatures, 2, Rejection::WrongAggregateSignature)?;
        if world.truth.contributions.contains_key(&(slot, part, validator)) {
            return Err(Rejection::Second { validator, what: "contribution", slot });
        }
        let (head, seats) = (self.contribution.beacon_block_root(), self.contribution.participants());
        let arrived_ns = arrived_ns - world.spec.slot_start_ns(slot);
        let contributed = Contributed { arrived_ns, head, seats: seats.len() };
        world.truth.contributions.insert((slot, part, validator), contributed);
        world.sync_pool.add_contribution(slot, head, part, Part { seats, signature });
        world.known.insert(slot, self.fingerprint);
        Ok((Seen::New, Some(Event::Contribution(self.signed.clone()))))
    }
}

impl World {
    /// All rules but those on signatures. Who signed, once for each seat.
    fn check_contribution(&self, now_ns: i64, sent: &Contribution) -> Result<Vec<ValidatorIndex>, Rejection> {
        let (validator, subcommittee) = (sent.aggregator(), sent.subcommittee());
        self.check_now(now_ns, sent.slot())?;
        let committee = self.schedule.sync_committee_signing(sent.slot());
        let members =
            committee.subcommittee(subcommittee).ok_or(Rejection::UnknownSubcommittee(subcommittee))?;
        let seats = sent.contribution.participants();
        if seats.is_empty() {
            return Err(Rejection::EmptyAggregate);
        }
        self.key(validator)?;
        if !members.contains(&validator) {
            return Err(Rejection::NotInSubcommittee { validator, subcommittee });
        }
        if !is_sync_committee_aggregator(self.spec.preset, &sent.message.selection_proof()) {
            return Err(Rejection::NotAggregator(validator));
        }
        Ok(seats.into_iter().filter_map(|seat| members.get(seat).copied()).collect())
    }
}
