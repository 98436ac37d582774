//! Partial signatures: gathered, combined when a threshold is there, published when complete.

use bls::ShareIndex;
use cluster::GroupKey;
use qbft::PeerIndex;

use super::{Engine, Job, share_of, witness};
use crate::known_bugs::{KnownBug, is_on};
use crate::partial::SigningRoots;
use crate::partials::{Added, Collection};
use crate::{Combination, Duty, DutyKind, JobId, Notice, Output, Partial, PartialSet, Seat, Signed, To, Why};

/// Exits of one validator that one share may have waiting for others: operators who do not agree on an epoch try again.
const MAX_EXITS: usize = 10;

impl Engine {
    pub(super) fn peer_partials(&mut self, from: PeerIndex, set: PartialSet, out: &mut Vec<Output>) {
        let PartialSet { duty, partials } = set;
        let is_known = usize::from(from.0) < self.config.peers;
        if !is_known || !duty.kind.is_signed() || !self.window.admits(duty, self.now) {
            return;
        }
        let is_bad =
            |(key, partial): (&GroupKey, &Partial)| self.check_partial(from, duty, key, partial).is_err();
        if is_on(KnownBug::OneBadPartialDropsTheSet) && partials.iter().any(is_bad) {
            return;
        }
        let mut stored = 0;
        let mut roots = SigningRoots::new(self.window.spec());
        let mut collection = self.collections.remove(&duty).unwrap_or_else(|| Collection::new(duty));
        for (key, partial) in partials {
            let added = match self.check_partial(from, duty, &key, &partial) {
                Ok(()) => {
                    if let Some(mark) = witness::mark(&partial.signed) {
                        self.witness.see(from, key, mark);
                    }
                    collection.add(key, roots.of(&partial.signed), partial)
                }
                Err(why) => {
                    out.push(fault(from, duty, why));
                    continue;
                }
            };
            match added {
                Added::New => stored += 1,
                Added::Known => {}
                Added::Conflicting => out.push(fault(from, duty, Why::ConflictingPartial)),
                Added::OtherValidator => out.push(fault(from, duty, Why::OtherDuty)),
            }
        }
        // Exits are kept for ever: what is refused of them must not even leave an empty place behind.
        if !collection.is_empty() {
            self.collections.insert(duty, collection);
        }
        if stored > 0 {
            out.push(Output::Notice(Notice::PartialsStored { duty, share: share_of(from), count: stored }));
            self.combine(duty, out);
        }
    }

    /// What can be seen without cryptography. The share is bound to the connection, so that nobody can displace
    /// another's partial signature.
    fn check_partial(
        &self,
        from: PeerIndex,
        duty: Duty,
        key: &GroupKey,
        partial: &Partial,
    ) -> Result<(), Why> {
        let spec = self.window.spec();
        if !self.is_ours(key) {
            return Err(Why::ForeignValidator);
        }
        let is_bound = partial.share == share_of(from) || is_on(KnownBug::SharesAreNotBoundToTheirPeer);
        if from == self.config.me || !is_bound {
            return Err(Why::ForeignShare);
        }
        let fits = match (&partial.signed, duty.kind) {
            (Signed::Attestation { data, .. }, DutyKind::Attester) => {
                data.slot == duty.slot && data.target.epoch == spec.epoch_of(duty.slot)
            }
            (Signed::Block(proposal), DutyKind::Proposer) => proposal.slot() == duty.slot,
            (Signed::Randao { epoch }, DutyKind::Randao) => *epoch == spec.epoch_of(duty.slot),
            (Signed::CommitteeSelection { slot, .. }, DutyKind::PrepareAggregator) => *slot == duty.slot,
            (Signed::Aggregate(aggregate), DutyKind::Aggregator) => aggregate.data().slot == duty.slot,
            (Signed::SyncMessage { slot, .. }, DutyKind::SyncMessage) => *slot == duty.slot,
            (Signed::SyncSelection { data, .. }, DutyKind::PrepareSyncContribution) => {
                data.slot == duty.slot && Engine::is_subcommittee(data.subcommittee_index)
            }
            (Signed::Contribution(contribution), DutyKind::SyncContribution) => {
                contribution.slot() == duty.slot && Engine::is_subcommittee(contribution.subcommittee_index())
            }
            (Signed::Exit(exit), DutyKind::Exit) => self.fits_exit(duty, key, exit),
            _ => false,
        };
        if duty.kind == DutyKind::Exit && self.has_too_many_exits(*key, partial.share, duty) {
            return Err(Why::TooManyExits);
        }
        if fits { Ok(()) } else { Err(Why::OtherDuty) }
    }

    fn fits_exit(&self, duty: Duty, key: &GroupKey, exit: &eth::VoluntaryExit) -> bool {
        let is_other = self.schedule.key_of(exit.validator_index).is_some_and(|known| known != *key);
        !is_other && self.window.spec().first_slot(exit.epoch) == duty.slot
    }

    /// Whether the share has exits of the validator for so many other epochs that this one must not be added. They
    /// never expire, so time does not bound them.
    pub(super) fn has_too_many_exits(&self, key: GroupKey, share: ShareIndex, exit: Duty) -> bool {
        let others = self.collections.iter().filter(|(duty, collection)| {
            duty.kind == DutyKind::Exit && **duty != exit && collection.has(key, share)
        });
        others.count() >= MAX_EXITS
    }

    /// Stores partial signatures of our own, verified, and sends them to all.
    pub(super) fn add_own(&mut self, duty: Duty, partials: Vec<(GroupKey, Partial)>, out: &mut Vec<Output>) {
        let mut roots = SigningRoots::new(self.window.spec());
        let collection = self.collections.entry(duty).or_insert_with(|| Collection::new(duty));
        let mut is_new = |(key, partial): &(GroupKey, Partial)| {
            collection.add(*key, roots.of(&partial.signed), partial.clone()) == Added::New
        };
        let new: Vec<(GroupKey, Partial)> = partials.into_iter().filter(|one| is_new(one)).collect();
        if new.is_empty() {
            return;
        }
        out.push(Output::Notice(Notice::PartialsStored { duty, share: self.my_share(), count: new.len() }));
        for set in PartialSet::of(duty, new) {
            out.push(Output::SendPartials { to: To::All, set });
        }
        self.combine(duty, out);
    }

    /// What was sent to all may not have reached a peer that was away.
    pub(super) fn send_own_partials_again(&mut self, since: u64, peer: PeerIndex, out: &mut Vec<Output>) {
        if is_on(KnownBug::PartialsAreSentOnce) {
            return;
        }
        let share = self.my_share();
        let is_of_use = |duty: &Duty| duty.slot.0 >= since || duty.kind == DutyKind::Exit;
        for (duty, collection) in self.collections.iter().filter(|(duty, _)| is_of_use(duty)) {
            for set in PartialSet::of(*duty, collection.of_share(share)) {
                out.push(Output::SendPartials { to: To::Peer(peer), set });
            }
        }
    }

    fn combine(&mut self, duty: Duty, out: &mut Vec<Output>) {
        let Some(collection) = self.collections.get_mut(&duty) else { return };
        let items = collection.ready(self.config.threshold);
        if items.is_empty() {
            return;
        }
        let (seats, items) = items.into_iter().unzip();
        let job = self.new_job(Job::Combine { duty, seats });
        out.push(Output::Combine { job, items });
    }

    /// The worker has lost the job.
    pub(super) fn combine_again(&mut self, duty: Duty, seats: &[Seat], out: &mut Vec<Output>) {
        let Some(collection) = self.collections.get_mut(&duty) else { return };
        seats.iter().for_each(|seat| collection.give_up_combining(seat));
        if self.now < self.window.deadline(duty) {
            self.combine(duty, out);
        }
    }

    pub(super) fn combined(&mut self, job: JobId, outcomes: Vec<Combination>, out: &mut Vec<Output>) {
        let Some((_, Job::Combine { duty, seats })) = self.jobs.remove(&job) else { return };
        let Some(collection) = self.collections.get_mut(&duty) else { return };
        let mut complete = Vec::new();
        for (seat, mut outcome) in seats.into_iter().zip(outcomes) {
            if is_on(KnownBug::CulpritsAreNotNamed) {
                outcome.culprits.clear();
            }
            for culprit in &outcome.culprits {
                let peer = PeerIndex(culprit.number() - 1);
                out.push(fault(peer, duty, Why::WrongPartial));
            }
            complete.extend(collection.combined(seat, outcome).map(|complete| (seat, complete)));
        }
        if !complete.is_empty() {
            out.push(Output::Notice(Notice::Aggregated { duty, count: complete.len() }));
            self.complete(duty, complete, out);
        }
        // Without the culprits there may be another threshold.
        self.combine(duty, out);
    }
}

fn fault(peer: PeerIndex, duty: Duty, why: Why) -> Output {
    Output::Notice(Notice::Fault { peer, duty, why })
}
