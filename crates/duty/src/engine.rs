//! The engine: routes each input to one limb. Nothing is decided here.

mod aggregate;
mod agree;
mod chain;
mod gather;
mod publish;
mod select;
mod serve;
mod submit;
mod witness;

use std::collections::{BTreeMap, BTreeSet};

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{Address, Root, Slot, Spec};
use qbft::{PeerIndex, Role, Time};

use crate::agreement::Agreement;
use crate::consent::Consent;
use crate::known_bugs::{KnownBug, is_on};
use crate::partials::Collection;
use crate::requests::{Requests, refuse};
use crate::schedule::Schedule;
use crate::selections::Asked;
use crate::selections::Selections;
use crate::tracker::{Progress, Tracker, reason};
use crate::window::Window;
use crate::witness::Witness;
use crate::{
    Duty, DutyKind, DutyReport, Input, JobId, Notice, Output, Partial, Reason, RequestId, Seat, Verify,
};

/// What an engine has to know from the start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The chain.
    pub spec: Spec,
    /// This node among the operators.
    pub me: PeerIndex,
    /// How many operators there are.
    pub peers: usize,
    /// Partial signatures that make a group signature.
    pub threshold: usize,
    /// The cluster's validators.
    pub validators: BTreeMap<GroupKey, ValidatorConfig>,
    /// Whether the cluster takes blocks of builders, and so registers with them.
    pub takes_builders: bool,
    /// Names this life of the node: random, or at least never used by another.
    pub nonce: [u8; 16],
    /// Whether the operator vouches that the ledger is the one that was written last.
    pub trusts_ledger: bool,
}

/// What an engine has to know of a validator.
#[derive(Clone, Copy, Debug)]
pub struct ValidatorConfig {
    /// Where its fees go.
    pub fee_recipient: Address,
}

/// Jobs with the workers at the same time, at most; a submission beyond it is refused.
const MAX_JOBS: usize = 4_096;

/// Slots after which nobody waits for a job any more: the worker has lost it.
const PATIENCE_SLOTS: u64 = 2;

/// How much an engine holds. All of it is bounded by duties alive × peers × validators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holdings {
    /// Epochs whose duties are known.
    pub epochs: usize,
    /// Duties with a consensus instance.
    pub agreements: usize,
    /// Values the instances speak of.
    pub values: usize,
    /// Duties with partial signatures.
    pub collections: usize,
    /// Partial signatures.
    pub partials: usize,
    /// Requests of the validator client that wait for an answer.
    pub requests: usize,
    /// Jobs with the workers.
    pub jobs: usize,
    /// Marks of what peers have signed, one for each validator and peer.
    pub sightings: usize,
}

/// The life of all duties of a node.
pub struct Engine {
    config: Config,
    window: Window,
    now: Time,
    /// When this life of the node began: it does not vote on what may have begun before.
    began: Time,
    schedule: Schedule,
    agreements: BTreeMap<Duty, Agreement>,
    /// Duties that were begun and are not decided: only they have timers.
    running: BTreeSet<Duty>,
    consents: BTreeMap<Duty, Consent>,
    collections: BTreeMap<Duty, Collection>,
    /// Aggregations that are due, but nobody is known to be selected for them yet.
    unselected: BTreeSet<Duty>,
    connected: BTreeSet<PeerIndex>,
    /// Whether they read several contributions of one validator, of the peers that told.
    plural_readers: BTreeMap<PeerIndex, bool>,
    requests: Requests,
    selections: Selections,
    tracker: Tracker,
    /// With the slot in which they were given away.
    jobs: BTreeMap<JobId, (Slot, Job)>,
    next_job: u64,
    swept: Slot,
    witness: Witness,
    /// The peers that run twice.
    doubled: BTreeSet<PeerIndex>,
}

/// What a worker has been asked to do, to make sense of its answer.
enum Job {
    /// Combining partial signatures of the duty for these seats.
    Combine { duty: Duty, seats: Vec<Seat> },
    /// Verifying what the validator client handed in.
    Submission { request: RequestId, items: Vec<SubmittedItem> },
    /// Verifying the validator client's RANDAO reveal, on its way to a block.
    Randao { request: RequestId, slot: Slot, key: GroupKey, partial: Box<Partial> },
    /// Verifying the validator client's selection proofs, on their way to complete ones.
    Selections { request: RequestId, asked: Asked, items: Vec<(Duty, GroupKey, Partial)> },
}

/// One item of a submission: refused already, or waiting for its signature to be verified.
#[expect(clippy::large_enum_variant, reason = "of a submission nearly every item is of the large kind")]
enum SubmittedItem {
    Refused(Reason),
    Known,
    Verifying {
        duty: Duty,
        key: GroupKey,
        signing_root: Root,
        partial: Partial,
        /// A selection proof inside that this node has not seen complete before.
        proof: Option<Verify>,
    },
}

impl Engine {
    /// An engine whose life begins now.
    pub fn new(config: Config, now: Time) -> Engine {
        assert!(
            config.threshold >= qbft::minimum_threshold(config.peers),
            "a threshold below the quorum lets an equivocating peer complete two signatures"
        );
        let window = Window::new(config.spec.clone());
        Engine {
            witness: witness::begin(&config, &window, now),
            window,
            config,
            now,
            began: now,
            schedule: Schedule::default(),
            agreements: BTreeMap::new(),
            running: BTreeSet::new(),
            consents: BTreeMap::new(),
            collections: BTreeMap::new(),
            unselected: BTreeSet::new(),
            connected: BTreeSet::new(),
            plural_readers: BTreeMap::new(),
            requests: Requests::default(),
            selections: Selections::default(),
            tracker: Tracker::default(),
            jobs: BTreeMap::new(),
            next_job: 0,
            swept: Slot(0),
            doubled: BTreeSet::new(),
        }
    }

    /// The same engine, numbering its jobs from here on: it is to be told what another one was told in the middle of
    /// its life.
    pub fn numbering_jobs_from(mut self, next: JobId) -> Engine {
        self.next_job = next.0;
        self
    }

    /// The number of the next job.
    pub fn next_job(&self) -> JobId {
        JobId(self.next_job)
    }

    /// Takes in what happened and says what to do about it. Time never runs backwards.
    pub fn step(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        self.now = self.now.max(now);
        match input {
            Input::Tick => {}
            Input::Resolved(duties) => self.resolved(duties, out),
            // The epoch is asked for again in the next slot.
            Input::ResolveFailed(_) => {}
            Input::Head(head) => self.head(head, out),
            Input::Fetched { duty, value } => self.fetched(duty, value, out),
            Input::FetchFailed { duty } => self.fetch_failed(duty),
            Input::ParentChecked { duty, parent, known } => self.parent_checked(duty, parent, known, out),
            Input::Published { duty, seats, accepted } => self.published(duty, &seats, accepted, out),
            Input::Consensus(message) => self.consensus(message, out),
            Input::Partials { from, set } => self.peer_partials(from, set, out),
            Input::Connected(peer) => self.peer_connected(peer, out),
            Input::Disconnected(peer) => {
                self.connected.remove(&peer);
                self.witness.trust.lost(peer);
            }
            Input::PeerTold { peer, reads_plural_contributions } => {
                self.plural_readers.insert(peer, reads_plural_contributions);
            }
            Input::Ask { request, question } => self.ask(request, question, out),
            Input::Submit { request, submission } => self.submit(request, submission, out),
            Input::Consulted { duty, value, refused } => self.consulted(duty, value, &refused, out),
            Input::Permitted { duty, permit } => self.permitted(duty, permit, out),
            Input::Verified { job, good } => self.verified(job, &good, out),
            Input::Combined { job, outcomes } => self.combined(job, outcomes, out),
            Input::Hello { from, id, hello } => self.greeted(from, id, &hello, out),
            Input::Witnessed { from, testimony } => self.witnessed(from, testimony, out),
            Input::WitnessUnsupported(peer) => self.witness_unsupported(peer),
            Input::FastForwarded(behind) => self.fast_forwarded(behind, out),
        }
        self.advance(out);
    }

    /// When to call `step` again even if nothing happens.
    pub fn deadline(&self, now: Time) -> Time {
        let running = self.running.iter().filter_map(|duty| self.agreements.get(duty));
        let agreements = running.filter_map(Agreement::deadline).min();
        let consents = self.consents.values().filter_map(|consent| match consent {
            Consent::Unavailable { ask_at } => *ask_at,
            _ => None,
        });
        let earliest = self.schedule.next_event(&self.window, now).min(self.witness.deadline(now));
        [agreements, consents.min(), self.requests.deadline(), self.selections.deadline()]
            .into_iter()
            .flatten()
            .fold(earliest, Time::min)
    }

    /// The slot of that moment.
    pub fn slot_at(&self, now: Time) -> Slot {
        self.window.slot_at(now)
    }

    /// What the passing of time alone brings about.
    fn advance(&mut self, out: &mut Vec<Output>) {
        let now = self.now;
        if !self.schedule.is_quiet(now) {
            out.extend(self.schedule.wanted(&self.window, now).into_iter().map(Output::Resolve));
            for duty in self.schedule.begin(&self.window, now) {
                self.begin(duty, out);
            }
            self.schedule.settle(&self.window, now);
        }
        self.advance_witness(out);
        self.fire_timers(out);
        self.expire_requests(out);
        self.expire_selections(out);
        let slot = self.window.slot_at(now);
        if slot != self.swept {
            self.swept = slot;
            self.sweep(out);
        }
    }

    /// Ends requests that have waited long enough, each with the reason why its duty has come no further.
    fn expire_requests(&mut self, out: &mut Vec<Output>) {
        for duty in self.requests.expired(self.now) {
            let proposer = self.schedule.proposer(&self.window, duty.slot);
            let progress = Progress {
                duties_known: self.schedule.knows(&self.window, duty.slot),
                randao_incomplete: proposer
                    .is_some_and(|proposer| self.randao_reveal(duty.slot, &proposer.key).is_none()),
                prerequisite: self.prerequisite(duty, None),
                ..Progress::default()
            };
            let why = reason(duty, None, self.agreements.get(&duty), self.consents.get(&duty), progress);
            self.refuse_held(duty, why, out);
        }
    }

    /// Ends all requests held for the duty.
    fn refuse_held(&mut self, duty: Duty, why: Reason, out: &mut Vec<Output>) {
        self.requests.release(duty).into_iter().for_each(|(request, _)| refuse(request, why, out));
    }

    /// Drops what is over: the only place where state dies.
    fn sweep(&mut self, out: &mut Vec<Output>) {
        let now = self.now;
        let over: Vec<Duty> =
            self.tracker.duties().copied().filter(|duty| now >= self.window.reported_at(*duty)).collect();
        for duty in over {
            self.report_missed(duty, out);
        }
        self.abandon_jobs(out);
        self.sweep_witness(out);
        let window = &self.window;
        let alive = |duty: &Duty| now < window.deadline(*duty);
        self.agreements.retain(|duty, _| alive(duty));
        self.running.retain(alive);
        self.consents.retain(|duty, _| alive(duty));
        self.collections.retain(|duty, _| alive(duty));
        self.unselected.retain(|duty| now < window.answer_by(*duty));
        self.schedule.evict(window, now);
    }

    /// Forgets jobs whose outcome will not come. Whoever waits for one is told, and what was to be combined is tried again.
    fn abandon_jobs(&mut self, out: &mut Vec<Output>) {
        let slot = self.window.slot_at(self.now);
        let over = self.jobs.iter().filter(|(_, (since, _))| slot.0 >= since.0 + PATIENCE_SLOTS);
        for id in over.map(|(id, _)| *id).collect::<Vec<_>>() {
            match self.jobs.remove(&id) {
                Some((_, Job::Submission { request, items })) => submit::abandon(request, &items, out),
                Some((_, Job::Randao { request, .. } | Job::Selections { request, .. })) => {
                    refuse(request, Reason::Expired, out);
                }
                Some((_, Job::Combine { duty, seats })) => self.combine_again(duty, &seats, out),
                None => {}
            }
        }
    }

    /// How much is held at the moment.
    pub fn holdings(&self) -> Holdings {
        Holdings {
            epochs: self.schedule.len(),
            agreements: self.agreements.len(),
            values: self.agreements.values().map(Agreement::values).sum(),
            collections: self.collections.len(),
            partials: self.collections.values().map(Collection::len).sum(),
            requests: self.requests.len() + self.selections.len(),
            jobs: self.jobs.len(),
            sightings: self.witness.sightings(),
        }
    }

    /// When the duty is over and nobody has use for its messages any more.
    pub fn deadline_of(&self, duty: Duty) -> Time {
        self.window.deadline(duty)
    }

    fn new_job(&mut self, job: Job) -> JobId {
        let id = JobId(self.next_job);
        self.next_job += 1;
        self.jobs.insert(id, (self.window.slot_at(self.now), job));
        id
    }

    fn my_share(&self) -> ShareIndex {
        share_of(self.config.me)
    }

    fn is_ours(&self, key: &GroupKey) -> bool {
        self.config.validators.contains_key(key)
    }

    /// The agreement on the duty; made when it is first heard of.
    fn agreement(&mut self, duty: Duty) -> &mut Agreement {
        let Engine { agreements, config, window, began, witness, .. } = self;
        agreements.entry(duty).or_insert_with(|| {
            // Who restarted may have voted in its former life and does not remember how; who runs twice has another
            // life that votes.
            let is_too_late = window.slot_start(duty.slot) <= *began && !is_on(KnownBug::RestartedNodesVote);
            let is_observer = is_too_late || witness.twins.forbid_signing();
            let role = if is_observer { Role::Observer } else { Role::Voter };
            Agreement::new(duty, config.me, config.peers, role, window)
        })
    }

    /// Expects the duty of these seats, those that were expected before not twice.
    ///
    /// It may be done already: a node that has just started publishes what its peers show it, whatever it knows of
    /// the duty.
    fn expect(&mut self, duty: Duty, seats: Vec<Seat>, out: &mut Vec<Output>) {
        for seat in seats {
            if self.tracker.expect(duty, seat) {
                out.push(Output::Notice(Notice::Expected { duty, key: seat.key }));
            }
            if self.collections.get(&duty).is_some_and(|collection| collection.is_published(&seat)) {
                self.done(duty, seat, out);
            }
        }
    }

    fn report_missed(&mut self, duty: Duty, out: &mut Vec<Output>) {
        if duty.kind == DutyKind::SyncMessage
            && let Some(heads) = self.collections.get(&duty).map(Collection::most_roots)
            && heads > 1
        {
            out.push(Output::Notice(Notice::HeadsDiffered { duty, heads }));
        }
        for seat in self.tracker.unfinished(duty) {
            let progress = self.progress(duty, &seat);
            let (agreement, consent) = (self.agreements.get(&duty), self.consents.get(&duty));
            let why = reason(duty, Some(&seat), agreement, consent, progress);
            out.push(self.report(duty, seat, Some(why)));
        }
        self.tracker.forget(duty);
    }

    fn report(&self, duty: Duty, seat: Seat, missed: Option<Reason>) -> Output {
        let participants = self.participants(duty, &seat);
        let is_absent = |peer: &PeerIndex| !participants.contains(&share_of(*peer));
        let absent = (0..self.config.peers).filter_map(|peer| u8::try_from(peer).ok().map(PeerIndex));
        let absent = absent.filter(is_absent).collect();
        Output::Notice(Notice::Over(DutyReport { duty, key: seat.key, missed, participants, absent }))
    }

    fn progress(&self, duty: Duty, seat: &Seat) -> Progress {
        let collection = self.collections.get(&duty);
        let participants = self.participants(duty, seat);
        Progress {
            own_partial: participants.contains(&self.my_share()),
            complete: collection.is_some_and(|collection| collection.complete(seat).is_some()),
            randao_incomplete: self.randao_reveal(duty.slot, &seat.key).is_none(),
            duties_known: self.schedule.knows(&self.window, duty.slot),
            roots: collection.map(|collection| collection.roots(seat)).unwrap_or_default(),
            shares: participants.len(),
            threshold: self.config.threshold,
            prerequisite: self.prerequisite(duty, Some(seat)),
        }
    }

    fn participants(&self, duty: Duty, seat: &Seat) -> Vec<ShareIndex> {
        self.collections.get(&duty).map(|collection| collection.shares(seat)).unwrap_or_default()
    }
}

/// The share of a peer: by convention of the cluster files its position plus one.
pub(crate) fn share_of(peer: PeerIndex) -> ShareIndex {
    ShareIndex::new(peer.0.saturating_add(1)).expect("a position plus one is not zero")
}
