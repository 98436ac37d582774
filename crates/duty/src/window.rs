//! When a duty begins, when it is due, and when it is over: the only place that knows.

use eth::{Slot, Spec};
use qbft::Time;

use crate::{Duty, DutyKind};

/// Epochs ahead for which selection proofs and exits are taken.
const EPOCHS_AHEAD: u64 = 2;

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

    /// When the slot of that moment began; before genesis, when it would have.
    pub(crate) fn began(&self, now: Time) -> Time {
        after(now, -now.0.rem_euclid(self.slot_ns().max(1)))
    }

    pub(crate) fn slot_ns(&self) -> i64 {
        self.spec.slot_duration_ns()
    }

    pub(crate) fn epoch_ns(&self) -> i64 {
        self.spec.slot_start_ns(Slot(self.spec.slots_per_epoch))
    }

    /// When the duty is due; round deadlines are anchored here (charon-wire 3.2, 4.6).
    pub(crate) fn due(&self, duty: Duty) -> Time {
        let offset = match duty.kind {
            DutyKind::Attester => self.spec.attestation_due_ns(duty.slot),
            DutyKind::Aggregator => self.spec.aggregate_due_ns(duty.slot),
            DutyKind::SyncMessage => self.spec.sync_message_due_ns(duty.slot),
            DutyKind::SyncContribution => self.spec.contribution_due_ns(duty.slot),
            // Late in the slot, when attestations and blocks no longer need the beacon node (charon-wire 8.6).
            DutyKind::BuilderRegistration => self.slot_ns() / 4 * 3,
            _ => 0,
        };
        after(self.slot_start(duty.slot), offset)
    }

    /// When the duty is over and its state is dropped (charon-wire 3.3).
    pub(crate) fn deadline(&self, duty: Duty) -> Time {
        let slot_ns = self.slot_ns();
        let duration = match duty.kind {
            DutyKind::Proposer | DutyKind::Randao => slot_ns / 3,
            DutyKind::Attester | DutyKind::Aggregator => self.epoch_ns(),
            DutyKind::PrepareAggregator | DutyKind::PrepareSyncContribution => {
                self.epoch_ns().saturating_mul(2)
            }
            DutyKind::Exit => return Time(i64::MAX),
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

    /// When what became of the duty is reported: when it is over; selection proofs are kept longer than they are of
    /// use.
    pub(crate) fn reported_at(&self, duty: Duty) -> Time {
        match duty.kind {
            DutyKind::PrepareAggregator | DutyKind::PrepareSyncContribution => {
                self.slot_start(Slot(duty.slot.0.saturating_add(1)))
            }
            _ => self.deadline(duty),
        }
    }

    /// When a request for complete selection proofs is answered with those that are there; `slot` is the earliest of
    /// the sync selections asked for, if there are any.
    ///
    /// Clients give up after a slot; where the proofs are needed in this very slot, when contributions are due, and
    /// some of them do without contributions then.
    pub(crate) fn selections_by(&self, now: Time, slot: Option<Slot>) -> Time {
        let patience = after(now, self.slot_ns() / 4 * 3);
        let Some(slot) = slot else { return patience };
        let margin = self.slot_ns() / 12;
        let needed = after(self.due(Duty::new(slot, DutyKind::SyncContribution)), -margin);
        patience.min(needed.max(after(now, margin)))
    }

    /// Whether state may be kept for the duty: not too far ahead and not over.
    pub(crate) fn admits(&self, duty: Duty, now: Time) -> bool {
        !self.is_ahead(duty, now) && now < self.deadline(duty)
    }

    /// Whether the duty is further ahead than a slot, or than two epochs where validator clients plan so far
    /// (charon-wire 3.3).
    pub(crate) fn is_ahead(&self, duty: Duty, now: Time) -> bool {
        let current = self.slot_at(now);
        match duty.kind {
            DutyKind::PrepareAggregator | DutyKind::PrepareSyncContribution | DutyKind::Exit => {
                self.spec.epoch_of(duty.slot).0 > self.spec.epoch_of(current).0.saturating_add(EPOCHS_AHEAD)
            }
            _ => duty.slot.0 > current.0.saturating_add(1),
        }
    }
}

/// That long after the moment; the end of time for slots beyond it.
fn after(time: Time, duration_ns: i64) -> Time {
    Time(time.0.saturating_add(duration_ns))
}

#[cfg(test)]
mod tests {
    use eth::{Fork, Genesis, Preset, Root, Version};

    use super::*;

    fn window() -> Window {
        let genesis = Genesis {
            genesis_time: 0,
            genesis_validators_root: Root::ZERO,
            genesis_fork_version: Version([0; 4]),
        };
        Window::new(Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu))
    }

    fn duty(slot: u64, kind: DutyKind) -> Duty {
        Duty::new(Slot(slot), kind)
    }

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn duties_are_due_and_over_as_the_wire_has_it() {
        let window = window();
        let times = |kind| (window.due(duty(10, kind)).0, window.deadline(duty(10, kind)).0);
        assert_eq!(
            times(DutyKind::Proposer),
            (120 * SECOND, 125 * SECOND),
            "a third and a twelfth of the slot"
        );
        assert_eq!(times(DutyKind::Randao), (120 * SECOND, 125 * SECOND));
        assert_eq!(
            times(DutyKind::Attester),
            (123_999_000_000, 217 * SECOND),
            "an epoch and a twelfth of a slot"
        );
        assert_eq!(times(DutyKind::SyncContribution), (128 * SECOND, 133 * SECOND));
        assert_eq!(times(DutyKind::SyncMessage), (123_999_000_000, 133 * SECOND));
        assert_eq!(times(DutyKind::Aggregator), (128 * SECOND, 217 * SECOND));
        assert_eq!(times(DutyKind::PrepareAggregator).1, 313 * SECOND, "two epochs");
        assert_eq!(times(DutyKind::Exit).1, i64::MAX, "never");
    }

    #[test]
    fn selections_are_answered_before_clients_give_up() {
        let window = window();
        let at = |slot: u64, ms: i64| window.slot_start(Slot(slot)).plus_ms(ms);
        assert_eq!(window.selections_by(at(10, 0), None), at(10, 9_000));
        assert_eq!(
            window.selections_by(at(10, 0), Some(Slot(10))),
            at(10, 7_000),
            "before contributions are due"
        );
        assert_eq!(window.selections_by(at(10, 7_500), Some(Slot(10))), at(10, 8_500), "never at once");
        assert_eq!(window.selections_by(at(10, 0), Some(Slot(12))), at(10, 9_000));
    }

    #[test]
    fn selections_and_exits_are_admitted_two_epochs_ahead() {
        let window = window();
        for kind in [DutyKind::PrepareAggregator, DutyKind::PrepareSyncContribution, DutyKind::Exit] {
            let admitted = |slot| window.admits(duty(slot, kind), window.slot_start(Slot(10)));
            assert!(admitted(31) && !admitted(32), "{kind}");
        }
    }

    #[test]
    fn slots_have_a_beginning_before_genesis_too() {
        let window = window();
        for (now, began) in [(0, 0), (11, 0), (12, 12), (-1, -12), (-12, -12), (-13, -24)] {
            assert_eq!(window.began(Time(now * SECOND)), Time(began * SECOND), "{now}");
        }
    }

    #[test]
    fn a_client_waits_two_slots_at_most() {
        let window = window();
        assert_eq!(window.answer_by(duty(10, DutyKind::Attester)), window.slot_start(Slot(12)));
        assert_eq!(
            window.answer_by(duty(10, DutyKind::Proposer)),
            window.deadline(duty(10, DutyKind::Proposer))
        );
    }

    #[test]
    fn duties_are_admitted_from_one_slot_ahead_until_they_are_over() {
        let window = window();
        let attester = duty(10, DutyKind::Attester);
        let admitted = |at: i64| window.admits(attester, Time(at));
        assert!(!admitted(108 * SECOND - 1) && admitted(108 * SECOND));
        assert!(admitted(217 * SECOND - 1) && !admitted(217 * SECOND));
    }

    #[test]
    fn the_end_of_time_overflows_nothing() {
        let window = window();
        for kind in DutyKind::ALL {
            let duty = duty(u64::MAX, kind);
            assert!(window.is_ahead(duty, Time(0)) && !window.admits(duty, Time(0)));
            assert_eq!(window.deadline(duty), Time(i64::MAX));
            assert!(window.selections_by(Time(i64::MAX), Some(duty.slot)) <= Time(i64::MAX));
            assert!(window.answer_by(duty) <= Time(i64::MAX) && window.due(duty) <= Time(i64::MAX));
        }
        assert_eq!(window.slot_at(Time(i64::MIN)), Slot(0), "before genesis it is slot 0");
    }
}
