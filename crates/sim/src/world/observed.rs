//! What was to be done, what was seen of it, and what must hold in the end.

use cluster::GroupKey;
use duty::{Duty, DutyKind, Notice, Reason, Seat, Time};
use eth::Slot;
use qbft::PeerIndex;

use super::World;

impl World {
    /// Every duty that begins in these slots must have been published.
    pub fn assert_nothing_missed(&self, slots: std::ops::Range<u64>) {
        for (duty, seat) in self.expected(slots) {
            self.assert_published(duty, seat);
        }
    }

    /// The same for what does not depend on selection proofs.
    pub fn assert_no_vote_missed(&self, slots: std::ops::Range<u64>) {
        let is_vote = |duty: &Duty| !matches!(duty.kind, DutyKind::Aggregator | DutyKind::SyncContribution);
        for (duty, seat) in self.expected(slots).into_iter().filter(|(duty, _)| is_vote(duty)) {
            self.assert_published(duty, seat);
        }
    }

    fn assert_published(&self, duty: Duty, seat: Seat) {
        let reports = self.nodes.iter().flat_map(|node| &node.notices);
        let whys = reports.filter_map(|(_, notice)| match notice {
            Notice::Over(report) if report.duty == duty && report.key == seat.key => report.missed,
            _ => None,
        });
        assert!(
            self.checks.is_published(duty, seat),
            "seed {}: {duty} of {seat:?} was missed: {:?}",
            self.settings.seed,
            whys.map(Reason::code).collect::<Vec<_>>()
        );
    }

    /// What the cluster has to do in these slots.
    pub fn expected(&self, slots: std::ops::Range<u64>) -> Vec<(Duty, Seat)> {
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
        let two_slots_ago = Time(self.now.0 - 3 * self.spec.slot_duration_ns());
        for node in &self.nodes {
            for (since, what) in node.asked.values() {
                assert!(*since > two_slots_ago, "{what:?} has waited since {since:?} and got no answer");
            }
        }
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
