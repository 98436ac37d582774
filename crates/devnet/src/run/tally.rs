//! Adding slots up.

use eth::{Slot, Spec};

use super::latency::Latencies;
use super::ledger::Record;

/// What became of a kind of duty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duties {
    /// Duties there were.
    pub expected: u64,
    /// Those that arrived.
    pub done: u64,
    /// Those of them that arrived after their slot.
    pub late: u64,
    /// From when the duty could begin until its first valid arrival.
    pub latencies: Latencies,
}

impl Duties {
    /// Duties that never arrived.
    pub fn missed(&self) -> u64 {
        self.expected - self.done
    }

    fn add(&mut self, arrived_ns: Option<i64>, begin_ns: i64, slot_ns: i64, is_timed: bool) {
        self.expected += 1;
        let Some(arrived_ns) = arrived_ns else { return };
        self.done += 1;
        if is_timed {
            self.late += u64::from(arrived_ns >= slot_ns);
            self.latencies.add_ns(arrived_ns - begin_ns);
        }
    }
}

/// The duties of the slots that are over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Slots added up.
    pub slots: u64,
    /// Attestations.
    pub attestations: Duties,
    /// Blocks.
    pub proposals: Duties,
    /// Blocks that are on the branch of the head.
    pub canonical: u64,
    /// Attestations that a block included by the end of the next slot; of a beacon node's chain, of the next few.
    pub included: u64,
    /// Attestations that named the right head; none where that is not known.
    pub head_right: Option<u64>,
}

impl Tally {
    /// Adds a slot that is over.
    pub(super) fn add(&mut self, record: &Record, spec: &Spec) {
        self.slots += 1;
        let slot_ns = spec.slot_duration_ns();
        let due_ns = spec.attestation_due_ns(Slot(0));
        let block_ns = record.proposal.and_then(|proposal| proposal.arrived_ns);
        let begin_ns = block_ns.filter(|_| record.is_timed).map_or(due_ns, |block_ns| block_ns.min(due_ns));
        for arrived in &record.attestations {
            self.attestations.add(*arrived, begin_ns, slot_ns, record.is_timed);
        }
        if let Some(proposal) = &record.proposal {
            self.proposals.add(proposal.arrived_ns, 0, slot_ns, record.is_timed);
            self.canonical += u64::from(proposal.is_canonical);
        }
        if let Some(head_right) = record.head_right {
            *self.head_right.get_or_insert(0) += head_right as u64;
        }
        self.included += record.included as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::ProposalRecord;
    use super::*;
    use crate::chain::ChainConfig;

    fn ms(ms: i64) -> Option<i64> {
        Some(ms * 1_000_000)
    }

    #[test]
    fn missed_late_and_slow_are_told_apart() {
        let spec = ChainConfig::interop(eth::Preset::Minimal, 3000, 0, 4).spec();
        let proposal = ProposalRecord { arrived_ns: ms(100), is_canonical: true };
        let record = Record {
            attestations: vec![ms(150), ms(160), None, ms(3001)],
            included: 2,
            head_right: Some(3),
            proposal: Some(proposal),
            is_timed: true,
        };
        let mut tally = Tally::default();
        tally.add(&record, &spec);
        assert_eq!(tally.attestations.expected, 4);
        assert_eq!(
            (tally.attestations.done, tally.attestations.missed(), tally.attestations.late),
            (3, 1, 1)
        );
        assert_eq!(
            tally.attestations.latencies.percentile_ms(50),
            Some(60),
            "counted from the block's arrival"
        );
        assert_eq!((tally.proposals.done, tally.canonical), (1, 1));
        let missed =
            Record { proposal: Some(ProposalRecord { arrived_ns: None, is_canonical: false }), ..record };
        tally.add(&missed, &spec);
        assert_eq!(tally.included, 4);
        assert_eq!(tally.proposals.missed(), 1);
    }
}
