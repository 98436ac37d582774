//! Algorithm 2: a round whose leader is heard. PRE_PREPARE, PREPARE, COMMIT.

use super::{Instance, Prepared, Proposal, Verdict};
use crate::known_bugs::{KnownBug, is_on};
use crate::voice::Voice;
use crate::{Cause, Draft, Kind, Message, Output, Why};

impl Instance {
    /// Keeps the first justified proposal of the highest round; another one of that round is equivocation.
    pub(super) fn keep_pre_prepare(&mut self, message: &Message) -> Result<(), Why> {
        let value = message.value.ok_or(Why::NoValue)?;
        let round = message.round;
        match self.proposal {
            Some(known) if known.round == round && known.value != value => {
                if is_on(KnownBug::SecondProposalErasesTheFirst) {
                    self.voice = Voice::default();
                    self.proposal = Some(Proposal { round, value, considered: false });
                    return Ok(());
                }
                Err(Why::Equivocation(Kind::PrePrepare, round))
            }
            Some(known) if known.round >= round => Ok(()),
            _ => {
                self.proposal = Some(Proposal { round, value, considered: false });
                Ok(())
            }
        }
    }

    /// Algorithm 2:1–2, upon a valid PRE_PREPARE of the leader such that JustifyPrePrepare: set the timer.
    ///
    /// A proposal of the current round doubles the timer; one of a later round takes us there, onto its plain timer.
    /// The answer waits for a verdict on the value, which is asked for once.
    pub(super) fn upon_justified_pre_prepare(&mut self, out: &mut Vec<Output>) -> bool {
        let current = self.round;
        let Some(proposal) = self.proposal.as_mut().filter(|p| !p.considered && p.round >= current) else {
            return false;
        };
        proposal.considered = true;
        let Proposal { round, value, .. } = *proposal;
        if round == current {
            self.doubled = true;
        } else {
            self.enter(round, Cause::Proposal, out);
        }
        self.verdicts.entry(value).or_insert_with(|| {
            out.push(Output::Check { value, round });
            Verdict::Pending
        });
        true
    }

    /// Algorithm 2:3, once the value is accepted while its round is current: broadcast PREPARE, one in a round.
    pub(super) fn upon_accepted_proposal(&mut self, out: &mut Vec<Output>) -> bool {
        let Some(Proposal { round, value, .. }) = self.proposal.filter(|p| p.round == self.round) else {
            return false;
        };
        if self.verdicts.get(&value) != Some(&Verdict::Accepted) || !self.voice.may_say(Kind::Prepare, round)
        {
            return false;
        }
        self.broadcast(Draft::of_value(Kind::Prepare, round, value, Vec::new()), out);
        true
    }

    /// Algorithm 2:4–7, upon a quorum of PREPAREs of the current round and one value: pr, pv ← these; broadcast COMMIT.
    ///
    /// It needs no proposal: the quorum shows that one was justified and accepted by honest peers.
    pub(super) fn upon_quorum_of_prepares(&mut self, out: &mut Vec<Output>) -> bool {
        let round = self.round;
        if self.prepared.as_ref().is_some_and(|prepared| prepared.round == round) {
            return false;
        }
        let Some((value, quorum)) = self.prepares.quorum(round, self.config.quorum()) else {
            return false;
        };
        self.prepared = Some(Prepared { round, value, quorum });
        if self.voice.may_say(Kind::Commit, round) {
            self.broadcast(Draft::of_value(Kind::Commit, round, value, Vec::new()), out);
        }
        true
    }
}
