//! What the beacon node tells: duties, heads, values to propose, and what became of publications.

use super::Engine;
use crate::agreement::Parent;
use crate::{Content, Duty, DutyKind, DutyReport, EpochDuties, Fetch, Head, Notice, Output, Value};

impl Engine {
    pub(super) fn resolved(&mut self, mut duties: EpochDuties) {
        duties.attesters.retain(|duty| self.config.validators.contains_key(&cluster::GroupKey(duty.pubkey)));
        duties.proposers.retain(|duty| self.config.validators.contains_key(&duty.key));
        self.schedule.resolve(&self.window, self.now, duties);
    }

    pub(super) fn head(&mut self, head: Head) {
        self.schedule.see_head(&self.window, head);
    }

    /// Begins a duty of the schedule.
    pub(super) fn begin(&mut self, duty: Duty, out: &mut Vec<Output>) {
        for key in self.on_duty(duty) {
            self.tracker.expect(duty, key);
            out.push(Output::Notice(Notice::Expected { duty, key }));
        }
        out.push(Output::Notice(Notice::Started(duty)));
        self.agreement(duty).started = Some(self.now);
        self.drive(duty, qbft::Input::Start, out);
        self.fetch(duty, out);
        self.judge(duty, out);
    }

    fn on_duty(&self, duty: Duty) -> Vec<cluster::GroupKey> {
        match duty.kind {
            DutyKind::Proposer => {
                self.schedule.proposer(&self.window, duty.slot).map(|duty| duty.key).into_iter().collect()
            }
            DutyKind::Attester => self
                .schedule
                .attesters(&self.window, duty.slot)
                .map(|on_duty| on_duty.keys().copied().collect())
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Asks the own beacon node what to agree on, unless it is being asked, or nobody will hear the answer.
    pub(super) fn fetch(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(what) = self.what_to_fetch(duty) else { return };
        let Some(agreement) = self.agreements.get_mut(&duty) else { return };
        let is_voter = agreement.role == qbft::Role::Voter;
        if agreement.started.is_some() && is_voter && agreement.decided.is_none() && !agreement.own.fetching {
            agreement.own.fetching = true;
            agreement.own.ask_at = None;
            out.push(Output::Fetch { duty, what });
        }
    }

    fn what_to_fetch(&self, duty: Duty) -> Option<Fetch> {
        match duty.kind {
            DutyKind::Attester => {
                let on_duty = self.schedule.attesters(&self.window, duty.slot)?;
                Some(Fetch::Attestation(on_duty.values().cloned().collect()))
            }
            DutyKind::Proposer => {
                let key = self.schedule.proposer(&self.window, duty.slot)?.key;
                let randao_reveal = self.randao_reveal(duty.slot, &key)?;
                Some(Fetch::Block { key, randao_reveal })
            }
            _ => None,
        }
    }

    pub(super) fn fetched(&mut self, duty: Duty, value: Value, out: &mut Vec<Output>) {
        let Some(agreement) = self.agreements.get_mut(&duty) else { return };
        agreement.own.fetching = false;
        match &value.content {
            Content::Attester(set) => agreement.own.attestation = set.values().next().map(|datum| datum.data),
            Content::Proposer { proposal, .. } => {
                agreement.own.parents.insert(proposal.parent_root(), Parent::Known);
            }
        }
        if !agreement.proposed {
            agreement.proposed = true;
            let hash = value.hash;
            agreement.hold(value);
            self.drive(duty, qbft::Input::Propose(hash), out);
        }
        self.judge(duty, out);
    }

    pub(super) fn fetch_failed(&mut self, duty: Duty) {
        if let Some(agreement) = self.agreements.get_mut(&duty) {
            agreement.own.fetching = false;
            agreement.ask_again(self.now);
        }
    }

    pub(super) fn parent_checked(
        &mut self,
        duty: Duty,
        parent: eth::Root,
        known: bool,
        out: &mut Vec<Output>,
    ) {
        let Some(agreement) = self.agreements.get_mut(&duty) else { return };
        agreement.own.parents.insert(parent, if known { Parent::Known } else { Parent::Unknown });
        if !known {
            agreement.ask_again(self.now);
        }
        self.judge(duty, out);
    }

    pub(super) fn published(
        &mut self,
        duty: Duty,
        keys: &[cluster::GroupKey],
        accepted: bool,
        out: &mut Vec<Output>,
    ) {
        for key in keys.iter().filter(|_| accepted) {
            if self.tracker.done(duty, key) {
                let participants = self.participants(duty, key);
                out.push(Output::Notice(Notice::Over(DutyReport { duty, key: *key, missed: None, participants })));
            }
        }
    }

    /// Fires what is due: rounds, and questions to be asked again.
    pub(super) fn fire_timers(&mut self, out: &mut Vec<Output>) {
        let is_due = |agreement: &crate::agreement::Agreement| agreement.deadline().is_some_and(|at| self.now >= at);
        let due: Vec<Duty> =
            self.agreements.values().filter(|agreement| is_due(agreement)).map(|agreement| agreement.duty).collect();
        for duty in due {
            self.drive(duty, qbft::Input::Tick, out);
            self.ask_again_if_due(duty, out);
        }
        self.consult_again_if_due(out);
    }

    fn ask_again_if_due(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(agreement) = self.agreements.get_mut(&duty) else { return };
        if agreement.decided.is_some() || agreement.own.ask_at.is_none_or(|at| self.now < at) {
            return;
        }
        agreement.own.ask_at = None;
        for (parent, state) in &mut agreement.own.parents {
            if *state == Parent::Unknown {
                *state = Parent::Asked;
                out.push(Output::CheckParent { duty, parent: *parent });
            }
        }
        // A block is fetched once; what may be attested to can change until the round is over.
        let has_block = duty.kind == DutyKind::Proposer && agreement.proposed;
        if !has_block {
            self.fetch(duty, out);
        }
    }
}
