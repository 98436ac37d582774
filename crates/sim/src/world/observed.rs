//! What was to be done, what was seen of it, and what must hold in the end.

use std::collections::BTreeSet;
use std::ops::Range;

use cluster::GroupKey;
use duty::{Duty, DutyKind, Notice, Reason, Seat, Time};
use eth::Slot;
use qbft::PeerIndex;

use super::World;
use crate::checker::{Sentence, Verdict, demand};

impl World {
    /// Every duty that begins in these slots must have been published.
    pub fn assert_nothing_missed(&self, slots: Range<u64>) {
        self.expect_to_hold(self.check_everything(slots));
    }

    /// The same for what does not depend on selection proofs.
    pub fn assert_no_vote_missed(&self, slots: Range<u64>) {
        self.expect_to_hold(self.check_votes(slots));
    }

    fn expect_to_hold(&self, verdict: Verdict) {
        if let Err(violation) = verdict {
            panic!("seed {}: {violation}", self.settings.seed);
        }
    }

    pub(crate) fn check_everything(&self, slots: Range<u64>) -> Verdict {
        self.expected(slots).into_iter().try_for_each(|(duty, seat)| self.check_published(duty, seat))
    }

    pub(crate) fn check_votes(&self, slots: Range<u64>) -> Verdict {
        let is_vote = |duty: &Duty| !matches!(duty.kind, DutyKind::Aggregator | DutyKind::SyncContribution);
        let votes = self.expected(slots).into_iter().filter(|(duty, _)| is_vote(duty));
        votes.into_iter().try_for_each(|(duty, seat)| self.check_published(duty, seat))
    }

    /// A vote that was spent in another slot of the epoch, while nodes knew other duties, cannot be cast again.
    fn is_spent(&self, duty: Duty, seat: Seat) -> bool {
        let epoch = self.spec.epoch_of(duty.slot);
        duty.kind == DutyKind::Attester && self.checks.has_voted_otherwise(duty, seat, epoch)
    }

    fn check_published(&self, duty: Duty, seat: Seat) -> Verdict {
        let is_done = self.checks.is_published(duty, seat) || self.is_spent(duty, seat);
        demand(is_done, Sentence::PeaceBringsBackEveryDuty, || {
            let reports = self.nodes.iter().flat_map(|node| &node.notices);
            let whys = reports.filter_map(|(_, notice)| match notice {
                Notice::Over(report) if report.duty == duty && report.key == seat.key => report.missed,
                _ => None,
            });
            let whys = whys.map(Reason::code).collect::<Vec<_>>();
            format!("{duty} of {seat:?} was missed: {whys:?}")
        })
    }

    /// Every vote and block of these slots was decided by every running node, within one round more than there are
    /// faults.
    pub(crate) fn check_decisions(&self, slots: Range<u64>) -> Verdict {
        let is_agreed_on = |duty: &Duty| duty.kind.is_slashable();
        let expected = self.expected(slots).into_iter().filter(|(duty, seat)| !self.is_spent(*duty, *seat));
        let duties: BTreeSet<Duty> =
            expected.into_iter().map(|(duty, _)| duty).filter(is_agreed_on).collect();
        let most = qbft::faults(self.settings.nodes) as u64 + 1;
        for duty in duties {
            for node in (0..self.nodes.len()).filter(|node| self.nodes[*node].engine.is_some()) {
                let round = self.decided_in(node, duty);
                demand(round.is_some(), Sentence::EverybodyLearnsTheDecision, || {
                    format!("node {node} has not decided {duty}")
                })?;
                demand(round <= Some(most), Sentence::DecidedWithinItsRounds, || {
                    format!("node {node} decided {duty} in round {round:?}")
                })?;
            }
        }
        Ok(())
    }

    /// What the cluster has to do in these slots.
    pub fn expected(&self, slots: Range<u64>) -> Vec<(Duty, Seat)> {
        let mut expected = Vec::new();
        for slot in slots.map(Slot) {
            let mut expect = |kind, seats: Vec<Seat>| {
                expected.extend(seats.into_iter().map(|seat| (Duty::new(slot, kind), seat)));
            };
            let seats = |duties: Vec<eth::AttesterDuty>| {
                duties.iter().map(|duty| GroupKey(duty.pubkey).into()).collect()
            };
            expect(DutyKind::Attester, seats(self.chain.attesters(slot)));
            let proposer = self.chain.proposer(slot).filter(|_| slot.0 > 0);
            expect(DutyKind::Proposer, proposer.map(|proposer| proposer.key.into()).into_iter().collect());
            expect(DutyKind::Aggregator, seats(self.chain.aggregators(slot)));
            let members = self.chain.signing_members(slot);
            expect(DutyKind::SyncMessage, members.iter().map(|member| member.key.into()).collect());
            let contributors = self.chain.contributors(slot);
            expect(DutyKind::SyncContribution, contributors.into_iter().map(|(seat, _)| seat).collect());
        }
        expected
    }

    /// No validator client may wait for an answer for ever.
    pub fn assert_nobody_waits(&self) {
        self.expect_to_hold(self.check_nobody_waits());
    }

    pub(crate) fn check_nobody_waits(&self) -> Verdict {
        let long_ago = Time(self.now.0 - 3 * self.spec.slot_duration_ns());
        let asked = self.nodes.iter().flat_map(|node| node.asked.values());
        for (since, what) in asked {
            demand(*since > long_ago, Sentence::NobodyWaitsForEver, || {
                format!("{what:?} has waited since {since:?}")
            })?;
        }
        Ok(())
    }

    /// The round a node decided the duty in, if it did.
    pub fn decided_in(&self, node: usize, duty: Duty) -> Option<u64> {
        self.nodes[node].notices.iter().find_map(|(_, notice)| match notice {
            Notice::Decided { duty: decided, round, .. } if *decided == duty => Some(round.number()),
            _ => None,
        })
    }

    /// What a node saw of the duty, with its time.
    pub fn when(&self, node: usize, fits: impl Fn(&Notice) -> bool) -> Option<Time> {
        self.nodes[node].notices.iter().find(|(_, notice)| fits(notice)).map(|(at, _)| *at)
    }

    /// Whether the node sent its share of the duty to its peers.
    pub fn has_signed(&self, node: usize, duty: Duty) -> bool {
        self.nodes[node].sent_partials.iter().any(|(_, set)| set.duty == duty)
    }

    /// Why a node refused values for the duty.
    pub fn refused(&self, node: usize, duty: Duty) -> Vec<Reason> {
        let reason = |(_, notice): &(Time, Notice)| match notice {
            Notice::ValueRefused { duty: refused, reason, .. } if *refused == duty => Some(*reason),
            _ => None,
        };
        self.nodes[node].notices.iter().filter_map(reason).collect()
    }

    /// What a node blamed peers for.
    pub fn faults(&self, node: usize) -> Vec<(PeerIndex, duty::Why)> {
        let fault = |(_, notice): &(Time, Notice)| match notice {
            Notice::Fault { peer, why, .. } => Some((*peer, *why)),
            _ => None,
        };
        self.nodes[node].notices.iter().filter_map(fault).collect()
    }
}
