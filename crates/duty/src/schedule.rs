//! Which duties there are, and when each begins.

use std::collections::BTreeMap;

use cluster::GroupKey;
use eth::{AttesterDuty, Epoch, Root, Slot, ValidatorIndex};
use qbft::Time;

use crate::known_bugs::{KnownBug, is_on};
use crate::window::Window;
use crate::{Duty, DutyKind, EpochDuties, Head, ProposerSlot, SyncMember};

/// Slots before the end of an epoch in which the next one is resolved ahead.
const AHEAD_SLOTS: u64 = 2;

/// Slots without news of a head after which the duties are asked for again: nobody would tell of a reorganisation.
const SILENT_SLOTS: u64 = 2;

/// The kinds of duties that begin by themselves in their slot.
const KINDS: [DutyKind; 5] = [
    DutyKind::Proposer,
    DutyKind::Attester,
    DutyKind::SyncMessage,
    DutyKind::Aggregator,
    DutyKind::SyncContribution,
];

/// The known duties of the cluster's validators.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    epochs: BTreeMap<Epoch, Resolved>,
    /// When the beacon node was last asked for an epoch: at most once a slot, whatever it answers.
    asked: BTreeMap<Epoch, Time>,
    head: Option<Head>,
    /// The cluster's validators on the chain, as last told.
    validators: BTreeMap<ValidatorIndex, GroupKey>,
    /// The last slot of each kind that was begun: duties begin in rising slot order, so that what is signed for a
    /// later slot is never overtaken by an earlier one.
    begun: BTreeMap<DutyKind, Slot>,
    /// Until when only news can begin anything.
    quiet_until: Option<Time>,
}

#[derive(Debug)]
struct Resolved {
    attester_dependent_root: Root,
    proposer_dependent_root: Root,
    /// The slot in which the answer came: an answer from before the epoch is asked again in it.
    resolved_in: Slot,
    attesters: BTreeMap<Slot, BTreeMap<GroupKey, AttesterDuty>>,
    /// The attesters by what they are called in an attestation.
    keys: BTreeMap<(Slot, ValidatorIndex), GroupKey>,
    proposers: BTreeMap<Slot, ProposerSlot>,
    sync_members: BTreeMap<GroupKey, SyncMember>,
}

static NO_MEMBERS: BTreeMap<GroupKey, SyncMember> = BTreeMap::new();

impl Schedule {
    /// The validators that attest in the slot; none while the epoch is not resolved.
    pub(crate) fn attesters(&self, window: &Window, slot: Slot) -> Option<&BTreeMap<GroupKey, AttesterDuty>> {
        static NOBODY: BTreeMap<GroupKey, AttesterDuty> = BTreeMap::new();
        let resolved = self.epochs.get(&window.spec().epoch_of(slot))?;
        Some(resolved.attesters.get(&slot).unwrap_or(&NOBODY))
    }

    /// The key of the validator of that index, if it attests in the slot.
    pub(crate) fn attester(
        &self,
        window: &Window,
        slot: Slot,
        validator: ValidatorIndex,
    ) -> Option<GroupKey> {
        self.epochs.get(&window.spec().epoch_of(slot))?.keys.get(&(slot, validator)).copied()
    }

    /// The cluster's validator that proposes in the slot, if one does and the epoch is resolved.
    pub(crate) fn proposer(&self, window: &Window, slot: Slot) -> Option<&ProposerSlot> {
        // Beacon nodes list a proposer for slot 0 too, but its block is the genesis.
        let epoch = (slot.0 > 0).then(|| window.spec().epoch_of(slot))?;
        self.epochs.get(&epoch)?.proposers.get(&slot)
    }

    /// The cluster's members of the sync committee that signs in the slot: the one of the next slot's epoch. Nobody
    /// signs in slot 0: its head is the genesis, and clients wait for a block.
    pub(crate) fn sync_members(&self, window: &Window, slot: Slot) -> &BTreeMap<GroupKey, SyncMember> {
        if slot == Slot(0) {
            return &NO_MEMBERS;
        }
        let epoch = window.spec().epoch_of(Slot(slot.0.saturating_add(1)));
        self.epochs.get(&epoch).map_or(&NO_MEMBERS, |resolved| &resolved.sync_members)
    }

    /// The key of the cluster's validator of that index.
    pub(crate) fn key_of(&self, validator: ValidatorIndex) -> Option<GroupKey> {
        self.validators.get(&validator).copied()
    }

    /// Whether the beacon node has told which of the cluster's validators are on the chain.
    pub(crate) fn knows_validators(&self) -> bool {
        !self.validators.is_empty()
    }

    /// Whether the duties of the slot's epoch are known.
    pub(crate) fn knows(&self, window: &Window, slot: Slot) -> bool {
        self.epochs.contains_key(&window.spec().epoch_of(slot))
    }

    /// Takes in the duties of an epoch.
    pub(crate) fn resolve(&mut self, window: &Window, now: Time, duties: EpochDuties) {
        let mut attesters: BTreeMap<Slot, BTreeMap<GroupKey, AttesterDuty>> = BTreeMap::new();
        let mut keys = BTreeMap::new();
        for duty in duties.attesters {
            keys.insert((duty.slot, duty.validator_index), GroupKey(duty.pubkey));
            attesters.entry(duty.slot).or_default().insert(GroupKey(duty.pubkey), duty);
        }
        let member = |member: SyncMember| (member.key, member);
        self.validators = duties.validators;
        let resolved = Resolved {
            attester_dependent_root: duties.attester_dependent_root,
            proposer_dependent_root: duties.proposer_dependent_root,
            resolved_in: window.slot_at(now),
            attesters,
            keys,
            proposers: duties.proposers.into_iter().map(|duty| (duty.slot, duty)).collect(),
            sync_members: duties.sync_members.into_iter().map(member).collect(),
        };
        self.epochs.insert(duties.epoch, resolved);
        self.quiet_until = None;
    }

    /// Takes in a head event. Duties that another block now fixes are asked for anew.
    pub(crate) fn see_head(&mut self, window: &Window, head: Head) {
        let epoch = window.spec().epoch_of(head.slot);
        self.doubt_if_moved(epoch, head.previous_dependent_root);
        self.doubt_if_moved(Epoch(epoch.0 + 1), head.current_dependent_root);
        self.doubt_if_proposers_moved(epoch, &head);
        self.head = Some(head);
        self.quiet_until = None;
    }

    /// Which of the two roots fixes proposers depends on the fork and on the beacon node's version of the endpoint.
    fn doubt_if_proposers_moved(&mut self, epoch: Epoch, head: &Head) {
        let Some(resolved) = self.epochs.get_mut(&epoch) else { return };
        let root = resolved.proposer_dependent_root;
        let roots = [head.previous_dependent_root, head.current_dependent_root];
        if !root.is_zero() && !roots.contains(&Root::ZERO) && !roots.contains(&root) {
            resolved.proposer_dependent_root = Root::ZERO;
            resolved.attester_dependent_root = Root::ZERO;
            self.asked.remove(&epoch);
        }
    }

    /// The old duties stay until the new ones are here: some of them are still right.
    fn doubt_if_moved(&mut self, epoch: Epoch, dependent_root: Root) {
        let Some(resolved) = self.epochs.get_mut(&epoch) else { return };
        let is_known = !resolved.attester_dependent_root.is_zero() && !dependent_root.is_zero();
        if is_known && resolved.attester_dependent_root != dependent_root {
            resolved.attester_dependent_root = Root::ZERO;
            self.asked.remove(&epoch);
        }
    }

    /// The latest head.
    pub(crate) fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The epochs to ask the beacon node for now; each is asked for at most once a slot.
    pub(crate) fn wanted(&mut self, window: &Window, now: Time) -> Vec<Epoch> {
        let slot = window.slot_at(now);
        let epoch = window.spec().epoch_of(slot);
        let last_slots = window.spec().first_slot(Epoch(epoch.0 + 1)).0.saturating_sub(AHEAD_SLOTS);
        let mut wanted = Vec::new();
        if self.is_stale(window, epoch, slot) {
            wanted.push(epoch);
        }
        let next = Epoch(epoch.0 + 1);
        let next_is_missing =
            self.epochs.get(&next).is_none_or(|resolved| resolved.attester_dependent_root.is_zero());
        if slot.0 >= last_slots && next_is_missing {
            wanted.push(next);
        }
        let this_slot = window.began(now);
        wanted.retain(|epoch| self.asked.get(epoch).is_none_or(|asked| *asked < this_slot));
        for epoch in &wanted {
            self.asked.insert(*epoch, now);
        }
        wanted
    }

    /// Whether the duties of the running epoch are missing, outdated by a reorganisation, or from before it began, or
    /// whether nobody would have told that they are.
    fn is_stale(&self, window: &Window, epoch: Epoch, slot: Slot) -> bool {
        let latest_head = self.head.map_or(0, |head| head.slot.0);
        self.epochs.get(&epoch).is_none_or(|resolved| {
            resolved.attester_dependent_root.is_zero()
                || resolved.resolved_in < window.spec().first_slot(epoch)
                    && !is_on(KnownBug::DutiesAreResolvedOnce)
                || slot.0 >= latest_head.max(resolved.resolved_in.0).saturating_add(SILENT_SLOTS)
        })
    }

    /// The duties that begin now, each once, in rising slot order.
    pub(crate) fn begin(&mut self, window: &Window, now: Time) -> Vec<Duty> {
        if now < window.slot_start(Slot(0)) {
            return Vec::new();
        }
        let current = window.slot_at(now);
        let mut beginning = Vec::new();
        for slot in [Slot(current.0.saturating_sub(1)), current] {
            for kind in KINDS {
                let duty = Duty::new(slot, kind);
                if self.is_to_begin(window, duty) && self.may_begin(window, duty, now) {
                    self.begun.insert(kind, slot);
                    beginning.push(duty);
                }
            }
        }
        let registering = registration(window, current);
        if self.is_to_begin(window, registering) && now >= window.due(registering) {
            self.begun.insert(registering.kind, registering.slot);
            beginning.push(registering);
        }
        beginning
    }

    fn is_to_begin(&self, window: &Window, duty: Duty) -> bool {
        self.begun.get(&duty.kind).is_none_or(|last| *last < duty.slot) && self.is_scheduled(window, duty)
    }

    fn is_scheduled(&self, window: &Window, duty: Duty) -> bool {
        // What to sign in a fork that is not known would be a guess.
        if window.spec().check_known(window.spec().epoch_of(duty.slot)).is_err() {
            return false;
        }
        match duty.kind {
            DutyKind::Proposer => self.proposer(window, duty.slot).is_some(),
            DutyKind::Attester | DutyKind::Aggregator => {
                self.attesters(window, duty.slot).is_some_and(|on_duty| !on_duty.is_empty())
            }
            DutyKind::SyncMessage | DutyKind::SyncContribution => {
                !self.sync_members(window, duty.slot).is_empty()
            }
            DutyKind::BuilderRegistration => self.knows_validators(),
            _ => false,
        }
    }

    /// A duty begins when it is due; signing the head already when the block of the slot is the head.
    fn may_begin(&self, window: &Window, duty: Duty, now: Time) -> bool {
        let head_is_here = self.head.is_some_and(|head| head.slot >= duty.slot);
        let due = now >= window.due(duty) || (signs_the_head(duty.kind) && head_is_here);
        due && now < window.deadline(duty)
    }

    /// Whether nothing can begin and nothing is to be asked for, for nothing has changed and it is not yet time.
    pub(crate) fn is_quiet(&self, now: Time) -> bool {
        self.quiet_until.is_some_and(|until| now < until)
    }

    /// All that begins now has begun.
    pub(crate) fn settle(&mut self, window: &Window, now: Time) {
        self.quiet_until = None;
        // Before genesis the duties of its epoch are asked for once a slot.
        if now >= window.slot_start(Slot(0)) {
            self.quiet_until = Some(self.next_event(window, now));
        }
    }

    /// When something may begin next.
    pub(crate) fn next_event(&self, window: &Window, now: Time) -> Time {
        if let Some(until) = self.quiet_until.filter(|until| now < *until) {
            return until;
        }
        if now < window.slot_start(Slot(0)) {
            return window.slot_start(Slot(0));
        }
        let current = window.slot_at(now);
        let next_slot = window.slot_start(Slot(current.0.saturating_add(1)));
        let duties =
            KINDS.map(|kind| Duty::new(current, kind)).into_iter().chain([registration(window, current)]);
        let waiting = duties.filter(|duty| now < window.due(*duty) && self.is_to_begin(window, *duty));
        waiting.map(|duty| window.due(duty)).fold(next_slot, Time::min)
    }

    /// How many epochs are known.
    pub(crate) fn len(&self) -> usize {
        self.epochs.len()
    }

    /// Drops epochs that are over.
    pub(crate) fn evict(&mut self, window: &Window, now: Time) {
        self.quiet_until = None;
        let epoch = window.spec().epoch_of(window.slot_at(now));
        let oldest = Epoch(epoch.0.saturating_sub(2));
        self.epochs.retain(|epoch, _| *epoch >= oldest);
        self.asked.retain(|epoch, _| *epoch >= oldest);
    }
}

/// The registrations with builders are sent once an epoch.
fn registration(window: &Window, slot: Slot) -> Duty {
    Duty::new(window.spec().first_slot(window.spec().epoch_of(slot)), DutyKind::BuilderRegistration)
}

fn signs_the_head(kind: DutyKind) -> bool {
    matches!(kind, DutyKind::Attester | DutyKind::SyncMessage)
}

#[cfg(test)]
mod tests {
    use eth::{Fork, Genesis, NewerFork, Preset, PublicKeyBytes, Spec, SubcommitteeIndex, Version};

    use super::*;

    const KEY: PublicKeyBytes = PublicKeyBytes([1; 48]);

    fn window() -> Window {
        let genesis = Genesis {
            genesis_time: 0,
            genesis_validators_root: Root::ZERO,
            genesis_fork_version: Version([0; 4]),
        };
        Window::new(Spec::local(Preset::Minimal, genesis, 12_000, Fork::Fulu))
    }

    fn at(slot: u64, milliseconds: i64) -> Time {
        window().slot_start(Slot(slot)).plus_ms(milliseconds)
    }

    /// One validator that attests in every one of these slots and proposes in none.
    fn duties(epoch: u64, root: u8, slots: &[u64]) -> EpochDuties {
        let duty = |slot: &u64| AttesterDuty { pubkey: KEY, slot: Slot(*slot), ..AttesterDuty::default() };
        EpochDuties {
            epoch: Epoch(epoch),
            attester_dependent_root: Root([root; 32]),
            attesters: slots.iter().map(duty).collect(),
            proposer_dependent_root: Root([root; 32]),
            proposers: vec![],
            sync_members: vec![],
            validators: BTreeMap::new(),
        }
    }

    fn head(slot: u64, previous: u8) -> Head {
        let root = |byte| Root([byte; 32]);
        Head {
            slot: Slot(slot),
            root: root(9),
            previous_dependent_root: root(previous),
            current_dependent_root: Root::ZERO,
        }
    }

    fn attesting(slot: u64) -> Duty {
        Duty::new(Slot(slot), DutyKind::Attester)
    }

    fn aggregating(slot: u64) -> Duty {
        Duty::new(Slot(slot), DutyKind::Aggregator)
    }

    #[test]
    fn an_epoch_is_asked_for_once_a_slot_until_it_is_known() {
        let (window, mut schedule) = (window(), Schedule::default());
        assert_eq!(schedule.wanted(&window, at(8, 0)), [Epoch(1)]);
        assert_eq!(schedule.wanted(&window, at(8, 1)), [], "whatever became of the question");
        assert_eq!(schedule.wanted(&window, at(9, 0)), [Epoch(1)]);
        schedule.resolve(&window, at(9, 1), duties(1, 1, &[]));
        assert_eq!(schedule.wanted(&window, at(10, 0)), []);
        schedule.see_head(&window, head(13, 1));
        assert_eq!(schedule.wanted(&window, at(14, 0)), [Epoch(2)], "the next one is asked for ahead");
        schedule.resolve(&window, at(14, 1), duties(2, 1, &[]));
        assert_eq!(schedule.wanted(&window, at(16, 0)), [Epoch(2)], "and again once it has begun");
    }

    #[test]
    fn without_news_of_heads_an_epoch_is_asked_for_again_every_other_slot() {
        let (window, mut schedule) = (window(), Schedule::default());
        schedule.resolve(&window, at(8, 0), duties(1, 1, &[]));
        assert_eq!(schedule.wanted(&window, at(9, 0)), []);
        assert_eq!(schedule.wanted(&window, at(10, 0)), [Epoch(1)], "nobody would tell of a reorganisation");
        schedule.resolve(&window, at(10, 1), duties(1, 1, &[]));
        assert_eq!(schedule.wanted(&window, at(11, 0)), []);
        schedule.see_head(&window, head(11, 1));
        assert_eq!(schedule.wanted(&window, at(12, 0)), []);
        assert_eq!(schedule.wanted(&window, at(13, 0)), [Epoch(1)]);
    }

    #[test]
    fn before_genesis_an_epoch_is_asked_for_once_a_slot_too() {
        let (window, mut schedule) = (window(), Schedule::default());
        assert_eq!(schedule.wanted(&window, at(0, -20_000)), [Epoch(0)]);
        assert_eq!(schedule.wanted(&window, at(0, -19_999)), []);
        assert_eq!(schedule.wanted(&window, at(0, -11_999)), [Epoch(0)]);
    }

    #[test]
    fn another_dependent_root_is_another_epoch() {
        let (window, mut schedule) = (window(), Schedule::default());
        schedule.wanted(&window, at(8, 0));
        schedule.resolve(&window, at(8, 1), duties(1, 1, &[8, 12]));
        schedule.see_head(&window, head(8, 1));
        assert_eq!(schedule.wanted(&window, at(8, 2)), []);
        schedule.see_head(&window, head(8, 0));
        assert_eq!(schedule.wanted(&window, at(8, 2)), [], "a beacon node that does not tell, tells nothing");
        schedule.see_head(&window, head(8, 2));
        assert_eq!(schedule.wanted(&window, at(8, 3)), [Epoch(1)], "at once");
        schedule.see_head(&window, head(8, 2));
        assert_eq!(schedule.wanted(&window, at(8, 4)), [], "and once");
        assert!(schedule.knows(&window, Slot(12)), "the old duties stay until the new ones are here");
        schedule.resolve(&window, at(8, 5), duties(1, 2, &[13]));
        assert_eq!(schedule.attesters(&window, Slot(12)).map(BTreeMap::len), Some(0));
        assert_eq!(schedule.attesters(&window, Slot(13)).map(BTreeMap::len), Some(1));
    }

    #[test]
    fn duties_begin_once_and_in_rising_slot_order() {
        let (window, mut schedule) = (window(), Schedule::default());
        schedule.resolve(&window, at(8, 0), duties(1, 1, &[9, 10, 11]));
        assert_eq!(schedule.begin(&window, at(9, 3_998)), []);
        assert_eq!(schedule.next_event(&window, at(9, 3_998)), at(9, 3_999));
        assert_eq!(schedule.begin(&window, at(9, 3_999)), [attesting(9)]);
        assert_eq!(schedule.begin(&window, at(9, 3_999)), []);
        assert_eq!(schedule.next_event(&window, at(9, 3_999)), at(9, 8_000));
        assert_eq!(schedule.begin(&window, at(9, 8_000)), [aggregating(9)]);
        schedule.see_head(&window, head(10, 1));
        assert_eq!(schedule.begin(&window, at(10, 500)), [attesting(10)], "the head is there");
        assert_eq!(schedule.next_event(&window, at(10, 500)), at(10, 8_000), "no head hurries aggregators");
        assert_eq!(schedule.begin(&window, at(10, 8_000)), [aggregating(10)]);
        assert_eq!(schedule.next_event(&window, at(10, 8_000)), at(11, 0));
        // A node that slept through slot 11 begins it late, and never an older one after a newer one.
        assert_eq!(schedule.begin(&window, at(12, 0)), [attesting(11), aggregating(11)]);
        schedule.resolve(&window, at(12, 0), duties(1, 2, &[9, 10, 11, 12]));
        assert_eq!(schedule.begin(&window, at(12, 4_000)), [attesting(12)]);
    }

    #[test]
    fn validators_are_found_by_slot_and_index() {
        let (window, mut schedule) = (window(), Schedule::default());
        schedule.resolve(&window, at(8, 0), duties(1, 1, &[9]));
        let found = |slot, validator| schedule.attester(&window, Slot(slot), ValidatorIndex(validator));
        assert_eq!(found(9, 0), Some(GroupKey(KEY)));
        assert_eq!((found(9, 1), found(10, 0), found(80, 0)), (None, None, None));
    }

    #[test]
    fn sync_duties_begin_after_the_genesis_slot() {
        let (window, mut schedule) = (window(), Schedule::default());
        let validator = ValidatorIndex(0);
        let member =
            SyncMember { key: GroupKey(KEY), validator, subcommittees: [SubcommitteeIndex(0)].into() };
        schedule.resolve(&window, at(0, 0), EpochDuties { sync_members: vec![member], ..duties(0, 1, &[]) });
        assert_eq!(schedule.begin(&window, at(0, 11_999)), []);
        let signing =
            [DutyKind::SyncMessage, DutyKind::SyncContribution].map(|kind| Duty::new(Slot(1), kind));
        assert_eq!(schedule.begin(&window, at(1, 11_000)), signing);
    }

    #[test]
    fn a_chain_with_one_slot_in_an_epoch_is_no_trouble() {
        let mut spec = window().spec().clone();
        spec.slots_per_epoch = 1;
        let window = Window::new(spec);
        assert_eq!(Schedule::default().wanted(&window, Time(0)), [Epoch(0), Epoch(1)]);
    }

    #[test]
    fn nothing_begins_in_a_fork_that_is_not_known() {
        let mut spec = window().spec().clone();
        spec.newer_fork = Some(NewerFork { epoch: Epoch(2), name: "heze".to_owned() });
        let (window, mut schedule) = (Window::new(spec), Schedule::default());
        schedule.resolve(&window, at(15, 0), duties(1, 1, &[15]));
        schedule.resolve(&window, at(15, 0), duties(2, 1, &[16, 17]));
        let aggregating = Duty::new(Slot(15), DutyKind::Aggregator);
        assert_eq!(schedule.begin(&window, at(15, 11_000)), [attesting(15), aggregating]);
        assert_eq!(schedule.begin(&window, at(16, 11_000)), []);
        assert_eq!(schedule.begin(&window, at(17, 11_000)), []);
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let (window, mut schedule) = (window(), Schedule::default());
        (0..9).for_each(|epoch| schedule.resolve(&window, at(epoch * 8, 0), duties(epoch, 1, &[])));
        schedule.evict(&window, at(64, 0));
        assert_eq!(schedule.len(), 3, "this epoch, and those whose attestations may still be on their way");
    }
}
