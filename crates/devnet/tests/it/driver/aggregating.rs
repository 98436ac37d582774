//! What aggregators of attestations do.

use eth::{
    AggregateAndProof, Attestation, AttestationData, CommitteeIndex, Container, DomainType, Root,
    SignatureBytes, SignedAggregateAndProof, Slot, ValidatorIndex, slot_root,
};
use serde_json::json;

use super::{Answer, Driver};

impl Driver {
    pub(crate) async fn gather_votes(&self, slot: u64, data_root: Root, committee: u64) -> Answer {
        let query = format!("attestation_data_root={data_root}&slot={slot}&committee_index={committee}");
        self.get(&format!("eth/v2/validator/aggregate_attestation?{query}")).await
    }

    /// What the chain has gathered of a committee.
    pub(crate) async fn aggregate(&self, data: AttestationData, committee: u64) -> Attestation {
        let (status, answer) = self.gather_votes(data.slot.0, data.root(), committee).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["version"], "fulu");
        Attestation::from_json(self.spec.preset, answer["data"].to_string().as_bytes())
            .expect("an attestation")
    }

    pub(crate) fn hand_in(
        &self,
        aggregator: ValidatorIndex,
        aggregate: Attestation,
    ) -> SignedAggregateAndProof {
        let slot = aggregate.data().slot;
        self.hand_in_by(aggregator, aggregate, slot)
    }

    /// With a selection proof that may be for another slot.
    pub(crate) fn hand_in_by(
        &self,
        aggregator: ValidatorIndex,
        aggregate: Attestation,
        selected_in: Slot,
    ) -> SignedAggregateAndProof {
        let epoch = self.spec.epoch_of(aggregate.data().slot);
        let sign = |root, purpose| self.sign(aggregator.0, root, purpose, epoch);
        let proof = sign(slot_root(selected_in), DomainType::SelectionProof);
        let message = AggregateAndProof::new(aggregator, aggregate, proof);
        let signature = sign(message.root(), DomainType::AggregateAndProof);
        message.sign(signature)
    }

    pub(crate) async fn publish_aggregates(&self, aggregates: &[SignedAggregateAndProof]) -> Answer {
        self.post("eth/v2/validator/aggregate_and_proofs", &json!(aggregates)).await
    }

    /// An aggregate of those whose bits are set, made without the chain.
    pub(crate) fn made_up_aggregate(
        &self,
        data: AttestationData,
        committee: CommitteeIndex,
        members: &[ValidatorIndex],
        bits: &[bool],
    ) -> Attestation {
        let voters = members.iter().zip(bits).filter(|(_, bit)| **bit);
        let sign = |(voter, _): (&ValidatorIndex, _)| {
            let signature = self.sign(voter.0, data.root(), DomainType::BeaconAttester, data.target.epoch);
            bls::Signature::from_bytes(signature.as_bytes()).expect("a signature")
        };
        let signatures: Vec<_> = voters.map(sign).collect();
        let signature = bls::aggregate(&signatures).map(|sum| SignatureBytes(sum.to_bytes()));
        let signature = signature.unwrap_or(SignatureBytes::INFINITY);
        Attestation::of_committee(self.spec.preset, committee, bits, data, signature)
            .expect("it fits the preset")
    }
}
