//! What validator clients do as aggregators and as members of the sync committee: they prove that they are selected,
//! sign the head, and aggregate where the complete proof says so.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use duty::{Duty, DutyKind, Question, Seat, Signed, Submission, Time};
use eth::{
    AggregateAndProof, Attestation, AttestationData, AttesterDuty, BeaconCommitteeSelection,
    ContributionAndProof, Epoch, Root, SignatureBytes, Slot, SubcommitteeIndex, SyncAggregatorSelectionData,
    SyncCommitteeContribution, SyncCommitteeMessage, SyncCommitteeSelection, ValidatorIndex,
};

use super::chain::block_root;
use super::client::{Asked, Client};
use super::fake::key;
use super::{Event, World};

/// What a client remembers; its node's death does not touch it.
#[derive(Debug, Default)]
pub struct Memory {
    /// Complete selection proofs.
    pub selections: BTreeMap<(Slot, ValidatorIndex), SignatureBytes>,
    /// Those of sync subcommittees.
    pub sync_selections: BTreeMap<(Slot, SubcommitteeIndex, ValidatorIndex), SignatureBytes>,
    /// What it was given to attest to.
    pub attested: BTreeMap<Slot, AttestationData>,
    /// The heads it signed.
    pub heads: BTreeMap<Slot, Root>,
}

/// When in the slot aggregates are due.
const AGGREGATES_MS: i64 = 8_000;

impl World {
    /// What of a slot the client plans beside attesting and proposing.
    pub(super) fn client_plans_to_aggregate(
        &mut self,
        node: usize,
        slot: Slot,
        slot_start: Time,
        begin: Time,
    ) {
        let plan = |world: &mut World, from: Time, within: (i64, i64), what| {
            let at = from.plus_ms(world.random.between(within.0, within.1)).max(begin);
            world.schedule(at, Event::Ask { node, what });
        };
        let epoch = self.spec.epoch_of(slot);
        if slot == self.spec.first_slot(epoch) {
            for epoch in [epoch, Epoch(epoch.0 + 1)] {
                plan(self, slot_start, (50, 300), Asked::CommitteeSelections(epoch));
            }
        }
        if !self.chain.signing_members(slot).is_empty() {
            plan(self, slot_start, (5, 100), Asked::SyncSelections(slot));
            plan(self, slot_start, (2_000, 4_000), Asked::SyncMessages(slot));
        }
        let committees: BTreeSet<_> =
            self.chain.attesters(slot).iter().map(|duty| duty.committee_index).collect();
        for committee in committees {
            plan(self, slot_start, (AGGREGATES_MS, AGGREGATES_MS + 100), Asked::Aggregate(slot, committee));
        }
        let members = self.chain.signing_members(slot);
        let subcommittees: BTreeSet<_> =
            members.into_iter().flat_map(|member| member.subcommittees).collect();
        for subcommittee in subcommittees {
            let what = Asked::Contribution(slot, subcommittee);
            plan(self, slot_start, (AGGREGATES_MS, AGGREGATES_MS + 100), what);
        }
    }

    /// The client's partial selection proofs of an epoch.
    pub fn selections(&self, node: usize, epoch: Epoch) -> Vec<BeaconCommitteeSelection> {
        let first = self.spec.first_slot(epoch).0;
        let slots = (first..first + self.spec.slots_per_epoch).map(Slot);
        let on_duty = slots.flat_map(|slot| self.chain.attesters(slot));
        on_duty.map(|duty| self.selection(node, &duty)).collect()
    }

    /// One of them.
    pub fn selection(&self, node: usize, duty: &AttesterDuty) -> BeaconCommitteeSelection {
        let AttesterDuty { slot, validator_index, .. } = *duty;
        let signed = Signed::CommitteeSelection { slot, validator: validator_index };
        let root = signed.signing_root(&self.spec);
        let selection_proof = self.client_signs(node, &GroupKey(duty.pubkey), root);
        BeaconCommitteeSelection { validator_index, slot, selection_proof }
    }

    pub(super) fn ask_committee_selections(&mut self, node: usize, epoch: Epoch) {
        let selections = self.selections(node, epoch);
        let size = if self.settings.one_selection_per_request { 1 } else { selections.len().max(1) };
        for batch in selections.chunks(size) {
            let question = Question::CommitteeSelections(batch.to_vec());
            self.put(node, Asked::CommitteeSelections(epoch), question);
        }
    }

    /// The client's partial selection proofs as a sync committee member.
    pub fn sync_selections(&self, node: usize, slot: Slot) -> Vec<SyncCommitteeSelection> {
        let mut selections = Vec::new();
        for member in self.chain.signing_members(slot) {
            for subcommittee_index in member.subcommittees {
                let data = SyncAggregatorSelectionData { slot, subcommittee_index };
                let signed = Signed::SyncSelection { data, validator: member.validator };
                let root = signed.signing_root(&self.spec);
                let selection_proof = self.client_signs(node, &member.key, root);
                let validator_index = member.validator;
                selections.push(SyncCommitteeSelection {
                    validator_index,
                    slot,
                    subcommittee_index,
                    selection_proof,
                });
            }
        }
        selections
    }

    pub(super) fn ask_sync_selections(&mut self, node: usize, slot: Slot) {
        let selections = self.sync_selections(node, slot);
        let size = if self.settings.one_selection_per_request { 1 } else { selections.len().max(1) };
        for batch in selections.chunks(size) {
            self.put(node, Asked::SyncSelections(slot), Question::SyncSelections(batch.to_vec()));
        }
    }

    pub(super) fn client_learns_selections(&mut self, node: usize, proofs: &[BeaconCommitteeSelection]) {
        for proof in proofs {
            let BeaconCommitteeSelection { validator_index, slot, selection_proof } = *proof;
            let signed = Signed::CommitteeSelection { slot, validator: validator_index };
            let duty = Duty::new(slot, DutyKind::PrepareAggregator);
            self.check_proof(duty, &signed, validator_index, &selection_proof);
            self.nodes[node].memory.selections.insert((slot, validator_index), selection_proof);
        }
    }

    pub(super) fn client_learns_sync_selections(&mut self, node: usize, proofs: &[SyncCommitteeSelection]) {
        for proof in proofs {
            let SyncCommitteeSelection { validator_index, slot, subcommittee_index, selection_proof } =
                *proof;
            let data = SyncAggregatorSelectionData { slot, subcommittee_index };
            let signed = Signed::SyncSelection { data, validator: validator_index };
            let duty = Duty::new(slot, DutyKind::PrepareSyncContribution);
            self.check_proof(duty, &signed, validator_index, &selection_proof);
            let memory = &mut self.nodes[node].memory;
            memory.sync_selections.insert((slot, subcommittee_index, validator_index), selection_proof);
        }
    }

    fn check_proof(
        &mut self,
        duty: Duty,
        signed: &Signed,
        validator: ValidatorIndex,
        proof: &SignatureBytes,
    ) {
        let seat: Seat = signed.seat(key((validator.0 - 1_000) as u8));
        self.checks.proven(duty, seat, signed.signing_root(&self.spec), proof);
    }

    /// The client signs the head that its beacon node sees; without one it has nothing to sign.
    pub(super) fn client_signs_the_head(&mut self, node: usize, slot: Slot) {
        let beacon = &self.nodes[node].beacon;
        if !beacon.is_up {
            return;
        }
        let branch = if self.nodes[node].client == Client::SignsSomethingElse { 77 } else { beacon.head };
        let block = block_root(slot, branch);
        self.nodes[node].memory.heads.insert(slot, block);
        let messages = self.sync_messages(node, slot, block);
        self.hand_in_later(node, Asked::SyncMessages(slot), Submission::SyncMessages(messages));
    }

    /// What the client signs as a member of the sync committee.
    pub fn sync_messages(&self, node: usize, slot: Slot, block: Root) -> Vec<SyncCommitteeMessage> {
        let sign = |member: duty::SyncMember| {
            let signed = Signed::SyncMessage { slot, block, validator: member.validator };
            let signature = self.client_signs(node, &member.key, signed.signing_root(&self.spec));
            let validator_index = member.validator;
            SyncCommitteeMessage { slot, beacon_block_root: block, validator_index, signature }
        };
        self.chain.signing_members(slot).into_iter().map(sign).collect()
    }

    /// Those the client knows to aggregate in the committee sign the aggregate, each with its proof.
    pub(super) fn client_aggregates(&mut self, node: usize, what: Asked, aggregate: &Attestation) {
        self.checks.given(node, (what, eth::Container::root(aggregate.data())), aggregate.root());
        let slot = aggregate.data().slot;
        let mut aggregate = aggregate.clone();
        if self.nodes[node].client == Client::SignsSomethingElse {
            aggregate = aggregate.with_signature(SignatureBytes([6; 96]));
        }
        let mut signed = Vec::new();
        for duty in self.client_is_selected(node, slot) {
            let AttesterDuty { pubkey, validator_index, committee_index, .. } = duty;
            if aggregate.committees() != [committee_index] {
                continue;
            }
            let proof = self.nodes[node].memory.selections[&(slot, validator_index)];
            let message = AggregateAndProof::new(validator_index, aggregate.clone(), proof);
            let root = Signed::Aggregate(message.clone().into()).signing_root(&self.spec);
            signed.push(message.sign(self.client_signs(node, &GroupKey(pubkey), root)));
        }
        self.hand_in_later(node, what, Submission::Aggregates(signed));
    }

    /// The attesters of the slot that the client knows to aggregate.
    fn client_is_selected(&self, node: usize, slot: Slot) -> Vec<AttesterDuty> {
        let memory = &self.nodes[node].memory;
        let is_selected = |duty: &AttesterDuty| {
            let proof = memory.selections.get(&(slot, duty.validator_index));
            proof.is_some_and(|proof| eth::is_aggregator(duty.committee_length, proof))
        };
        self.chain.attesters(slot).into_iter().filter(is_selected).collect()
    }

    /// Whether the client knows somebody to aggregate there: otherwise it does not ask.
    pub(super) fn client_asks_to_aggregate(&self, node: usize, what: Asked) -> bool {
        match what {
            Asked::Aggregate(slot, committee) => {
                self.client_is_selected(node, slot).iter().any(|duty| duty.committee_index == committee)
            }
            Asked::Contribution(slot, subcommittee) => {
                let preset = self.spec.preset;
                let proofs = self.nodes[node].memory.sync_selections.iter();
                let mut proofs = proofs.filter(|((of, seat, _), _)| (*of, *seat) == (slot, subcommittee));
                proofs.any(|(_, proof)| eth::is_sync_committee_aggregator(preset, proof))
            }
            _ => true,
        }
    }

    pub(super) fn client_contributes(
        &mut self,
        node: usize,
        what: Asked,
        contribution: &SyncCommitteeContribution,
    ) {
        self.checks.given(node, (what, contribution.beacon_block_root()), contribution.root());
        let (slot, subcommittee) = (contribution.slot(), contribution.subcommittee_index());
        let mut signed = Vec::new();
        for member in self.chain.signing_members(slot) {
            let memory = &self.nodes[node].memory;
            let proof = memory.sync_selections.get(&(slot, subcommittee, member.validator)).copied();
            let preset = self.spec.preset;
            let Some(proof) = proof.filter(|proof| eth::is_sync_committee_aggregator(preset, proof)) else {
                continue;
            };
            let message = ContributionAndProof::new(member.validator, contribution.clone(), proof);
            let root = Signed::Contribution(message.clone().into()).signing_root(&self.spec);
            signed.push(message.sign(self.client_signs(node, &member.key, root)));
        }
        self.hand_in_later(node, what, Submission::Contributions(signed));
    }
}
