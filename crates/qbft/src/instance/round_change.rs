//! Algorithm 3: a round that is given up, and how the next leader learns what it may propose.

use super::{Instance, Verdict, blame};
use crate::known_bugs::{KnownBug, is_on};
use crate::{Cause, Draft, Hash, Kind, Message, Missing, Output, Round, Why};

impl Instance {
    /// Keeps a justified ROUND_CHANGE, and counts the PREPAREs that justify it like any others.
    pub(super) fn keep_round_change(&mut self, message: Message, out: &mut Vec<Output>) -> Result<(), Why> {
        if message.prepared_round >= self.round.number() {
            for prepare in &message.justification {
                self.prepares.cast(prepare.clone()).unwrap_or_else(|why| blame(prepare.source, why, out));
            }
        }
        self.round_changes.cast(message)
    }

    /// Algorithm 3:1–4, upon the timer: r ← r + 1; set the timer; broadcast ROUND_CHANGE.
    pub(super) fn upon_timeout(&mut self, out: &mut Vec<Output>) {
        let (round, leader, missing) = (self.round, self.config.leader(self.round), self.missing());
        out.push(Output::RoundTimedOut { round, leader, missing });
        self.enter(round.next(), Cause::Timeout, out);
        self.broadcast_round_change(out);
    }

    /// Algorithm 3:5–9, upon f + 1 peers with a ROUND_CHANGE for later rounds, of which one at least is honest:
    /// r ← the smallest round among the highest of each; set the timer; broadcast ROUND_CHANGE.
    pub(super) fn upon_round_changes_of_others(&mut self, out: &mut Vec<Output>) -> bool {
        let rounds = || self.round_changes.latest_after(self.round).map(|message| message.round);
        let Some(smallest) = rounds().min().filter(|_| rounds().count() > self.config.faults()) else {
            return false;
        };
        self.enter(smallest, Cause::RoundChanges, out);
        self.broadcast_round_change(out);
        true
    }

    /// Algorithm 1:13 and 3:11–16, when we lead the round and may choose: broadcast PRE_PREPARE, one in a round.
    pub(super) fn upon_leading(&mut self, out: &mut Vec<Output>) -> bool {
        let round = self.round;
        if self.config.leader(round) != self.me || !self.voice.may_say(Kind::PrePrepare, round) {
            return false;
        }
        let Some((value, justification)) = self.choice() else {
            return false;
        };
        self.broadcast(Draft::of_value(Kind::PrePrepare, round, value, justification), out);
        true
    }

    /// What we may propose in the current round, with the proof that we may.
    ///
    /// In round 1 our own value. Later it takes a quorum of ROUND_CHANGEs: when one is prepared, the highest prepared
    /// value, which may have been decided; else our own. Each of them has proved its own words when it was received,
    /// so any quorum satisfies JustifyRoundChange (algorithm 4:1).
    fn choice(&self) -> Option<(Hash, Vec<Message>)> {
        if self.round == Round::FIRST {
            return Some((self.input?, Vec::new()));
        }
        let round_changes = || self.round_changes.of(self.round);
        if round_changes().count() < self.config.quorum() {
            return None;
        }
        if is_on(KnownBug::RoundChangesMustAgree) && !self.a_quorum_agrees() {
            return None;
        }
        let proof = round_changes().map(Message::bare);
        match highest_prepared(round_changes()) {
            None => Some((self.input?, proof.collect())),
            Some(highest) => {
                Some((highest.prepared_value?, proof.chain(highest.justification.iter().cloned()).collect()))
            }
        }
    }

    /// Only [`KnownBug::RoundChangesMustAgree`] asks.
    fn a_quorum_agrees(&self) -> bool {
        let round_changes = || self.round_changes.of(self.round);
        let like = |one: &Message| {
            round_changes().filter(|other| other.prepared_value == one.prepared_value).count()
        };
        round_changes().any(|one| like(one) >= self.config.quorum())
    }

    fn broadcast_round_change(&mut self, out: &mut Vec<Output>) {
        let round = self.round;
        if !self.voice.may_say(Kind::RoundChange, round) {
            return;
        }
        let (prepared_round, prepared_value, justification) = match &self.prepared {
            None => (0, None, Vec::new()),
            Some(prepared) => (prepared.round.number(), Some(prepared.value), prepared.quorum.clone()),
        };
        let kind = Kind::RoundChange;
        self.broadcast(
            Draft { kind, round, value: None, prepared_round, prepared_value, justification },
            out,
        );
    }

    fn missing(&self) -> Missing {
        if self.prepared.as_ref().is_some_and(|prepared| prepared.round == self.round) {
            return Missing::Commits;
        }
        match self.proposal.filter(|proposal| proposal.round == self.round) {
            None => Missing::Proposal,
            Some(proposal) if self.verdicts.get(&proposal.value) != Some(&Verdict::Accepted) => {
                Missing::Verdict
            }
            Some(_) => Missing::Prepares,
        }
    }
}

/// Algorithm 4, HighestPrepared: the ROUND_CHANGE with the highest prepared round, if any is prepared.
fn highest_prepared<'a>(round_changes: impl Iterator<Item = &'a Message>) -> Option<&'a Message> {
    round_changes.filter(|message| message.prepared_round > 0).max_by_key(|message| message.prepared_round)
}
