//! Agreement: consensus messages in and out, values judged, decisions taken to the ledger.

use std::collections::btree_map::Entry;

use cluster::GroupKey;
use qbft::{Hash, PeerIndex, Role, Round};
use slashing::{Permit, Refusal};

use super::{Config, Engine};
use crate::agreement::{Agreement, Opinion, Parent};
use crate::consent::{self, Consent};
use crate::judge::{self, AggregatorView, AttesterView, ContributionView, Judgement, ProposerView};
use crate::known_bugs::{KnownBug, is_on};
use crate::{ConsensusMessage, Content, Duty, DutyKind, Notice, Output, Reason, To, Why};

impl Engine {
    pub(super) fn consensus(&mut self, message: ConsensusMessage, out: &mut Vec<Output>) {
        let ConsensusMessage { duty, message, values } = message;
        let is_agreed_on = duty.kind.has_consensus() && duty.kind != DutyKind::InfoSync;
        let is_admitted = self.window.admits(duty, self.now) || is_on(KnownBug::AnyDutyIsKept);
        if !is_agreed_on || !is_admitted {
            return;
        }
        let agreement = self.agreement(duty);
        if agreement.decided.is_none() {
            if let Err(peer) = agreement.keep(&message, values) {
                out.push(Output::Notice(Notice::Fault { peer, duty, why: Why::TooManyValues }));
                return;
            }
            // Whoever delivered it left values out; the wire refuses that, so nobody is blamed here.
            if !agreement.holds_all_of(&message) {
                return;
            }
        }
        self.join(duty, out);
        self.drive(duty, qbft::Input::Receive(message), out);
    }

    /// Steps the duty's instance and carries out what it asks for.
    pub(super) fn drive(&mut self, duty: Duty, input: qbft::Input, out: &mut Vec<Output>) {
        let mut wishes = Vec::new();
        let now = self.now;
        self.agreement(duty).instance.step(now, input, &mut wishes);
        let is_new_round = wishes.iter().any(|wish| matches!(wish, qbft::Output::RoundStarted { .. }));
        for wish in wishes {
            self.grant(duty, wish, out);
        }
        if is_new_round {
            self.offer(duty, out);
        }
    }

    /// Offers the own value when it is our turn, and not before: by then it may be a newer one.
    pub(super) fn offer(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let me = self.config.me;
        let agreement = self.agreement(duty);
        if agreement.leader() != me || agreement.decided.is_some() {
            return;
        }
        if let Some(value) = agreement.own.value.clone() {
            let hash = value.hash;
            agreement.hold(value);
            self.drive(duty, qbft::Input::Propose(hash), out);
        }
    }

    fn grant(&mut self, duty: Duty, wish: qbft::Output, out: &mut Vec<Output>) {
        let agreement = self.agreement(duty);
        match wish {
            qbft::Output::Broadcast(draft) => {
                let values = agreement.named_by(&draft);
                out.push(Output::Send { to: To::All, duty, draft, values });
            }
            qbft::Output::Send(peer, draft) => {
                let values = agreement.named_by(&draft);
                out.push(Output::Send { to: To::Peer(peer), duty, draft, values });
            }
            qbft::Output::Check { value, .. } => {
                if agreement.opinion(&value) == Some(Opinion::Unasked) {
                    agreement.set_opinion(&value, Opinion::Waiting);
                }
                self.judge(duty, out);
            }
            qbft::Output::RoundStarted { round, .. } => {
                agreement.round = round;
                self.judge(duty, out);
            }
            qbft::Output::RoundTimedOut { round, leader, missing } => {
                out.push(Output::Notice(Notice::RoundTimeout { duty, round, leader, missing }));
            }
            qbft::Output::Fault(qbft::Fault { peer, why }) => {
                out.push(Output::Notice(Notice::Fault { peer, duty, why: Why::Consensus(why) }));
            }
            qbft::Output::Decide { value, round, leader } => self.decided(duty, value, round, leader, out),
        }
    }

    /// Judges every value of the duty whose opinion is open.
    pub(super) fn judge(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(agreement) = self.agreements.get(&duty) else { return };
        if agreement.decided.is_some() || agreement.role == Role::Observer {
            return;
        }
        for hash in agreement.open() {
            let Some(content) = self.content(duty, &hash) else { continue };
            let judgement = self.judgement(duty, content);
            self.apply(duty, hash, judgement, out);
        }
    }

    pub(super) fn judgement(&self, duty: Duty, content: &Content) -> Judgement {
        let Some(agreement) = self.agreements.get(&duty) else {
            return Judgement::Wait(Reason::DutiesUnknown);
        };
        // From the first round in which an honest peer has led for certain, less must do.
        let is_late = agreement.round.number() > qbft::faults(self.config.peers) as u64 + 1;
        match (duty.kind, content) {
            (DutyKind::Attester, Content::Attester(set)) => {
                let view = AttesterView {
                    spec: self.window.spec(),
                    slot: duty.slot,
                    on_duty: self.schedule.attesters(&self.window, duty.slot),
                    own: agreement.own.attestation.as_ref(),
                    may_omit: is_late,
                };
                judge::attester(set, &view)
            }
            (DutyKind::Proposer, Content::Proposer { key, proposal }) => {
                let Some(config) = self.config.validators.get(key) else {
                    return Judgement::Refuse(Reason::ForeignValidator);
                };
                let head_is_parent =
                    self.schedule.head().is_some_and(|head| head.root == proposal.parent_root());
                let parent = agreement.own.parents.get(&proposal.parent_root());
                let view = ProposerView {
                    slot: duty.slot,
                    proposer: self.schedule.proposer(&self.window, duty.slot),
                    randao_reveal: self.randao_reveal(duty.slot, key),
                    parent_known: match parent {
                        _ if head_is_parent => Some(true),
                        Some(Parent::Known) => Some(true),
                        Some(Parent::Unknown) => Some(false),
                        Some(Parent::Asked) | None => None,
                    },
                    fee_recipient: config.fee_recipient,
                    takes_builders: self.config.takes_builders,
                };
                judge::proposer(*key, proposal, &view)
            }
            (DutyKind::Aggregator, Content::Aggregator(set)) => {
                let view = AggregatorView {
                    slot: duty.slot,
                    decided: self.decided_attestation(duty.slot),
                    on_duty: self.schedule.attesters(&self.window, duty.slot),
                    selected: &self.selected(duty),
                    own: match agreement.own.value.as_ref().map(|value| &value.content) {
                        Some(Content::Aggregator(own)) => Some(own),
                        _ => None,
                    },
                    is_late,
                };
                judge::aggregator(set, &view)
            }
            (DutyKind::SyncContribution, Content::SyncContribution(set)) => {
                let next = eth::Slot(duty.slot.0.saturating_add(1));
                let is_known = self.schedule.knows(&self.window, next);
                let view = ContributionView {
                    slot: duty.slot,
                    members: is_known.then(|| self.schedule.sync_members(&self.window, duty.slot)),
                    selected: &self.selected(duty),
                    blocks: &self.sync_blocks(duty.slot),
                    own: match agreement.own.value.as_ref().map(|value| &value.content) {
                        Some(Content::SyncContribution(own)) => Some(own),
                        _ => None,
                    },
                    is_late,
                };
                judge::contributions(set, &view)
            }
            _ => Judgement::Refuse(Reason::WrongKindOfValue),
        }
    }

    fn content(&self, duty: Duty, value: &Hash) -> Option<&Content> {
        Some(&self.agreements.get(&duty)?.value(value)?.content)
    }

    fn apply(&mut self, duty: Duty, value: Hash, judgement: Judgement, out: &mut Vec<Output>) {
        match judgement {
            Judgement::Accept if duty.kind.is_slashable() => self.consult(duty, value, out),
            Judgement::Accept => {
                self.agreement(duty).set_opinion(&value, Opinion::Accepted);
                self.drive(duty, qbft::Input::Verdict { value, accept: true }, out);
            }
            Judgement::Wait(reason) => {
                self.agreement(duty).set_opinion(&value, Opinion::Waiting);
                if reason == Reason::ParentUnknown {
                    self.check_parent(duty, value, out);
                }
            }
            Judgement::Refuse(reason) => self.refuse_value(duty, value, reason, out),
        }
    }

    fn consult(&mut self, duty: Duty, value: Hash, out: &mut Vec<Output>) {
        let Some(content) = self.content(duty, &value) else { return };
        let request = consent::request(duty, content, self.window.spec());
        self.agreement(duty).set_opinion(&value, Opinion::Consulting);
        out.push(Output::Consult { duty, value, request });
    }

    /// Asks the beacon node for the parent of a proposed block, once; what it does not know is asked again later.
    fn check_parent(&mut self, duty: Duty, value: Hash, out: &mut Vec<Output>) {
        let Some(Content::Proposer { proposal, .. }) = self.content(duty, &value) else { return };
        let parent = proposal.parent_root();
        if let Entry::Vacant(unknown) = self.agreement(duty).own.parents.entry(parent) {
            unknown.insert(Parent::Asked);
            out.push(Output::CheckParent { duty, parent });
        }
    }

    fn refuse_value(&mut self, duty: Duty, value: Hash, reason: Reason, out: &mut Vec<Output>) {
        let now = self.now;
        let agreement = self.agreement(duty);
        if matches!(reason, Reason::CheckpointsDiffer | Reason::ParentUnknown | Reason::LedgerUnavailable) {
            // The own beacon node may be a block behind: look again, and again, before the round is over.
            agreement.ask_again(now);
        }
        if agreement.opinion(&value) == Some(Opinion::Refused(reason)) {
            return;
        }
        agreement.set_opinion(&value, Opinion::Refused(reason));
        if is_on(KnownBug::OwnValueIsLostWithARefusal) {
            agreement.own.value = None;
        }
        let round = agreement.round;
        let leader = agreement.leader();
        out.push(Output::Notice(Notice::ValueRefused { duty, round, leader, reason }));
    }

    pub(super) fn consulted(
        &mut self,
        duty: Duty,
        value: Hash,
        refused: &[(GroupKey, Refusal)],
        out: &mut Vec<Output>,
    ) {
        let Some(agreement) = self.agreements.get_mut(&duty) else { return };
        if agreement.opinion(&value) != Some(Opinion::Consulting) {
            return;
        }
        let Some(validators) = agreement.value(&value).map(|value| value.content.validators()) else {
            return;
        };
        // One validator with a history of its own must not cost all the others their duty: the permit leaves it out.
        let is_unavailable = |(_, refusal): &(_, Refusal)| {
            matches!(refusal, Refusal::StoreFailed { .. } | Refusal::LedgerClosed)
        };
        if refused.iter().any(is_unavailable) {
            self.refuse_value(duty, value, Reason::LedgerUnavailable, out);
        } else if refused.len() < validators {
            agreement.set_opinion(&value, Opinion::Accepted);
            self.drive(duty, qbft::Input::Verdict { value, accept: true }, out);
        } else {
            self.refuse_value(duty, value, Reason::WouldBeSlashable, out);
        }
    }

    fn decided(&mut self, duty: Duty, value: Hash, round: Round, leader: PeerIndex, out: &mut Vec<Output>) {
        let agreement = self.agreement(duty);
        agreement.decide(value);
        let duration_ns = agreement.started.map(|started| self.now.0 - started.0);
        out.push(Output::Notice(Notice::Decided { duty, round, leader, duration_ns }));
        self.running.remove(&duty);
        let Some(content) = self.agreements.get(&duty).and_then(Agreement::decision) else { return };
        let Config { takes_builders, validators, .. } = &self.config;
        match judge::decision(content, duty, self.window.spec(), *takes_builders, validators) {
            Ok(()) if duty.kind.is_slashable() => self.ask_permit(duty, out),
            Ok(()) => self.answer_held(duty, out),
            Err(reason) => {
                out.push(Output::Notice(Notice::ValueRefused { duty, round, leader, reason }));
                self.consents.insert(duty, Consent::Refused(reason));
                self.answer_held(duty, out);
            }
        }
        if duty.kind == DutyKind::Attester {
            self.resume(Duty::new(duty.slot, DutyKind::Aggregator), out);
        }
    }

    /// Takes the decision to the ledger: nothing of it leaves before it is on disk. Validators that are not the
    /// cluster's are nobody's business here.
    pub(super) fn ask_permit(&mut self, duty: Duty, out: &mut Vec<Output>) {
        if let Err(reason) = self.witness.allows_signing() {
            self.consents.insert(duty, Consent::Withheld(reason));
            return;
        }
        let Some(content) = self.agreements.get(&duty).and_then(|agreement| agreement.decision()) else {
            return;
        };
        let mut request = consent::request(duty, content, self.window.spec());
        request.items.retain(|item| self.config.validators.contains_key(&item.key));
        self.consents.insert(duty, Consent::Asked);
        out.push(Output::Permit { duty, request });
    }

    pub(super) fn permitted(&mut self, duty: Duty, permit: Result<Permit, Refusal>, out: &mut Vec<Output>) {
        if !matches!(self.consents.get(&duty), Some(Consent::Asked)) {
            return;
        }
        match &permit {
            Ok(permit) => out.extend(permit.refused().iter().map(|(key, refusal)| {
                Output::Notice(Notice::SigningRefused { duty, key: Some(*key), refusal: refusal.clone() })
            })),
            Err(refusal) => {
                out.push(Output::Notice(Notice::SigningRefused {
                    duty,
                    key: None,
                    refusal: refusal.clone(),
                }));
            }
        }
        let consent = Consent::from_permit(permit, self.now, self.window.answer_by(duty));
        self.consents.insert(duty, consent);
        self.answer_held(duty, out);
    }

    /// Asks a ledger that could not write again: its disk may have space by now.
    pub(super) fn consult_again_if_due(&mut self, out: &mut Vec<Output>) {
        let is_due = |consent: &Consent| matches!(consent, Consent::Unavailable { ask_at: Some(at) } if self.now >= *at);
        let due: Vec<Duty> =
            self.consents.iter().filter(|(_, consent)| is_due(consent)).map(|(duty, _)| *duty).collect();
        for duty in due {
            self.ask_permit(duty, out);
        }
    }

    pub(super) fn peer_connected(&mut self, peer: PeerIndex, out: &mut Vec<Output>) {
        let is_known = usize::from(peer.0) < self.config.peers && peer != self.config.me;
        if !is_known || !self.connected.insert(peer) {
            return;
        }
        self.say_hello(peer, out);
        let recent = self.window.slot_at(self.now).0.saturating_sub(1);
        let duties: Vec<Duty> =
            self.agreements.keys().copied().filter(|duty| duty.slot.0 >= recent).collect();
        for duty in duties {
            self.drive(duty, qbft::Input::Connected(peer), out);
        }
        self.send_own_partials_again(recent, peer, out);
    }
}
