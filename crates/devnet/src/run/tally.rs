//! Adding slots up.

use std::collections::BTreeMap;

use duty::{Duty, DutyKind};
use eth::{Slot, Spec, ValidatorIndex};

use super::latency::Latencies;
use super::record::{Due, Record, Share};

/// Missed duties named in the report.
const MISSED_KEPT: usize = 64;

/// What became of a kind of duty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duties {
    /// Duties there were.
    pub expected: u64,
    /// Those that arrived.
    pub done: u64,
    /// Those of them that arrived after their slot.
    pub late: u64,
    /// Of those that blocks tell of, how many are on the branch of the head.
    pub included: Option<Share>,
    /// From when the duty could begin until its first valid arrival.
    pub latencies: Latencies,
}

/// A duty that never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// What and when.
    pub duty: Duty,
    /// Whose, where that is known.
    pub validator: Option<ValidatorIndex>,
}

/// What the cluster's blocks were like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Blocks made by a builder.
    pub blinded: u64,
    /// Blocks made by the beacon node.
    pub full: u64,
    /// Blobs in all of them.
    pub blobs: u64,
    /// Those that pay whom the cluster wants them to.
    pub fees_right: Share,
}

/// The duties of the slots that are over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Slots added up.
    pub slots: u64,
    /// By kind; kinds of which none was due are not there.
    pub duties: BTreeMap<DutyKind, Duties>,
    /// The cluster's blocks.
    pub blocks: Blocks,
    /// Signatures of the sync committee in blocks.
    pub sync_bits: Share,
    /// Attestations that named the right head; none where that is not known.
    pub right_heads: Option<Share>,
    /// The first duties that never arrived; the counts go on.
    pub missed: Vec<Missed>,
}

impl Duties {
    /// Duties that never arrived.
    pub fn missed(&self) -> u64 {
        self.expected - self.done
    }

    /// Whether each arrived, and is in the blocks if it belongs there.
    pub fn is_whole(&self) -> bool {
        self.missed() == 0 && self.included.is_none_or(Share::is_whole)
    }

    fn add(&mut self, due: &Due, slot_ns: i64, is_timed: bool) {
        self.expected += 1;
        if let Some(included) = due.included {
            let one = Share { part: u64::from(included), whole: 1 };
            self.included.get_or_insert_default().add(one);
        }
        let Some(arrived_ns) = due.arrived_ns else { return };
        self.done += 1;
        if is_timed {
            self.late += u64::from(arrived_ns >= slot_ns);
            if let Some(begin_ns) = due.begin_ns {
                self.latencies.add_ns(arrived_ns - begin_ns);
            }
        }
    }
}

impl Tally {
    /// Duties of all kinds that never arrived.
    pub fn missed_count(&self) -> u64 {
        self.duties.values().map(Duties::missed).sum()
    }

    /// Adds a slot that is over.
    pub(super) fn add(&mut self, slot: Slot, record: &Record, spec: &Spec) {
        self.slots += 1;
        for due in &record.due {
            self.duties.entry(due.kind).or_default().add(due, spec.slot_duration_ns(), record.is_timed);
            if due.arrived_ns.is_none() && self.missed.len() < MISSED_KEPT {
                self.missed.push(Missed { duty: Duty::new(slot, due.kind), validator: due.validator });
            }
        }
        if let Some(block) = &record.block {
            self.blocks.blinded += u64::from(block.blinded);
            self.blocks.full += u64::from(!block.blinded);
            self.blocks.blobs += block.blobs as u64;
            self.blocks.fees_right.add(Share { part: u64::from(block.fees_right), whole: 1 });
        }
        if let Some(bits) = record.sync_bits {
            self.sync_bits.add(bits);
        }
        if let Some(right) = record.right_heads {
            self.right_heads.get_or_insert_default().add(right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::BlockRecord;
    use super::*;
    use crate::chain::ChainConfig;

    fn due(kind: DutyKind, arrived_ms: Option<i64>, included: Option<bool>) -> Due {
        let arrived_ns = arrived_ms.map(|ms| ms * 1_000_000);
        Due { kind, validator: Some(ValidatorIndex(7)), begin_ns: Some(100_000_000), arrived_ns, included }
    }

    #[test]
    fn missed_late_slow_and_left_out_are_told_apart() {
        let spec = ChainConfig::interop(eth::Preset::Minimal, 3000, 0, 4).spec();
        let attestation = |arrived_ms, included| due(DutyKind::Attester, arrived_ms, Some(included));
        let record = Record {
            due: vec![
                attestation(Some(150), true),
                attestation(Some(160), true),
                attestation(None, false),
                attestation(Some(3001), false),
                due(DutyKind::SyncMessage, Some(130), None),
            ],
            block: Some(BlockRecord { blinded: true, blobs: 3, fees_right: false }),
            sync_bits: Some(Share { part: 30, whole: 32 }),
            right_heads: Some(Share { part: 3, whole: 3 }),
            is_timed: true,
        };
        let mut tally = Tally::default();
        tally.add(Slot(4), &record, &spec);
        tally.add(Slot(5), &record, &spec);
        let votes = &tally.duties[&DutyKind::Attester];
        assert_eq!((votes.expected, votes.done, votes.missed(), votes.late), (8, 6, 2, 2));
        assert_eq!(votes.included, Some(Share { part: 4, whole: 8 }));
        assert_eq!(votes.latencies.percentile_ms(50), Some(60), "counted from when they could begin");
        assert!(!votes.is_whole());
        assert!(tally.duties[&DutyKind::SyncMessage].is_whole());
        let missed = |slot| Missed {
            duty: Duty::new(Slot(slot), DutyKind::Attester),
            validator: Some(ValidatorIndex(7)),
        };
        assert_eq!(tally.missed, [missed(4), missed(5)]);
        assert_eq!(tally.missed_count(), 2);
        let blocks = tally.blocks;
        assert_eq!((blocks.blinded, blocks.full, blocks.blobs), (2, 0, 6));
        assert_eq!(blocks.fees_right, Share { part: 0, whole: 2 });
        assert_eq!(tally.sync_bits, Share { part: 60, whole: 64 });
    }
}
