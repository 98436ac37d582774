//! What the validator client hands in, item by item: none costs the others anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use eth::{
    Root, SignatureBytes, SignedAggregateAndProof, SignedContributionAndProof, SignedProposal,
    SignedVoluntaryExit, SingleAttestation, SyncCommitteeMessage, ValidatorIndex,
};

use super::{Engine, Job, MAX_JOBS, SubmittedItem};
use crate::known_bugs::{KnownBug, is_on};
use crate::partial::SigningRoots;
use crate::partials::Standing;
use crate::{
    Answer, Content, Duty, DutyKind, Output, Partial, Reason, RequestId, Seat, Signed, Submission, Verify,
};

impl Engine {
    pub(super) fn submit(&mut self, request: RequestId, submission: Submission, out: &mut Vec<Output>) {
        let roots = &mut SigningRoots::new(self.window.spec());
        let items = match &submission {
            Submission::Attestations(items) => {
                items.iter().map(|item| self.submitted_attestation(item, roots)).collect()
            }
            Submission::Block(block) => vec![self.submitted_block(block, roots)],
            Submission::Aggregates(items) => {
                items.iter().map(|item| self.submitted_aggregate(item, roots)).collect()
            }
            Submission::SyncMessages(items) => {
                items.iter().map(|item| self.submitted_sync_message(item, roots)).collect()
            }
            Submission::Contributions(items) => {
                items.iter().map(|item| self.submitted_contribution(item, roots)).collect()
            }
            Submission::Exit(exit) => vec![self.submitted_exit(exit, roots)],
        };
        self.verify_submission(request, items, out);
    }

    fn submitted_attestation(
        &self,
        attestation: &SingleAttestation,
        roots: &mut SigningRoots<'_>,
    ) -> SubmittedItem {
        let SingleAttestation { committee_index, attester_index, data, signature } = *attestation;
        let duty = Duty::new(data.slot, DutyKind::Attester);
        let signed =
            Signed::Attestation { data, validator: Some(attester_index), committee: committee_index };
        match self.attester(duty, attester_index) {
            Ok(key) => self.submitted(duty, key, signed, signature, roots),
            Err(reason) => SubmittedItem::Refused(reason),
        }
    }

    fn attester(&self, duty: Duty, validator: ValidatorIndex) -> Result<GroupKey, Reason> {
        if !self.schedule.knows(&self.window, duty.slot) {
            return Err(Reason::DutiesUnknown);
        }
        self.schedule.attester(&self.window, duty.slot, validator).ok_or(Reason::NotOurDuty)
    }

    /// The cluster's validator of that index.
    pub(super) fn key_of(&self, validator: ValidatorIndex) -> Result<GroupKey, Reason> {
        if !self.schedule.knows_validators() {
            return Err(Reason::DutiesUnknown);
        }
        self.schedule.key_of(validator).ok_or(Reason::NotOurDuty)
    }

    fn submitted_block(&self, block: &SignedProposal, roots: &mut SigningRoots<'_>) -> SubmittedItem {
        let proposal = Arc::new(block.proposal().clone());
        let duty = Duty::new(proposal.slot(), DutyKind::Proposer);
        match self.schedule.proposer(&self.window, duty.slot) {
            None if self.schedule.knows(&self.window, duty.slot) => {
                SubmittedItem::Refused(Reason::NotOurDuty)
            }
            None => SubmittedItem::Refused(Reason::DutiesUnknown),
            Some(proposer) => {
                self.submitted(duty, proposer.key, Signed::Block(proposal), block.signature(), roots)
            }
        }
    }

    fn submitted_aggregate(
        &self,
        aggregate: &SignedAggregateAndProof,
        roots: &mut SigningRoots<'_>,
    ) -> SubmittedItem {
        let (message, signature) = aggregate.clone().into_parts();
        let duty = Duty::new(message.data().slot, DutyKind::Aggregator);
        let key = match self.attester(duty, message.aggregator_index()) {
            Ok(key) => key,
            Err(reason) => return SubmittedItem::Refused(reason),
        };
        let is_decided = match self.decision(duty) {
            Some(Content::Aggregator(set)) => set.get(&key) == Some(&message.aggregate()),
            _ => false,
        };
        if !is_decided {
            return SubmittedItem::Refused(Reason::NotTheDecidedValue);
        }
        let selection = Signed::CommitteeSelection { slot: duty.slot, validator: message.aggregator_index() };
        let proof = self.proof(duty, key, &selection, message.selection_proof());
        let item = self.submitted(duty, key, Signed::Aggregate(Arc::new(message)), signature, roots);
        item.with_proof(proof)
    }

    fn submitted_contribution(
        &self,
        contribution: &SignedContributionAndProof,
        roots: &mut SigningRoots<'_>,
    ) -> SubmittedItem {
        let (message, signature) = contribution.clone().into_parts();
        let duty = Duty::new(message.slot(), DutyKind::SyncContribution);
        let key = match self.key_of(message.aggregator_index()) {
            Ok(key) => key,
            Err(reason) => return SubmittedItem::Refused(reason),
        };
        let is_decided = match self.decision(duty) {
            Some(Content::SyncContribution(set)) => {
                set.get(&key).is_some_and(|decided| decided.contains(&message.contribution()))
            }
            _ => false,
        };
        if !is_decided {
            return SubmittedItem::Refused(Reason::NotTheDecidedValue);
        }
        let data = eth::SyncAggregatorSelectionData {
            slot: duty.slot,
            subcommittee_index: message.subcommittee_index(),
        };
        let selection = Signed::SyncSelection { data, validator: message.aggregator_index() };
        let proof = self.proof(duty, key, &selection, message.selection_proof());
        let item = self.submitted(duty, key, Signed::Contribution(Arc::new(message)), signature, roots);
        item.with_proof(proof)
    }

    /// Whether the selection proof inside is the validator's: by comparison where the complete one is here, otherwise by
    /// verifying it.
    fn proof(
        &self,
        duty: Duty,
        key: GroupKey,
        selection: &Signed,
        proof: SignatureBytes,
    ) -> Result<Option<Verify>, Reason> {
        let proving = match duty.kind {
            DutyKind::Aggregator => DutyKind::PrepareAggregator,
            _ => DutyKind::PrepareSyncContribution,
        };
        match self.selection_proof(proving, duty, &selection.seat(key)) {
            Some(complete) if complete == proof => Ok(None),
            Some(_) => Err(Reason::WrongSignature),
            None => {
                let signing_root = selection.signing_root(self.window.spec());
                Ok(Some(Verify { key, share: None, signing_root, signature: proof }))
            }
        }
    }

    fn submitted_sync_message(
        &self,
        message: &SyncCommitteeMessage,
        roots: &mut SigningRoots<'_>,
    ) -> SubmittedItem {
        let SyncCommitteeMessage { slot, beacon_block_root, validator_index, signature } = *message;
        let duty = Duty::new(slot, DutyKind::SyncMessage);
        let key = match self.key_of(validator_index) {
            Ok(key) => key,
            Err(reason) => return SubmittedItem::Refused(reason),
        };
        let next = eth::Slot(slot.0.saturating_add(1));
        let members = self.schedule.sync_members(&self.window, slot);
        if self.schedule.knows(&self.window, next) && !members.contains_key(&key) {
            return SubmittedItem::Refused(Reason::NotOurDuty);
        }
        let signed = Signed::SyncMessage { slot, block: beacon_block_root, validator: validator_index };
        self.submitted(duty, key, signed, signature, roots)
    }

    fn submitted_exit(&self, exit: &SignedVoluntaryExit, roots: &mut SigningRoots<'_>) -> SubmittedItem {
        let SignedVoluntaryExit { message, signature } = *exit;
        let duty = Duty::new(self.window.spec().first_slot(message.epoch), DutyKind::Exit);
        let current = self.window.spec().epoch_of(self.window.slot_at(self.now));
        let key = match self.key_of(message.validator_index) {
            _ if message.epoch > current => return SubmittedItem::Refused(Reason::TooEarly),
            Ok(key) if self.has_too_many_exits(key, self.my_share(), duty) => {
                return SubmittedItem::Refused(Reason::TooManyExits);
            }
            Ok(key) => key,
            Err(reason) => return SubmittedItem::Refused(reason),
        };
        self.submitted(duty, key, Signed::Exit(message), signature, roots)
    }

    /// Checks everything about a signature but the signature itself.
    fn submitted(
        &self,
        duty: Duty,
        key: GroupKey,
        signed: Signed,
        signature: SignatureBytes,
        roots: &mut SigningRoots<'_>,
    ) -> SubmittedItem {
        if self.window.is_ahead(duty, self.now) {
            return SubmittedItem::Refused(Reason::TooEarly);
        }
        if !self.window.admits(duty, self.now) {
            return SubmittedItem::Refused(Reason::Expired);
        }
        let signing_root = roots.of(&signed);
        if duty.kind.is_slashable() {
            let consent = self.consents.get(&duty).map(|consent| consent.allows(&key, signing_root));
            if let Err(reason) = consent.unwrap_or(Err(Reason::NotTheDecidedValue)) {
                return SubmittedItem::Refused(reason);
            }
        }
        match self.standing(duty, &signed.seat(key), signing_root, &signature) {
            Standing::Known => SubmittedItem::Known,
            Standing::Otherwise => SubmittedItem::Refused(Reason::SignedOtherwise),
            Standing::New => {
                let partial = Partial { share: self.my_share(), signed, signature };
                SubmittedItem::Verifying { duty, key, signing_root, partial, proof: None }
            }
        }
    }

    fn standing(&self, duty: Duty, seat: &Seat, root: Root, signature: &SignatureBytes) -> Standing {
        let collection = self.collections.get(&duty);
        collection
            .map_or(Standing::New, |collection| collection.standing(seat, self.my_share(), root, signature))
    }

    fn verify_submission(
        &mut self,
        request: RequestId,
        mut items: Vec<SubmittedItem>,
        out: &mut Vec<Output>,
    ) {
        let is_refused = |item: &SubmittedItem| matches!(item, SubmittedItem::Refused(_));
        if is_on(KnownBug::ExitedMembersSpoilTheBatch) && items.iter().any(is_refused) {
            items.iter_mut().for_each(|item| *item = SubmittedItem::Refused(Reason::NotOurDuty));
        }
        let verifications: Vec<Verify> = items.iter().flat_map(SubmittedItem::verifications).collect();
        if verifications.is_empty() {
            return answer_items(request, &items, Reason::WrongSignature, out);
        }
        if self.jobs.len() >= MAX_JOBS {
            return answer_items(request, &items, Reason::TooManyRequests, out);
        }
        let job = self.new_job(Job::Submission { request, items });
        out.push(Output::Verify { job, items: verifications });
    }

    pub(super) fn submission_verified(
        &mut self,
        request: RequestId,
        items: Vec<SubmittedItem>,
        good: &[bool],
        out: &mut Vec<Output>,
    ) {
        let mut verdicts = good.iter().copied();
        let mut accepted: BTreeMap<Duty, Vec<(GroupKey, Partial)>> = BTreeMap::new();
        let mut answers = Vec::new();
        for item in items {
            let is_good = item.verifications().fold(true, |all, _| (verdicts.next() == Some(true)) && all);
            answers.push(match item {
                SubmittedItem::Verifying { duty, key, partial, .. } if is_good => {
                    accepted.entry(duty).or_default().push((key, partial));
                    Ok(())
                }
                item => item.answer(Reason::WrongSignature),
            });
        }
        out.push(Output::Answer { request, answer: Answer::Received(answers) });
        for (duty, partials) in accepted {
            if self.window.admits(duty, self.now) {
                self.add_own(duty, partials, out);
            }
        }
    }
}

impl SubmittedItem {
    /// The signatures to verify before it counts.
    fn verifications(&self) -> impl Iterator<Item = Verify> + use<> {
        let (partial, proof) = match self {
            SubmittedItem::Verifying { key, signing_root, partial, proof, .. } => {
                (Some(verification(*key, *signing_root, partial)), *proof)
            }
            SubmittedItem::Refused(_) | SubmittedItem::Known => (None, None),
        };
        partial.into_iter().chain(proof)
    }

    /// The item, with what is to be made of the selection proof in it.
    fn with_proof(self, selection: Result<Option<Verify>, Reason>) -> SubmittedItem {
        match (self, selection) {
            (SubmittedItem::Verifying { duty, key, signing_root, partial, .. }, Ok(proof)) => {
                SubmittedItem::Verifying { duty, key, signing_root, partial, proof }
            }
            (SubmittedItem::Verifying { .. }, Err(reason)) => SubmittedItem::Refused(reason),
            (item, _) => item,
        }
    }

    /// The answer, when what is not verified ends for that reason.
    fn answer(&self, unverified: Reason) -> Result<(), Reason> {
        match self {
            SubmittedItem::Refused(reason) => Err(*reason),
            SubmittedItem::Known => Ok(()),
            SubmittedItem::Verifying { .. } => Err(unverified),
        }
    }
}

/// Answers a submission whose verification nobody waits for any more.
pub(super) fn abandon(request: RequestId, items: &[SubmittedItem], out: &mut Vec<Output>) {
    answer_items(request, items, Reason::Expired, out);
}

fn answer_items(request: RequestId, items: &[SubmittedItem], unverified: Reason, out: &mut Vec<Output>) {
    let answers = items.iter().map(|item| item.answer(unverified)).collect();
    out.push(Output::Answer { request, answer: Answer::Received(answers) });
}

/// What a worker needs to verify a partial signature.
pub(super) fn verification(key: GroupKey, signing_root: Root, partial: &Partial) -> Verify {
    Verify { key, share: Some(partial.share), signing_root, signature: partial.signature }
}
