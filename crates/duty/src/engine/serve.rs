//! What the validator client asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use eth::{Attestation, CommitteeIndex, Container, Root, SignatureBytes, Slot};

use super::submit::verification;
use super::{Engine, Job, MAX_JOBS};
use crate::consent::Consent;
use crate::known_bugs::{KnownBug, is_on};
use crate::requests::refuse;
use crate::selections::Asked;
use crate::{Answer, Content, Duty, DutyKind, JobId, Output, Partial, Question, Reason, RequestId, Signed};

impl Engine {
    pub(super) fn ask(&mut self, request: RequestId, question: Question, out: &mut Vec<Output>) {
        let duty = match question {
            Question::AttestationData { slot, .. } => Duty::new(slot, DutyKind::Attester),
            Question::Aggregate { slot, .. } => Duty::new(slot, DutyKind::Aggregator),
            Question::Contribution { slot, .. } => Duty::new(slot, DutyKind::SyncContribution),
            Question::Block { slot, randao_reveal } => {
                return self.ask_block(request, slot, randao_reveal, out);
            }
            Question::CommitteeSelections(items) => {
                return self.ask_selections(request, Asked::Committee(items), out);
            }
            Question::SyncSelections(items) => return self.ask_selections(request, Asked::Sync(items), out),
            Question::Aggregators(items) => {
                return self.ask_selections(request, Asked::Aggregators(items), out);
            }
        };
        match self.is_askable(duty) {
            Err(reason) => refuse(request, reason, out),
            Ok(()) => {
                self.requests.hold(duty, (request, question), self.window.answer_by(duty), out);
                self.answer_held(duty, out);
            }
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
            DutyKind::Attester | DutyKind::Aggregator => {
                self.schedule.attesters(&self.window, duty.slot).is_some_and(BTreeMap::is_empty)
            }
            DutyKind::SyncContribution => {
                self.schedule.knows(&self.window, Slot(duty.slot.0.saturating_add(1)))
                    && self.schedule.sync_members(&self.window, duty.slot).is_empty()
            }
            _ => {
                self.schedule.knows(&self.window, duty.slot)
                    && self.schedule.proposer(&self.window, duty.slot).is_none()
            }
        };
        if nobody && !is_on(KnownBug::RequestsForNothingAreHeld) { Err(Reason::NotOurDuty) } else { Ok(()) }
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
                self.refuse_held(duty, reason, out);
            }
        }
    }

    /// Answers the requests held for the duty, if what they wait for is there.
    pub(super) fn answer_held(&mut self, duty: Duty, out: &mut Vec<Output>) {
        if !self.is_answerable(duty) {
            return;
        }
        for (request, question) in self.requests.release(duty) {
            let answer = self.answer_to(duty, &question).unwrap_or_else(Answer::Refused);
            out.push(Output::Answer { request, answer });
        }
    }

    fn is_answerable(&self, duty: Duty) -> bool {
        match self.consents.get(&duty) {
            Some(consent) => matches!(consent, Consent::Granted { .. } | Consent::Refused(_)),
            None => !duty.kind.is_slashable() && self.decision(duty).is_some(),
        }
    }

    /// What a client that asks for the decided duty is answered.
    fn answer_to(&self, duty: Duty, question: &Question) -> Result<Answer, Reason> {
        let decision = self.decision(duty).ok_or(Reason::Undecided);
        match self.consents.get(&duty) {
            Some(Consent::Refused(reason)) => return Err(*reason),
            Some(Consent::Granted { roots, .. }) if roots.is_empty() => return Err(Reason::LedgerRefused),
            Some(Consent::Granted { roots, .. }) => {
                if let Content::Attester(set) = decision? {
                    let granted = set.iter().find(|(key, _)| roots.contains_key(key));
                    let granted = granted.map(|(_, datum)| Answer::AttestationData(datum.data));
                    return granted.ok_or(Reason::LedgerRefused);
                }
            }
            Some(Consent::Asked | Consent::Unavailable { .. } | Consent::Withheld(_)) | None => {}
        }
        match (decision?, question) {
            (Content::Proposer { proposal, .. }, Question::Block { .. }) => {
                Ok(Answer::Block(Arc::clone(proposal)))
            }
            (Content::Aggregator(set), Question::Aggregate { data_root, committee, .. }) => {
                aggregate(set.values(), *data_root, *committee)
            }
            (Content::SyncContribution(set), Question::Contribution { subcommittee, block, .. }) => {
                let mut decided = set.values().flatten();
                let asked = decided.find(|one| {
                    one.subcommittee_index() == *subcommittee && one.beacon_block_root() == *block
                });
                let answer = asked.map(|contribution| Answer::Contribution(Box::new(contribution.clone())));
                answer.ok_or(Reason::NotTheDecidedValue)
            }
            _ => Err(Reason::NotTheDecidedValue),
        }
    }

    pub(super) fn verified(&mut self, job: JobId, good: &[bool], out: &mut Vec<Output>) {
        match self.jobs.remove(&job) {
            Some((_, Job::Submission { request, items })) => {
                self.submission_verified(request, items, good, out)
            }
            Some((_, Job::Randao { request, slot, key, partial })) => {
                self.randao_verified(request, slot, key, *partial, good.first() == Some(&true), out);
            }
            Some((_, Job::Selections { request, asked, items })) => {
                self.selections_verified(request, asked, items, good, out);
            }
            Some((_, Job::Combine { .. })) | None => {}
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
        let question = Question::Block { slot, randao_reveal: partial.signature };
        self.requests.hold(duty, (request, question), self.window.answer_by(duty), out);
        self.answer_held(duty, out);
        self.add_own(Duty::new(slot, DutyKind::Randao), vec![(key, partial)], out);
    }
}

/// The decided aggregate of the committee.
fn aggregate<'a>(
    mut decided: impl Iterator<Item = &'a Attestation>,
    data_root: Root,
    committee: CommitteeIndex,
) -> Result<Answer, Reason> {
    let is_of_committee = |aggregate: &Attestation| {
        aggregate.committees() == [committee] || is_on(KnownBug::AggregatesHaveNoCommittee)
    };
    let asked = decided.find(|aggregate| is_of_committee(aggregate) && aggregate.data().root() == data_root);
    asked.map(|aggregate| Answer::Aggregate(Box::new(aggregate.clone()))).ok_or(Reason::NotTheDecidedValue)
}
