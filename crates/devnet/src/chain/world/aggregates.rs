//! Judging aggregates: the rules of the `beacon_aggregate_and_proof` topic as Electra left them.

use bls::Signature;
use eth::{
    AggregateAndProof, Attestation, CommitteeIndex, Container, DomainType, Root, SignatureBytes,
    SignedAggregateAndProof, Slot, ValidatorIndex, is_aggregator, signing_root, slot_root,
};

use super::super::event::Event;
use super::super::history::Seen;
use super::super::known::fingerprint;
use super::super::rejection::Rejection;
use super::super::truth::Aggregated;
use super::World;
use super::statement::{Claim, Statement, Taken, holding};

/// An aggregate as it was handed in.
pub(crate) struct HandedIn {
    message: AggregateAndProof,
    aggregate: Attestation,
    signature: SignatureBytes,
    fingerprint: Root,
}

impl HandedIn {
    pub(crate) fn new(signed: SignedAggregateAndProof) -> HandedIn {
        let fingerprint = fingerprint(&signed.to_ssz());
        let (message, signature) = signed.into_parts();
        HandedIn { aggregate: message.aggregate(), message, signature, fingerprint }
    }

    fn slot(&self) -> Slot {
        self.aggregate.data().slot
    }

    fn aggregator(&self) -> ValidatorIndex {
        self.message.aggregator_index()
    }

    /// The one committee.
    fn committee(&self) -> Result<CommitteeIndex, Rejection> {
        match self.aggregate.committees()[..] {
            [committee] => Ok(committee),
            ref several => Err(Rejection::CommitteeCount(several.len())),
        }
    }
}

impl Statement for HandedIn {
    fn name(&self) -> String {
        format!("aggregate of validator {} for slot {}", self.aggregator(), self.slot())
    }

    fn claims(&self, world: &World, arrived_ns: i64) -> Result<Vec<Claim>, Rejection> {
        if world.known.contains(self.slot(), &self.fingerprint) {
            return Ok(Vec::new());
        }
        let voters = world.check_aggregate(arrived_ns, self)?;
        let (data, aggregator) = (self.aggregate.data(), self.aggregator());
        let claim = |object_root, purpose, keys, signature| {
            let domain = world.spec.domain(purpose, data.target.epoch);
            Claim { keys, root: signing_root(object_root, domain), signature }
        };
        let (key, proof) = (vec![world.key(aggregator)?], self.message.selection_proof());
        let voters = voters.into_iter().map(|voter| world.key(voter)).collect::<Result<_, _>>()?;
        Ok(vec![
            claim(slot_root(data.slot), DomainType::SelectionProof, key.clone(), proof),
            claim(self.message.root(), DomainType::AggregateAndProof, key, self.signature),
            claim(data.root(), DomainType::BeaconAttester, voters, self.aggregate.signature()),
        ])
    }

    fn take(&self, world: &mut World, arrived_ns: i64, signatures: &[Option<Signature>]) -> Taken {
        let (slot, validator) = (self.slot(), self.aggregator());
        if world.known.contains(slot, &self.fingerprint) {
            return Ok((Seen::Before, None));
        }
        holding(signatures, 0, Rejection::WrongSelectionProof(validator))?;
        holding(signatures, 1, Rejection::WrongSignature(validator))?;
        let signature = holding(signatures, 2, Rejection::WrongAggregateSignature)?;
        let committee = self.committee()?;
        if world.truth.aggregates.contains_key(&(slot, committee, validator)) {
            return Err(Rejection::Second { validator, what: "aggregate", slot });
        }
        let bits = self.aggregate.aggregation_bits();
        let aggregated = Aggregated {
            arrived_ns: arrived_ns - world.spec.slot_start_ns(slot),
            head: self.aggregate.data().beacon_block_root,
            voters: bits.iter().filter(|bit| **bit).count(),
            committee_length: bits.len(),
        };
        world.truth.aggregates.insert((slot, committee, validator), aggregated);
        world.aggregate_pool.add(*self.aggregate.data(), committee, bits, signature);
        world.known.insert(slot, self.fingerprint);
        Ok((Seen::New, Some(Event::Attestation(self.aggregate.clone()))))
    }
}

impl World {
    /// All rules but those on signatures. Who voted.
    fn check_aggregate(&self, now_ns: i64, handed_in: &HandedIn) -> Result<Vec<ValidatorIndex>, Rejection> {
        let data = handed_in.aggregate.data();
        self.check_vote_time(now_ns, data)?;
        let committee = handed_in.committee()?;
        let committees = self.committees(data.slot);
        if committee.0 >= committees.per_slot() {
            return Err(Rejection::UnknownCommittee(committee));
        }
        let members = committees.members(data.slot, committee);
        let bits = handed_in.aggregate.aggregation_bits();
        if bits.len() != members.len() {
            return Err(Rejection::BitCount { found: bits.len(), expected: members.len() });
        }
        let voters = members.iter().zip(&bits).filter(|(_, bit)| **bit).map(|(member, _)| *member);
        let voters: Vec<ValidatorIndex> = voters.collect();
        if voters.is_empty() {
            return Err(Rejection::EmptyAggregate);
        }
        self.check_aggregator(handed_in, members)?;
        self.check_vote(data)?;
        Ok(voters)
    }

    fn check_aggregator(&self, handed_in: &HandedIn, members: &[ValidatorIndex]) -> Result<(), Rejection> {
        let validator = handed_in.aggregator();
        self.key(validator)?;
        if !members.contains(&validator) {
            return Err(Rejection::WrongCommittee { validator, slot: handed_in.slot() });
        }
        if !is_aggregator(members.len() as u64, &handed_in.message.selection_proof()) {
            return Err(Rejection::NotAggregator(validator));
        }
        Ok(())
    }

    /// What is known of a committee's votes for that data.
    pub(crate) fn aggregate(
        &self,
        slot: Slot,
        data_root: Root,
        committee: CommitteeIndex,
    ) -> Option<Attestation> {
        let data = self.pool.vote(slot, data_root)?;
        let committees = self.committees(slot);
        let (bits, signature) = self.pool.gather(&data, committees.members(slot, committee))?;
        Attestation::of_committee(self.spec.preset, committee, &bits, data, signature).ok()
    }
}
