//! A cluster in one process: a seed decides every delay, loss and lie, so each run can be had again.
//!
//! Peers sign nothing here; instead the network remembers what the honest ones said and refuses to carry a word that
//! was put into their mouth.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use qbft::{
    Config, Draft, Extra, Hash, Input, Instance, Kind, Message, Output, PeerIndex, Role, Round, Time, Timer,
    faults,
};

use crate::liars::{Liar, Lie};
use crate::script::sign;

/// A small generator of xorshift64* numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed | 1 << 63)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// How bad the network is until it becomes stable, and how fast it is then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) stable_at_ms: i64,
    pub(crate) loss_percent: u64,
    pub(crate) duplicate_percent: u64,
    pub(crate) delay_ms: u64,
    pub(crate) stable_delay_ms: u64,
}

impl Weather {
    pub(crate) const FAIR: Weather =
        Weather { stable_at_ms: 0, loss_percent: 0, duplicate_percent: 0, delay_ms: 0, stable_delay_ms: 20 };
}

/// What a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Character {
    Honest,
    /// Honest, but has no value of its own before the network is stable.
    Empty,
    /// Honest until it stops for ever at that time.
    Crashing {
        at_ms: i64,
    },
    /// Honest, but begins late.
    Late {
        at_ms: i64,
    },
    /// Forgot what it said, and therefore only listens.
    Observer,
    Liar(Lie),
}

enum Body {
    Honest(Box<Instance>),
    Liar(Box<Liar>),
    Gone,
}

enum Event {
    Input(Input),
    Crash,
}

/// A value that honest peers refuse: the liars propose such ones as well.
pub(crate) fn is_poison(value: Hash) -> bool {
    value.0[0] == 0xff
}

/// The value a peer brings along.
pub(crate) fn value_of(peer: u8) -> Hash {
    Hash([1 + peer; 32])
}

pub(crate) struct Network {
    pub(crate) config: Config,
    pub(crate) now: Time,
    pub(crate) decisions: BTreeMap<PeerIndex, Decision>,
    /// Rounds that honest peers entered and that were not over at once.
    pub(crate) rounds: BTreeMap<PeerIndex, Round>,
    /// The highest round an honest peer had entered when the network became stable.
    pub(crate) round_when_stable: u64,
    weather: Weather,
    characters: Vec<Character>,
    bodies: Vec<Body>,
    events: std::collections::BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    random: Random,
    /// What honest peers said, and what each of them said first of a kind in a round.
    spoken: BTreeSet<Words>,
    first_words: BTreeMap<(PeerIndex, Kind, Round), Words>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) value: Hash,
    pub(crate) round: Round,
    pub(crate) at: Time,
}

type Words = (PeerIndex, Kind, Round, Option<Hash>, u64, Option<Hash>);

struct Scheduled {
    at: Time,
    order: u64,
    to: PeerIndex,
    event: Event,
}

impl Network {
    pub(crate) fn new(seed: u64, characters: &[Character], leader_offset: u64, weather: Weather) -> Network {
        let timer = Timer { anchor: Time(0), extra: Extra::None };
        let config = Config { peers: characters.len(), leader_offset, timer, role: Role::Voter };
        let mut network = Network {
            config,
            now: Time(0),
            decisions: BTreeMap::new(),
            rounds: BTreeMap::new(),
            round_when_stable: 0,
            weather,
            characters: characters.to_vec(),
            bodies: Vec::new(),
            events: std::collections::BinaryHeap::new(),
            scheduled: 0,
            random: Random::new(seed),
            spoken: BTreeSet::new(),
            first_words: BTreeMap::new(),
        };
        network.admit();
        network
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = PeerIndex> + use<> {
        (0..self.config.peers as u8).map(PeerIndex)
    }

    /// The peers that are to decide: neither liars nor crashed.
    pub(crate) fn survivors(&self) -> Vec<PeerIndex> {
        let survives = |peer: &PeerIndex| {
            !matches!(self.character(*peer), Character::Liar(_) | Character::Crashing { .. })
        };
        self.peers().filter(survives).collect()
    }

    /// Runs until every survivor has decided or the time is over; true in the first case.
    pub(crate) fn run_until_decided(&mut self, limit_ms: i64) -> bool {
        let survivors = self.survivors();
        while !survivors.iter().all(|peer| self.decisions.contains_key(peer)) {
            if self.now >= Time(0).plus_ms(limit_ms) || !self.advance() {
                return false;
            }
        }
        true
    }

    fn character(&self, peer: PeerIndex) -> Character {
        self.characters[usize::from(peer.0)]
    }

    fn admit(&mut self) {
        for peer in self.peers() {
            let character = self.character(peer);
            let role = if character == Character::Observer { Role::Observer } else { Role::Voter };
            let instance = Instance::new(Config { role, ..self.config }, peer);
            self.bodies.push(match character {
                Character::Liar(lie) => Body::Liar(Box::new(Liar::new(lie, instance, peer, self.config))),
                _ => Body::Honest(Box::new(instance)),
            });
            if let Character::Crashing { at_ms } = character {
                self.schedule(Time(0).plus_ms(at_ms), peer, Event::Crash);
            }
            let (start_ms, value_ms) = match character {
                Character::Late { at_ms } => (at_ms, at_ms),
                Character::Empty => (0, self.weather.stable_at_ms),
                _ => (0, 0),
            };
            self.schedule(Time(0).plus_ms(start_ms), peer, Event::Input(Input::Start));
            self.schedule(Time(0).plus_ms(value_ms), peer, Event::Input(Input::Propose(value_of(peer.0))));
        }
        // When the network heals, connections come back.
        let has_storm = self.weather.stable_at_ms > 0;
        for peer in self.peers() {
            for other in self.peers() {
                if has_storm && peer != other && self.random.chance(50) {
                    self.schedule(self.stable_at(), peer, Event::Input(Input::Connected(other)));
                }
            }
        }
    }

    fn stable_at(&self) -> Time {
        Time(0).plus_ms(self.weather.stable_at_ms)
    }

    /// Takes the next event or deadline, whichever comes first; false when nothing is left to happen.
    fn advance(&mut self) -> bool {
        let deadline = self.peers().filter_map(|peer| Some((self.deadline(peer)?, peer))).min();
        let event_at = self.events.peek().map(|Reverse(next)| next.at);
        match (event_at, deadline) {
            (None, None) => return false,
            (Some(at), deadline) if deadline.is_none_or(|(deadline, _)| at <= deadline) => {
                let Some(Reverse(next)) = self.events.pop() else { return false };
                self.pass_to(at);
                self.happen(next.to, next.event);
            }
            (_, Some((deadline, peer))) => {
                self.pass_to(deadline);
                self.happen(peer, Event::Input(Input::Tick));
            }
            (Some(_), None) => return false,
        }
        true
    }

    fn pass_to(&mut self, moment: Time) {
        if self.now < self.stable_at() && moment >= self.stable_at() {
            self.round_when_stable = self.rounds.values().map(|round| round.number()).max().unwrap_or(1);
        }
        self.now = self.now.max(moment);
    }

    fn deadline(&self, peer: PeerIndex) -> Option<Time> {
        match &self.bodies[usize::from(peer.0)] {
            Body::Honest(instance) => instance.deadline(),
            Body::Liar(liar) => liar.deadline(),
            Body::Gone => None,
        }
    }

    fn happen(&mut self, peer: PeerIndex, event: Event) {
        let now = self.now;
        let body = &mut self.bodies[usize::from(peer.0)];
        match (body, event) {
            (body, Event::Crash) => *body = Body::Gone,
            (Body::Gone, _) => {}
            (Body::Honest(instance), Event::Input(input)) => {
                let mut out = Vec::new();
                instance.step(now, input, &mut out);
                out.into_iter().for_each(|output| self.carry_out(peer, output));
            }
            (Body::Liar(liar), Event::Input(input)) => {
                let lies = liar.step(now, input, &mut self.random);
                lies.into_iter().for_each(|(to, message)| self.post(to, message));
            }
        }
    }

    fn carry_out(&mut self, peer: PeerIndex, output: Output) {
        match output {
            Output::Broadcast(draft) => {
                let message = self.sign_for(peer, draft);
                self.happen(peer, Event::Input(Input::Receive(message.clone())));
                self.peers().filter(|to| *to != peer).for_each(|to| self.post(to, message.clone()));
            }
            Output::Send(to, draft) => {
                let message = self.sign_for(peer, draft);
                self.post(to, message);
            }
            Output::Check { value, .. } => {
                let verdict = Input::Verdict { value, accept: !is_poison(value) };
                let delay_ms = self.random.below(if self.now < self.stable_at() { 900 } else { 20 });
                self.schedule(self.now.plus_ms(delay_ms as i64), peer, Event::Input(verdict));
            }
            Output::Decide { value, round, .. } => self.decide(peer, value, round),
            Output::RoundStarted { round, .. } => {
                let before = self.rounds.insert(peer, round);
                assert!(before.is_none_or(|before| before < round), "rounds only grow");
            }
            Output::Fault(fault) => {
                assert!(
                    matches!(self.character(fault.peer), Character::Liar(_)) || self.has_relaying_liar(),
                    "an honest peer was blamed: {fault:?}"
                );
            }
            Output::RoundTimedOut { .. } => {}
        }
    }

    fn liars(&self) -> usize {
        self.characters.iter().filter(|character| matches!(character, Character::Liar(_))).count()
    }

    /// A replayer swaps justifications, which no signature covers: then blame can hit the innocent.
    fn has_relaying_liar(&self) -> bool {
        self.characters.contains(&Character::Liar(Lie::Replay))
            || self.characters.contains(&Character::Liar(Lie::Everything))
    }

    fn decide(&mut self, peer: PeerIndex, value: Hash, round: Round) {
        assert!(
            !is_poison(value) || self.liars() > faults(self.config.peers),
            "no honest peer accepted {value:?}"
        );
        let decision = Decision { value, round, at: self.now };
        assert!(self.decisions.insert(peer, decision).is_none(), "{peer} decided twice");
        let values: BTreeSet<Hash> = self.decisions.values().map(|decision| decision.value).collect();
        assert_eq!(values.len(), 1, "agreement: {:?}", self.decisions);
    }

    /// Signs for an honest peer, which says one thing of a kind in a round.
    fn sign_for(&mut self, peer: PeerIndex, draft: Draft) -> Message {
        let message = sign(draft, peer.0);
        let first = self.first_words.entry((peer, message.kind, message.round)).or_insert(words(&message));
        assert!(
            message.kind == Kind::Decided || *first == words(&message),
            "{peer} contradicts itself: {message:?}"
        );
        self.spoken.insert(words(&message));
        message
    }

    fn post(&mut self, to: PeerIndex, message: Message) {
        for entry in std::iter::once(&message).chain(&message.justification) {
            let is_genuine = matches!(self.character(entry.source), Character::Liar(_))
                || self.spoken.contains(&words(entry));
            assert!(is_genuine, "a forged signature: {entry:?}");
        }
        let stable = self.now >= self.stable_at();
        if !stable && self.random.chance(self.weather.loss_percent) {
            return;
        }
        let copies = 1 + u64::from(!stable && self.random.chance(self.weather.duplicate_percent));
        for _ in 0..copies {
            let delay_ms = self
                .random
                .below(1 + if stable { self.weather.stable_delay_ms } else { self.weather.delay_ms });
            let event = Event::Input(Input::Receive(message.clone()));
            self.schedule(self.now.plus_ms(delay_ms as i64), to, event);
        }
    }

    fn schedule(&mut self, at: Time, to: PeerIndex, event: Event) {
        self.scheduled += 1;
        self.events.push(Reverse(Scheduled { at, order: self.scheduled, to, event }));
    }
}

/// The most peers that may be faulty among `peers`, chosen by `random`.
pub(crate) fn some_faulty(peers: usize, random: &mut Random) -> BTreeSet<u8> {
    (0..faults(peers)).map(|_| random.below(peers as u64) as u8).collect()
}

fn words(message: &Message) -> Words {
    let Message { source, kind, round, value, prepared_round, prepared_value, .. } = *message;
    (source, kind, round, value, prepared_round, prepared_value)
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Scheduled) -> bool {
        self.order == other.order
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Scheduled) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Scheduled) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
