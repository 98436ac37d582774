//! What members of the sync committee do.

use eth::{
    Container, ContributionAndProof, DomainType, Root, SignedContributionAndProof, Slot, SubcommitteeIndex,
    SyncAggregatorSelectionData, SyncCommitteeContribution, SyncCommitteeMessage, ValidatorIndex,
};
use serde_json::json;

use super::{Answer, Driver};

impl Driver {
    pub(crate) fn sync_message(
        &self,
        validator: ValidatorIndex,
        slot: u64,
        head: Root,
    ) -> SyncCommitteeMessage {
        let epoch = self.spec.epoch_of(Slot(slot));
        SyncCommitteeMessage {
            slot: Slot(slot),
            beacon_block_root: head,
            validator_index: validator,
            signature: self.sign(validator.0, head, DomainType::SyncCommittee, epoch),
        }
    }

    pub(crate) async fn publish_sync(&self, messages: &[SyncCommitteeMessage]) -> Answer {
        self.post("eth/v1/beacon/pool/sync_committees", &json!(messages)).await
    }

    /// Every member signs the head, once.
    pub(crate) async fn sync(&self, slot: u64) {
        let head = self.head().await;
        let mut members = self.chain.sync_committee(Slot(slot));
        members.sort_unstable();
        members.dedup();
        let messages: Vec<_> = members.iter().map(|member| self.sync_message(*member, slot, head)).collect();
        let (status, answer) = self.publish_sync(&messages).await;
        assert_eq!(status, 200, "{answer}");
    }

    pub(crate) async fn gather(&self, slot: u64, part: u64, head: Root) -> Answer {
        let query = format!("slot={slot}&subcommittee_index={part}&beacon_block_root={head}");
        self.get(&format!("eth/v1/validator/sync_committee_contribution?{query}")).await
    }

    /// What the chain has gathered of a subcommittee.
    pub(crate) async fn contribution(&self, slot: u64, part: u64, head: Root) -> SyncCommitteeContribution {
        let (status, answer) = self.gather(slot, part, head).await;
        assert_eq!(status, 200, "{answer}");
        let json = answer["data"].to_string();
        SyncCommitteeContribution::from_json(self.spec.preset, json.as_bytes()).expect("a contribution")
    }

    /// Members of a subcommittee, seat by seat.
    pub(crate) fn subcommittee(&self, slot: u64, part: u64) -> Vec<ValidatorIndex> {
        let seats = self.chain.sync_committee(Slot(slot));
        let size = seats.len() / 4;
        seats[part as usize * size..(part as usize + 1) * size].to_vec()
    }

    pub(crate) fn contribute(
        &self,
        aggregator: ValidatorIndex,
        contribution: SyncCommitteeContribution,
    ) -> SignedContributionAndProof {
        let (slot, subcommittee_index) = (contribution.slot(), contribution.subcommittee_index());
        let selection = SyncAggregatorSelectionData { slot, subcommittee_index };
        self.contribute_by(aggregator, contribution, selection)
    }

    /// With a selection proof that may be for something else.
    pub(crate) fn contribute_by(
        &self,
        aggregator: ValidatorIndex,
        contribution: SyncCommitteeContribution,
        selection: SyncAggregatorSelectionData,
    ) -> SignedContributionAndProof {
        let epoch = self.spec.epoch_of(contribution.slot());
        let sign = |root, purpose| self.sign(aggregator.0, root, purpose, epoch);
        let proof = sign(selection.root(), DomainType::SyncCommitteeSelectionProof);
        let message = ContributionAndProof::new(aggregator, contribution, proof);
        let signature = sign(message.root(), DomainType::ContributionAndProof);
        message.sign(signature)
    }

    pub(crate) async fn publish_contributions(&self, contributions: &[SignedContributionAndProof]) -> Answer {
        self.post("eth/v1/validator/contribution_and_proofs", &json!(contributions)).await
    }

    /// One member of each subcommittee hands in what was gathered.
    pub(crate) async fn contribute_all(&self, slot: u64) {
        let head = self.head().await;
        for part in 0..4 {
            let contribution = self.contribution(slot, part, head).await;
            let signed = self.contribute(self.subcommittee(slot, part)[0], contribution);
            let (status, answer) = self.publish_contributions(&[signed]).await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    /// A contribution of these seats of a subcommittee, made without the chain.
    pub(crate) fn made_up(
        &self,
        slot: u64,
        part: u64,
        head: Root,
        seats: &[usize],
    ) -> SyncCommitteeContribution {
        let members = self.subcommittee(slot, part);
        let sign = |seat: &usize| {
            let signature = self.sync_message(members[*seat], slot, head).signature;
            bls::Signature::from_bytes(signature.as_bytes()).expect("a signature")
        };
        let signatures: Vec<_> = seats.iter().map(sign).collect();
        let signature = bls::aggregate(&signatures).map(|sum| eth::SignatureBytes(sum.to_bytes()));
        SyncCommitteeContribution::new(
            self.spec.preset,
            Slot(slot),
            head,
            SubcommitteeIndex(part),
            seats,
            signature.unwrap_or(eth::SignatureBytes::INFINITY),
        )
        .expect("there are such seats")
    }
}
