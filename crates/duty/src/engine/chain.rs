//! What the beacon node tells: duties, heads, values to propose, and what became of publications.

use super::Engine;
use crate::agreement::{Agreement, Parent};
use crate::judge::Judgement;
use crate::known_bugs::{KnownBug, is_on};
use crate::window::Window;
use crate::{Content, Duty, DutyKind, EpochDuties, Fetch, Head, Notice, Output, Reason, Seat, Value};

impl Engine {
    pub(super) fn resolved(&mut self, mut duties: EpochDuties, out: &mut Vec<Output>) {
        let epoch = duties.epoch;
        duties.attesters.retain(|duty| self.config.validators.contains_key(&cluster::GroupKey(duty.pubkey)));
        duties.proposers.retain(|duty| self.config.validators.contains_key(&duty.key));
        duties.sync_members.retain(|member| self.config.validators.contains_key(&member.key));
        duties.validators.retain(|_, key| self.config.validators.contains_key(key));
        if is_on(KnownBug::ExitedMembersSpoilTheBatch) {
            let attesters = &duties.attesters;
            let attests = |validator| attesters.iter().any(|duty| duty.validator_index == validator);
            duties.validators.retain(|validator, _| attests(*validator));
        }
        self.schedule.resolve(&self.window, self.now, duties);
        for duty in self.running_in(|duty, window| window.spec().epoch_of(duty.slot) == epoch) {
            self.judge(duty, out);
        }
        self.answer_what_is_not_ours(out);
    }

    pub(super) fn head(&mut self, head: Head, out: &mut Vec<Output>) {
        self.schedule.see_head(&self.window, head);
        // What the beacon node did not know or saw otherwise, it may know now.
        for duty in self.running_in(|duty, _| duty.slot.0 <= head.slot.0.saturating_add(1)) {
            let now = self.now;
            self.agreement(duty).ask_now(now);
            self.judge(duty, out);
        }
    }

    fn running_in(&self, fits: impl Fn(&Duty, &Window) -> bool) -> Vec<Duty> {
        self.running.iter().copied().filter(|duty| fits(duty, &self.window)).collect()
    }

    /// Begins a duty of the schedule.
    pub(super) fn begin(&mut self, duty: Duty, out: &mut Vec<Output>) {
        match duty.kind {
            DutyKind::BuilderRegistration if self.config.takes_builders => {
                out.push(Output::Register(self.window.spec().epoch_of(duty.slot)));
            }
            DutyKind::BuilderRegistration => {}
            // There is nothing to agree on: whoever has the same head signs the same.
            DutyKind::SyncMessage => self.expect(duty, self.on_duty(duty), out),
            DutyKind::Aggregator | DutyKind::SyncContribution => self.begin_aggregating(duty, out),
            _ => self.begin_agreement(duty, out),
        }
    }

    /// Begins to agree on what to sign.
    pub(super) fn begin_agreement(&mut self, duty: Duty, out: &mut Vec<Output>) {
        self.expect(duty, self.on_duty(duty), out);
        out.push(Output::Notice(Notice::Started(duty)));
        self.agreement(duty).started = Some(self.now);
        if self.agreement(duty).decided.is_none() {
            self.running.insert(duty);
        }
        self.drive(duty, qbft::Input::Start, out);
        self.fetch(duty, out);
        self.judge(duty, out);
    }

    fn on_duty(&self, duty: Duty) -> Vec<Seat> {
        match duty.kind {
            DutyKind::Proposer => {
                let proposer = self.schedule.proposer(&self.window, duty.slot);
                proposer.map(|duty| Seat::from(duty.key)).into_iter().collect()
            }
            DutyKind::Attester => self
                .schedule
                .attesters(&self.window, duty.slot)
                .map(|on_duty| on_duty.keys().copied().map(Seat::from).collect())
                .unwrap_or_default(),
            DutyKind::SyncMessage => {
                let members = self.schedule.sync_members(&self.window, duty.slot);
                members.keys().copied().map(Seat::from).collect()
            }
            DutyKind::Aggregator | DutyKind::SyncContribution => self.aggregators(duty),
            _ => Vec::new(),
        }
    }

    /// Asks the own beacon node what to agree on, unless it is being asked, or nobody will hear the answer.
    pub(super) fn fetch(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(what) = self.what_to_fetch(duty) else { return };
        let Some(agreement) = self.agreements.get_mut(&duty) else { return };
        let is_voter = agreement.role == qbft::Role::Voter;
        if is_on(KnownBug::BlocksWaitForTheOwnClient)
            && duty.kind == DutyKind::Proposer
            && !self.requests.duties().contains(&duty)
        {
            return;
        }
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
            DutyKind::Aggregator => self.aggregates_to_fetch(duty),
            DutyKind::SyncContribution => self.contributions_to_fetch(duty),
            _ => None,
        }
    }

    pub(super) fn fetched(&mut self, duty: Duty, value: Value, out: &mut Vec<Output>) {
        let Some(agreement) = self.agreements.get_mut(&duty) else { return };
        agreement.own.fetching = false;
        if agreement.decided.is_some() {
            return;
        }
        match &value.content {
            Content::Attester(set) => agreement.own.attestation = set.values().next().map(|datum| datum.data),
            Content::Proposer { proposal, .. } => {
                agreement.own.parents.insert(proposal.parent_root(), Parent::Known);
            }
            Content::Aggregator(_) | Content::SyncContribution(_) => {}
        }
        match self.judgement(duty, &value.content) {
            Judgement::Refuse(reason) => self.refuse_own(duty, reason, out),
            Judgement::Accept | Judgement::Wait(_) => {
                self.agreement(duty).own.value = Some(value);
                self.offer(duty, out);
            }
        }
        self.judge(duty, out);
    }

    /// What we would refuse of another we do not propose either: the own beacon node is asked again instead.
    fn refuse_own(&mut self, duty: Duty, reason: Reason, out: &mut Vec<Output>) {
        let (now, leader) = (self.now, self.config.me);
        let agreement = self.agreement(duty);
        agreement.own.attestation = None;
        agreement.own.value = None;
        agreement.ask_again(now);
        let round = agreement.round;
        out.push(Output::Notice(Notice::ValueRefused { duty, round, leader, reason }));
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
        if agreement.decided.is_some() {
            return;
        }
        agreement.own.parents.insert(parent, if known { Parent::Known } else { Parent::Unknown });
        if !known {
            agreement.ask_again(self.now);
        }
        self.judge(duty, out);
    }

    pub(super) fn published(&mut self, duty: Duty, seats: &[Seat], accepted: bool, out: &mut Vec<Output>) {
        for seat in seats.iter().filter(|_| accepted) {
            if let Some(collection) = self.collections.get_mut(&duty) {
                collection.publish(seat);
            }
            self.done(duty, *seat, out);
        }
    }

    /// Fires what is due: rounds, and questions to be asked again.
    pub(super) fn fire_timers(&mut self, out: &mut Vec<Output>) {
        let now = self.now;
        let is_due =
            |duty: &Duty| self.agreements.get(duty).and_then(Agreement::deadline).is_some_and(|at| now >= at);
        let due: Vec<Duty> = self.running.iter().copied().filter(is_due).collect();
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
        if !is_on(KnownBug::QuestionsStayDue) {
            agreement.own.ask_at = None;
        }
        let unknown = agreement.own.parents.iter().filter(|(_, state)| **state == Parent::Unknown);
        out.extend(unknown.map(|(parent, _)| Output::CheckParent { duty, parent: *parent }));
        // A block is fetched once; what may be attested to can change until the round is over.
        let has_block = duty.kind == DutyKind::Proposer && agreement.own.value.is_some();
        if !has_block {
            self.fetch(duty, out);
        }
        self.judge(duty, out);
    }
}
