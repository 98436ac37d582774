//! When a duty begins, when it is due, and when it is over: the only place that knows.

use eth::{Slot, Spec};
use qbft::Time;

use crate::{Duty, DutyKind};

/// The clockwork of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    spec: Spec,
}

impl Window {
    pub(crate) fn new(spec: Spec) -> Window {
        Window { spec }
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The beginning of the slot.
    pub(crate) fn slot_start(&self, slot: Slot) -> Time {
        Time(self.spec.slot_start_ns(slot))
    }

    /// The slot of that moment; slot 0 before genesis.
    pub(crate) fn slot_at(&self, now: Time) -> Slot {
        self.spec.slot_at_ns(now.0)
    }

    fn slot_ns(&self) -> i64 {
        self.spec.slot_duration_ns()
    }

    /// When the duty is due; round deadlines are anchored here (charon-wire 3.2, 4.6).
    pub(crate) fn due(&self, duty: Duty) -> Time {
        let offset = match duty.kind {
            DutyKind::Attester => self.spec.attestation_due_ns(duty.slot),
            _ => 0,
        };
        after(self.slot_start(duty.slot), offset)
    }

    /// When the duty is over and its state is dropped (charon-wire 3.3).
    pub(crate) fn deadline(&self, duty: Duty) -> Time {
        let slot_ns = self.slot_ns();
        let duration = match duty.kind {
            DutyKind::Proposer | DutyKind::Randao => slot_ns / 3,
            DutyKind::Attester | DutyKind::Aggregator => {
                self.spec.slot_start_ns(Slot(self.spec.slots_per_epoch))
            }
            _ => slot_ns,
        };
        after(after(self.slot_start(duty.slot), duration), slot_ns / 12)
    }

    /// When a validator client's request for the duty ends without an answer.
    ///
    /// An attestation stays useful for an epoch, but a client gives up long before; it can ask again.
    pub(crate) fn answer_by(&self, duty: Duty) -> Time {
        self.deadline(duty).min(self.slot_start(Slot(duty.slot.0.saturating_add(2))))
    }

    /// Whether state may be kept for the duty: at most one slot ahead and not over.
    pub(crate) fn admits(&self, duty: Duty, now: Time) -> bool {
        !self.is_ahead(duty, now) && now < self.deadline(duty)
    }

    /// Whether the duty is more than one slot ahead.
    pub(crate) fn is_ahead(&self, duty: Duty, now: Time) -> bool {
        duty.slot.0 > self.slot_at(now).0.saturating_add(1)
    }
}

/// That long after the moment; the end of time for slots beyond it.
fn after(time: Time, duration_ns: i64) -> Time {
    Time(time.0.saturating_add(duration_ns))
}
