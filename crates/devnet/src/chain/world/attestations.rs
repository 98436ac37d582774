//! Judging attestations.

use bls::Signature;
use eth::{AttestationData, Container, DomainType, Epoch, Root, SingleAttestation, signing_root};

use super::super::event::Event;
use super::super::history::Seen;
use super::super::rejection::Rejection;
use super::super::truth::Attested;
use super::World;
use super::statement::{Claim, Statement, Taken, holding};

impl Statement for SingleAttestation {
    fn name(&self) -> String {
        format!("attestation of validator {} for slot {}", self.attester_index, self.data.slot)
    }

    fn claims(&self, world: &World, _arrived_ns: i64) -> Result<Vec<Claim>, Rejection> {
        let SingleAttestation { attester_index, data, signature, .. } = *self;
        if world.history.knows_vote(attester_index, &data, &signature) {
            return Ok(vec![Claim { keys: Vec::new(), root: Root::ZERO, signature }]);
        }
        let domain = world.spec.domain(DomainType::BeaconAttester, data.target.epoch);
        let keys = vec![world.key(attester_index)?];
        Ok(vec![Claim { keys, root: signing_root(data.root(), domain), signature }])
    }

    /// A contradiction is slashable whatever else is wrong with it.
    fn take(&self, world: &mut World, arrived_ns: i64, signatures: &[Option<Signature>]) -> Taken {
        let SingleAttestation { attester_index, data, .. } = *self;
        let signature = holding(signatures, 0, Rejection::WrongSignature(attester_index))?;
        let seen = world.history.vote(attester_index, &data, self.signature)?;
        if seen == Seen::Before && world.truth.attestation(data.slot, attester_index).is_some() {
            return Ok((Seen::Before, None));
        }
        world.check_attestation(arrived_ns, self)?;
        let arrived_ns = arrived_ns - world.spec.slot_start_ns(data.slot);
        let attested = Attested { arrived_ns, head: data.beacon_block_root };
        world.truth.attestations.entry((data.slot, attester_index)).or_insert(attested);
        world.pool.add(attester_index, data, signature);
        Ok((Seen::New, Some(Event::SingleAttestation(*self))))
    }
}

impl World {
    fn check_attestation(&self, now_ns: i64, attestation: &SingleAttestation) -> Result<(), Rejection> {
        self.check_vote_time(now_ns, &attestation.data)?;
        self.check_committee(attestation, self.spec.epoch_of(attestation.data.slot))?;
        self.check_vote(&attestation.data)
    }

    /// Whether a vote may be spread now (EIP-7045), and is of the form that it has since Electra.
    pub(super) fn check_vote_time(&self, now_ns: i64, data: &AttestationData) -> Result<(), Rejection> {
        let (slot, epoch) = (data.slot, self.spec.epoch_of(data.slot));
        self.check_begun(now_ns, slot)?;
        if epoch.0 + 1 < self.epoch_at(now_ns).0 {
            return Err(Rejection::TooLate(slot));
        }
        if data.index.0 != 0 {
            return Err(Rejection::DataIndex);
        }
        if data.target.epoch != epoch {
            return Err(Rejection::WrongTargetEpoch { slot, target: data.target.epoch });
        }
        Ok(())
    }

    fn check_committee(&self, attestation: &SingleAttestation, epoch: Epoch) -> Result<(), Rejection> {
        let (validator, slot) = (attestation.attester_index, attestation.data.slot);
        let place = self.schedule.committees(epoch).place(validator);
        let right =
            place.is_some_and(|place| place.slot == slot && place.committee == attestation.committee_index);
        if right { Ok(()) } else { Err(Rejection::WrongCommittee { validator, slot }) }
    }

    /// Whether a vote is for what its head's branch says.
    pub(super) fn check_vote(&self, data: &AttestationData) -> Result<(), Rejection> {
        let unknown = || Rejection::UnknownHead(data.beacon_block_root);
        let head = self.tree.block(&data.beacon_block_root).ok_or_else(unknown)?;
        if head.header.slot > data.slot {
            return Err(unknown());
        }
        let right = self.vote_for(head.root, data.slot).ok_or_else(unknown)?;
        if data.target != right.target {
            return Err(Rejection::WrongTarget { expected: right.target.root });
        }
        if data.source != right.source {
            let (expected_epoch, expected_root) = (right.source.epoch, right.source.root);
            return Err(Rejection::WrongSource { expected_epoch, expected_root });
        }
        Ok(())
    }
}
