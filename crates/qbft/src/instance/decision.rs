//! The end of algorithms 2 and 3: a decision, and its proof for those who missed it.

use super::{Instance, Proof, blame};
use crate::ballots::Ballots;
use crate::known_bugs::{KnownBug, is_on};
use crate::{Draft, Hash, Kind, Message, Output, PeerIndex, Round, Why, justification};

impl Instance {
    /// Keeps a COMMIT of any round, and with it perhaps the last of a quorum.
    pub(super) fn keep_commit(&mut self, message: Message) -> Result<(), Why> {
        let (round, value) = (message.round, message.value);
        self.commits.cast(message)?;
        if let Some((value, commits)) = self.quorum_of_commits(round, value) {
            self.proof.get_or_insert(Proof { round, value, commits });
        }
        Ok(())
    }

    fn quorum_of_commits(&self, round: Round, latest: Option<Hash>) -> Option<(Hash, Vec<Message>)> {
        let quorum = self.config.quorum();
        if is_on(KnownBug::CommitsCountAcrossRounds) {
            let commits = self.commits.of_any_round(latest);
            return latest.filter(|_| commits.len() >= quorum).map(|value| (value, commits));
        }
        let (value, commits) = self.commits.quorum(round, quorum)?;
        if is_on(KnownBug::FirstCommitNamesTheValue) {
            return Some((self.commits.of(round).find_map(|commit| commit.value)?, commits));
        }
        Some((value, commits))
    }

    /// Keeps the quorum of COMMITs that a DECIDED brings.
    pub(super) fn keep_decided(&mut self, message: Message) -> Result<(), Why> {
        let value = message.value.ok_or(Why::NoValue)?;
        self.proof.get_or_insert(Proof { round: message.round, value, commits: message.justification });
        Ok(())
    }

    /// Algorithm 2:8–10, upon a quorum of COMMITs of any one round and one value: stop the timer; decide.
    pub(super) fn upon_quorum_of_commits(&mut self, out: &mut Vec<Output>) -> bool {
        let Some(Proof { round, value, .. }) = self.proof else {
            return false;
        };
        assert!(!self.decided, "an instance decides once");
        self.decided = true;
        out.push(Output::Decide { value, round, leader: self.config.leader(round) });
        self.answer_the_waiting(round, out);
        self.forget_all_but_the_proof();
        true
    }

    /// A peer may have given up the decided round before we decided it: its ROUND_CHANGE is answered now.
    fn answer_the_waiting(&mut self, decided: Round, out: &mut Vec<Output>) {
        for message in std::mem::take(&mut self.round_changes).latest_after(decided) {
            self.answer(message, out);
        }
    }

    /// Algorithm 3:17, upon a ROUND_CHANGE after the decision: send Qcommit to its source.
    ///
    /// Each peer gets a bounded number of answers, so they need no further conditions. Other messages come too late
    /// to matter, unless they prove another decision.
    pub(super) fn answer(&mut self, message: &Message, out: &mut Vec<Output>) {
        let Message { kind, source, round, .. } = *message;
        if kind == Kind::RoundChange && source != self.me && self.resends.grant(source, round) {
            self.send_proof(source, out);
        }
        if kind == Kind::Decided && self.is_conflicting(message) {
            blame(source, Why::ConflictingDecision, out);
        }
    }

    pub(super) fn send_proof(&self, peer: PeerIndex, out: &mut Vec<Output>) {
        if is_on(KnownBug::DecidedIsSilent) {
            return;
        }
        if let Some(Proof { round, value, commits }) = &self.proof {
            let draft = Draft::of_value(Kind::Decided, *round, *value, commits.clone());
            out.push(Output::Send(peer, draft));
        }
    }

    fn is_conflicting(&self, decided: &Message) -> bool {
        self.proof.as_ref().is_some_and(|proof| decided.value != Some(proof.value))
            && justification::judge(&self.config, decided).is_ok()
    }

    fn forget_all_but_the_proof(&mut self) {
        self.prepares = Ballots::default();
        self.commits = Ballots::default();
        self.verdicts.clear();
        self.prepared = None;
        self.proposal = None;
    }
}
