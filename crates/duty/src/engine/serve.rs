//! What the validator client asks for and hands in.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use eth::{Root, SignatureBytes, SignedProposal, SingleAttestation, Slot};

use super::{Engine, Job, MAX_JOBS, SubmittedItem};
use crate::consent::Consent;
use crate::partial::SigningRoots;
use crate::requests::refuse;
use crate::{
    Answer, Content, Duty, DutyKind, JobId, Output, Partial, Question, Reason, RequestId, Signed, Submission,
    Verify,
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
            DutyKind::Attester => {
                self.schedule.attesters(&self.window, duty.slot).is_some_and(BTreeMap::is_empty)
            }
            _ => {
                self.schedule.knows(&self.window, duty.slot)
                    && self.schedule.proposer(&self.window, duty.slot).is_none()
            }
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
        if self.jobs.len() >= MAX_JOBS {
            return refuse(request, Reason::TooManyRequests, out);
        }
        let item = verification(proposer.key, partial.signed.signing_root(self.window.spec()), &partial);
        let job = self.new_job(Job::Randao { request, slot, key: proposer.key, partial: Box::new(partial) });
        out.push(Output::Verify { job, items: vec![item] });
    }

    /// Ends requests for duties that turned out not to be the cluster's.
    pub(super) fn answer_what_is_not_ours(&mut self, out: &mut Vec<Output>) {
        for duty in self.requests.duties() {
            if let Err(reason @ Reason::NotOurDuty) = self.is_askable(duty) {
                self.requests.release(duty).into_iter().for_each(|request| refuse(request, reason, out));
            }
        }
    }

    /// Answers the requests held for the duty, if what they wait for is there.
    pub(super) fn answer_held(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(answer) = self.answer_to(duty) else { return };
        for request in self.requests.release(duty) {
            out.push(Output::Answer { request, answer: answer.clone() });
        }
    }

    /// What a client that asks for the duty is answered; none while it is open.
    fn answer_to(&self, duty: Duty) -> Option<Answer> {
        let roots = match self.consents.get(&duty)? {
            Consent::Granted { roots, .. } if roots.is_empty() => {
                return Some(Answer::Refused(Reason::LedgerRefused));
            }
            Consent::Granted { roots, .. } => roots,
            Consent::Refused(reason) => return Some(Answer::Refused(*reason)),
            Consent::Asked | Consent::Unavailable { .. } => return None,
        };
        match self.agreements.get(&duty)?.decision()? {
            Content::Attester(set) => {
                let granted = set.iter().find(|(key, _)| roots.contains_key(key));
                granted.map(|(_, datum)| Answer::AttestationData(datum.data))
            }
            Content::Proposer { proposal, .. } => Some(Answer::Block(Arc::clone(proposal))),
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
        let mut roots = SigningRoots::new(self.window.spec());
        let item = |attestation| self.submitted_attestation(attestation, &mut roots);
        let items = attestations.iter().map(item).collect();
        self.verify_submission(request, items, out);
    }

    fn submitted_attestation(
        &self,
        attestation: &SingleAttestation,
        roots: &mut SigningRoots<'_>,
    ) -> SubmittedItem {
        let SingleAttestation { committee_index, attester_index, data, signature } = *attestation;
        let duty = Duty::new(data.slot, DutyKind::Attester);
        if !self.schedule.knows(&self.window, duty.slot) {
            return SubmittedItem::Refused(Reason::DutiesUnknown);
        }
        let Some(key) = self.schedule.attester(&self.window, duty.slot, attester_index) else {
            return SubmittedItem::Refused(Reason::NotOurDuty);
        };
        let signed =
            Signed::Attestation { data, validator: Some(attester_index), committee: committee_index };
        self.submitted(duty, key, signed, signature, roots)
    }

    fn submit_block(&mut self, request: RequestId, block: &SignedProposal, out: &mut Vec<Output>) {
        let proposal = Arc::new(block.proposal().clone());
        let duty = Duty::new(proposal.slot(), DutyKind::Proposer);
        let item = match self.schedule.proposer(&self.window, duty.slot) {
            None if self.schedule.knows(&self.window, duty.slot) => {
                SubmittedItem::Refused(Reason::NotOurDuty)
            }
            None => SubmittedItem::Refused(Reason::DutiesUnknown),
            Some(proposer) => {
                let roots = &mut SigningRoots::new(self.window.spec());
                self.submitted(duty, proposer.key, Signed::Block(proposal), block.signature(), roots)
            }
        };
        self.verify_submission(request, vec![item], out);
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
        let consent = self.consents.get(&duty).map(|consent| consent.allows(&key, signing_root));
        match consent.unwrap_or(Err(Reason::NotTheDecidedValue)) {
            Err(reason) => SubmittedItem::Refused(reason),
            Ok(()) if self.is_stored(duty, &key, signing_root, &signature) => SubmittedItem::Known,
            Ok(()) => {
                let partial = Partial { share: self.my_share(), signed, signature };
                SubmittedItem::Verifying { duty, key, signing_root, partial }
            }
        }
    }

    fn is_stored(&self, duty: Duty, key: &GroupKey, root: Root, signature: &SignatureBytes) -> bool {
        let collection = self.collections.get(&duty);
        collection.is_some_and(|collection| collection.holds(key, self.my_share(), root, signature))
    }

    fn verify_submission(&mut self, request: RequestId, items: Vec<SubmittedItem>, out: &mut Vec<Output>) {
        let verifications: Vec<Verify> = items
            .iter()
            .filter_map(|item| match item {
                SubmittedItem::Verifying { key, signing_root, partial, .. } => {
                    Some(verification(*key, *signing_root, partial))
                }
                SubmittedItem::Refused(_) | SubmittedItem::Known => None,
            })
            .collect();
        if verifications.is_empty() {
            return answer_items(request, &items, Reason::WrongSignature, out);
        }
        if self.jobs.len() >= MAX_JOBS {
            return answer_items(request, &items, Reason::TooManyRequests, out);
        }
        let job = self.new_job(Job::Submission { request, items });
        out.push(Output::Verify { job, items: verifications });
    }

    pub(super) fn verified(&mut self, job: JobId, good: &[bool], out: &mut Vec<Output>) {
        match self.jobs.remove(&job) {
            Some((_, Job::Submission { request, items })) => {
                self.submission_verified(request, items, good, out)
            }
            Some((_, Job::Randao { request, slot, key, partial })) => {
                self.randao_verified(request, slot, key, *partial, good.first() == Some(&true), out);
            }
            Some((_, Job::Combine { .. })) | None => {}
        }
    }

    fn submission_verified(
        &mut self,
        request: RequestId,
        items: Vec<SubmittedItem>,
        good: &[bool],
        out: &mut Vec<Output>,
    ) {
        let mut verdicts = good.iter().copied();
        let mut accepted: BTreeMap<Duty, BTreeMap<GroupKey, Partial>> = BTreeMap::new();
        let mut answers = Vec::new();
        for item in items {
            answers.push(match item {
                SubmittedItem::Verifying { duty, key, partial, .. } if verdicts.next() == Some(true) => {
                    accepted.entry(duty).or_default().insert(key, partial);
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

fn verification(key: GroupKey, signing_root: Root, partial: &Partial) -> Verify {
    Verify { key, share: Some(partial.share), signing_root, signature: partial.signature }
}
