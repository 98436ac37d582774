//! Judging attestations.

use bls::Signature;
use eth::{Container, DomainType, Epoch, SingleAttestation, signing_root};

use super::super::history::Seen;
use super::super::rejection::Rejection;
use super::{SignatureClaim, World};

/// What has to be verified before an attestation can be judged.
pub(crate) enum AttestationClaim {
    /// Exactly this was verified before.
    Known,
    /// The signature.
    Verify(SignatureClaim),
}

impl World {
    /// What the attestation's signature is claimed to be.
    pub(crate) fn attestation_claim(
        &self,
        attestation: &SingleAttestation,
    ) -> Result<AttestationClaim, Rejection> {
        let SingleAttestation { attester_index, data, signature, .. } = attestation;
        if self.history.knows_vote(*attester_index, data, signature) {
            return Ok(AttestationClaim::Known);
        }
        let domain = self.spec.domain(DomainType::BeaconAttester, data.target.epoch);
        let root = signing_root(data.root(), domain);
        Ok(AttestationClaim::Verify(SignatureClaim { key: self.key(*attester_index)?, root }))
    }

    /// Takes an attestation whose signature is right. A contradiction is slashable whatever else is wrong with it.
    pub(crate) fn attest(
        &mut self,
        arrived_ns: i64,
        attestation: &SingleAttestation,
        signature: Signature,
    ) -> Result<Seen, Rejection> {
        let SingleAttestation { attester_index, data, .. } = attestation;
        let seen = self.history.vote(*attester_index, data, attestation.signature)?;
        if seen == Seen::Before && self.truth.attestation(data.slot, *attester_index).is_some() {
            return Ok(Seen::Before);
        }
        self.check_attestation(arrived_ns, attestation)?;
        let after_start_ns = arrived_ns - self.spec.slot_start_ns(data.slot);
        self.truth.attested(*attester_index, data, after_start_ns);
        self.pool.add(*attester_index, *data, signature);
        Ok(Seen::New)
    }

    fn check_attestation(&self, now_ns: i64, attestation: &SingleAttestation) -> Result<(), Rejection> {
        let data = &attestation.data;
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
        self.check_committee(attestation, epoch)?;
        self.check_vote(attestation)
    }

    fn check_committee(&self, attestation: &SingleAttestation, epoch: Epoch) -> Result<(), Rejection> {
        let (validator, slot) = (attestation.attester_index, attestation.data.slot);
        let place = self.schedule.committees(epoch).place(validator);
        let right =
            place.is_some_and(|place| place.slot == slot && place.committee == attestation.committee_index);
        if right { Ok(()) } else { Err(Rejection::WrongCommittee { validator, slot }) }
    }

    fn check_vote(&self, attestation: &SingleAttestation) -> Result<(), Rejection> {
        let data = &attestation.data;
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
