//! What the validator client asks for and hands in.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use eth::{SignatureBytes, SignedProposal, SingleAttestation, Slot};

use super::{Engine, Job, SubmittedItem};
use crate::consent::Consent;
use crate::requests::refuse;
use crate::{
    Answer, Content, Duty, DutyKind, JobId, Output, Partial, Question, Reason, RequestId, Signed, Submission, Verify,
};

impl Engine {
    pub(super) fn ask(&mut self, request: RequestId, question: Question, out: &mut Vec<Output>) {
        match question {
            Question::AttestationData { slot, .. } => {
                let duty = Duty::new(slot, DutyKind::Attester);
                match self.is_askable(duty) {
                    Err(reason) => refuse(request, reason, out),
                    Ok(()) => {
                        self.requests.hold(duty, request, self.window.answer_by(duty), out);
                        self.answer_held(duty, out);
                    }
                }
            }
            Question::Block { slot, randao_reveal } => self.ask_block(request, slot, randao_reveal, out),
        }
    }

    fn is_askable(&self, duty: Duty) -> Result<(), Reason> {
        if self.window.is_ahead(duty, self.now) {
            return Err(Reason::TooEarly);
        }
        if !self.window.admits(duty, self.now) {
            return Err(Reason::Expired);
        }
        let nobody = match duty.kind {
            DutyKind::Attester => self.schedule.attesters(&self.window, duty.slot).is_some_and(BTreeMap::is_empty),
            _ => self.schedule.knows(&self.window, duty.slot)
                && self.schedule.proposer(&self.window, duty.slot).is_none(),
        };
        if nobody { Err(Reason::NotOurDuty) } else { Ok(()) }
    }

    fn ask_block(
        &mut self,
        request: RequestId,
        slot: Slot,
        randao_reveal: SignatureBytes,
        out: &mut Vec<Output>,
    ) {
        let duty = Duty::new(slot, DutyKind::Proposer);
        if let Err(reason) = self.is_askable(duty) {
            return refuse(request, reason, out);
        }
        let Some(proposer) = self.schedule.proposer(&self.window, slot).copied() else {
            return refuse(request, Reason::DutiesUnknown, out);
        };
        let signed = Signed::Randao { epoch: self.window.spec().epoch_of(slot) };
        let partial = Partial { share: self.my_share(), signed, signature: randao_reveal };
        let item = self.verification(proposer.key, &partial);
        let job = self.new_job(Job::Randao { request, slot, key: proposer.key, partial });
        out.push(Output::Verify { job, items: vec![item] });
    }

    fn verification(&self, key: GroupKey, partial: &Partial) -> Verify {
        Verify {
            key,
            share: Some(partial.share),
            signing_root: partial.signed.signing_root(self.window.spec()),
            signature: partial.signature,
        }
    }

    /// Answers the requests held for the duty, if what they wait for is there.
    pub(super) fn answer_held(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(Consent::Granted { roots, .. }) = self.consents.get(&duty) else { return };
        let Some(content) = self.agreements.get(&duty).and_then(|agreement| agreement.decision()) else { return };
        let answer = match content {
            _ if roots.is_empty() => Answer::Refused(Reason::LedgerRefused),
            Content::Attester(set) => match set.iter().find(|(key, _)| roots.contains_key(key)) {
                Some((_, datum)) => Answer::AttestationData(datum.data),
                None => Answer::Refused(Reason::LedgerRefused),
            },
            Content::Proposer { proposal, .. } => Answer::Block(Arc::clone(proposal)),
        };
        for request in self.requests.release(duty) {
            out.push(Output::Answer { request, answer: answer.clone() });
        }
    }

    pub(super) fn submit(&mut self, request: RequestId, submission: Submission, out: &mut Vec<Output>) {
        match submission {
            Submission::Attestations(attestations) => self.submit_attestations(request, attestations, out),
            Submission::Block(block) => self.submit_block(request, &block, out),
        }
    }

    fn submit_attestations(
        &mut self,
        request: RequestId,
        attestations: Vec<SingleAttestation>,
        out: &mut Vec<Output>,
    ) {
        // A client hands in one slot at a time; what does not fit the first one's slot is refused by its root.
        let slot = attestations.first().map(|attestation| attestation.data.slot).unwrap_or_default();
        let duty = Duty::new(slot, DutyKind::Attester);
        let items = attestations.iter().map(|attestation| self.submitted_attestation(duty, attestation)).collect();
        self.verify_submission(request, duty, items, out);
    }

    fn submitted_attestation(&self, duty: Duty, attestation: &SingleAttestation) -> SubmittedItem {
        let SingleAttestation { committee_index, attester_index, data, signature } = *attestation;
        let Some(on_duty) = self.schedule.attesters(&self.window, duty.slot) else {
            return SubmittedItem::Refused(Reason::DutiesUnknown);
        };
        let found = on_duty.iter().find(|(_, duty)| duty.validator_index == attester_index);
        let Some((key, _)) = found else { return SubmittedItem::Refused(Reason::NotOurDuty) };
        let signed =
            Signed::Attestation { data, validator: Some(attester_index), committee: committee_index };
        self.submitted(duty, *key, signed, signature)
    }

    fn submit_block(&mut self, request: RequestId, block: &SignedProposal, out: &mut Vec<Output>) {
        let proposal = Arc::new(block.proposal().clone());
        let duty = Duty::new(proposal.slot(), DutyKind::Proposer);
        let item = match self.schedule.proposer(&self.window, duty.slot) {
            None => SubmittedItem::Refused(Reason::NotOurDuty),
            Some(proposer) => self.submitted(duty, proposer.key, Signed::Block(proposal), block.signature()),
        };
        self.verify_submission(request, duty, vec![item], out);
    }

    /// Checks everything about a signature but the signature itself.
    fn submitted(&self, duty: Duty, key: GroupKey, signed: Signed, signature: SignatureBytes) -> SubmittedItem {
        let signing_root = signed.signing_root(self.window.spec());
        let partial = Partial { share: self.my_share(), signed, signature };
        if !self.window.admits(duty, self.now) {
            return SubmittedItem::Refused(Reason::Expired);
        }
        let consent = self.consents.get(&duty).map(|consent| consent.allows(&key, signing_root));
        match consent.unwrap_or(Err(Reason::NotTheDecidedValue)) {
            Err(reason) => SubmittedItem::Refused(reason),
            Ok(()) if self.is_stored(duty, &key, &partial) => SubmittedItem::Known,
            Ok(()) => SubmittedItem::Verifying { key, partial },
        }
    }

    fn is_stored(&self, duty: Duty, key: &GroupKey, partial: &Partial) -> bool {
        self.collections.get(&duty).is_some_and(|collection| {
            collection.of_share(partial.share).get(key).is_some_and(|known| known.signature == partial.signature)
        })
    }

    fn verify_submission(
        &mut self,
        request: RequestId,
        duty: Duty,
        items: Vec<SubmittedItem>,
        out: &mut Vec<Output>,
    ) {
        let verifications: Vec<Verify> = items
            .iter()
            .filter_map(|item| match item {
                SubmittedItem::Verifying { key, partial } => Some(self.verification(*key, partial)),
                _ => None,
            })
            .collect();
        if verifications.is_empty() {
            let answers = items.into_iter().map(|item| item.answer(false)).collect();
            out.push(Output::Answer { request, answer: Answer::Received(answers) });
            return;
        }
        let job = self.new_job(Job::Submission { request, duty, items });
        out.push(Output::Verify { job, items: verifications });
    }

    pub(super) fn verified(&mut self, job: JobId, good: &[bool], out: &mut Vec<Output>) {
        match self.jobs.remove(&job) {
            Some(Job::Submission { request, duty, items }) => {
                self.submission_verified(request, duty, items, good, out);
            }
            Some(Job::Randao { request, slot, key, partial }) => {
                self.randao_verified(request, slot, key, partial, good.first() == Some(&true), out);
            }
            Some(Job::Combine { .. }) | None => {}
        }
    }

    fn submission_verified(
        &mut self,
        request: RequestId,
        duty: Duty,
        items: Vec<SubmittedItem>,
        good: &[bool],
        out: &mut Vec<Output>,
    ) {
        let mut verdicts = good.iter().copied();
        let mut accepted = BTreeMap::new();
        let mut answers = Vec::new();
        for item in items {
            let is_good = matches!(item, SubmittedItem::Verifying { .. }) && verdicts.next() == Some(true);
            if let (true, SubmittedItem::Verifying { key, partial }) = (is_good, &item) {
                accepted.insert(*key, partial.clone());
            }
            answers.push(item.answer(is_good));
        }
        out.push(Output::Answer { request, answer: Answer::Received(answers) });
        self.add_own(duty, accepted, out);
    }

    fn randao_verified(
        &mut self,
        request: RequestId,
        slot: Slot,
        key: GroupKey,
        partial: Partial,
        is_good: bool,
        out: &mut Vec<Output>,
    ) {
        if !is_good {
            return refuse(request, Reason::WrongSignature, out);
        }
        let duty = Duty::new(slot, DutyKind::Proposer);
        self.requests.hold(duty, request, self.window.answer_by(duty), out);
        self.answer_held(duty, out);
        self.add_own(Duty::new(slot, DutyKind::Randao), BTreeMap::from([(key, partial)]), out);
    }
}

impl SubmittedItem {
    fn answer(&self, is_good: bool) -> Result<(), Reason> {
        match self {
            SubmittedItem::Refused(reason) => Err(*reason),
            SubmittedItem::Known => Ok(()),
            SubmittedItem::Verifying { .. } if is_good => Ok(()),
            SubmittedItem::Verifying { .. } => Err(Reason::WrongSignature),
        }
    }
}
