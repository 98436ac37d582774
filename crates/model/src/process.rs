//! One node that is told message by message, as the paper and the wire describe it: sets of messages and predicates
//! over them. The real core is held against it; what it sends is held against `rules.rs`.

use std::collections::BTreeMap;

use crate::Value;

/// Nodes of the cluster, honest or not.
const NODES: usize = 4;
const QUORUM: usize = 3;
const FAULTS: usize = 1;

/// A signed message as it arrives, with what came along to prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What was signed.
    pub vote: Vote,
    /// Signed messages of others.
    pub proof: Vec<Vote>,
}

/// What one signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// The node that signed.
    pub source: usize,
    /// The round it speaks of, from 1.
    pub round: u64,
    /// What it says.
    pub body: Body,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Body {
    /// PRE_PREPARE.
    PrePrepare(Value),
    /// PREPARE.
    Prepare(Value),
    /// COMMIT.
    Commit(Value),
    /// ROUND_CHANGE, with the round and value prepared last.
    RoundChange(Option<(u64, Value)>),
    /// DECIDED.
    Decided(Value),
}

/// What happens to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has a value of its own to propose.
    Input(Value),
    /// It judged a value: good or not.
    Verdict(Value, bool),
    /// A message arrived.
    Hear(Message),
    /// The timer of its round ran out.
    Timeout,
}

/// An honest node.
#[derive(Clone, Debug)]
pub struct Process {
    me: usize,
    observer: bool,
    input: Option<Value>,
    verdicts: BTreeMap<Value, bool>,
    round: u64,
    /// Whether a justified proposal doubled the timer of the round.
    doubled: bool,
    prepared: Option<(u64, Value)>,
    decided: Option<(u64, Value)>,
    /// The first vote of each source in each round, by kind.
    heard: BTreeMap<(u8, usize, u64), Body>,
    /// A DECIDED that proved itself.
    learned: Option<(u64, Value)>,
    /// The last round of each kind it spoke in.
    said: BTreeMap<u8, u64>,
}

impl Process {
    /// The node of that position, which leads round `me` + 1 and every fourth from there.
    pub fn new(me: usize, observer: bool) -> Process {
        Process {
            me,
            observer,
            input: None,
            verdicts: BTreeMap::new(),
            round: 1,
            doubled: false,
            prepared: None,
            decided: None,
            heard: BTreeMap::new(),
            learned: None,
            said: BTreeMap::new(),
        }
    }

    /// The round it is in.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// What it prepared last, and in which round.
    pub fn prepared(&self) -> Option<(u64, Value)> {
        self.prepared
    }

    /// What it decided, by COMMITs of which round.
    pub fn decided(&self) -> Option<(u64, Value)> {
        self.decided
    }

    /// Takes `event` in and says what the rules demand. What it says counts for itself when it is heard.
    pub fn step(&mut self, event: &Event) -> Vec<Vote> {
        let mut says = Vec::new();
        match event {
            Event::Input(value) => self.input = Some(*value),
            Event::Verdict(value, good) => _ = self.verdicts.insert(*value, *good),
            Event::Hear(message) => self.hear(message),
            Event::Timeout => self.time_out(&mut says),
        }
        self.settle(&mut says);
        says
    }

    fn hear(&mut self, message: &Message) {
        if self.decided.is_some() || !is_justified(message) {
            return;
        }
        let Vote { round, body, .. } = message.vote;
        match body {
            Body::Decided(value) => _ = self.learned.get_or_insert((round, value)),
            Body::RoundChange(_) => message.proof.iter().for_each(|vote| self.note(*vote)),
            Body::PrePrepare(_) | Body::Prepare(_) | Body::Commit(_) => {}
        }
        self.note(message.vote);
        if self.learned.is_none() {
            self.learned = self.commits(round);
        }
    }

    /// Of several votes of one source, kind and round the first counts.
    fn note(&mut self, vote: Vote) {
        self.heard.entry((kind(vote.body), vote.source, vote.round)).or_insert(vote.body);
    }

    fn settle(&mut self, says: &mut Vec<Vote>) {
        while self.decided.is_none() && self.apply_a_rule(says) {}
    }

    /// Algorithms 2 and 3, in their order.
    fn apply_a_rule(&mut self, says: &mut Vec<Vote>) -> bool {
        if let Some(decision) = self.learned {
            self.decided = Some(decision);
            return true;
        }
        !self.observer && (self.accept(says) || self.prepare(says) || self.follow(says) || self.lead(says))
    }

    /// Upon a justified proposal of this round or a later one.
    fn accept(&mut self, says: &mut Vec<Vote>) -> bool {
        let latest =
            self.heard_of(0).filter(|(_, round, _)| *round >= self.round).max_by_key(|(_, round, _)| *round);
        let Some((_, round, Body::PrePrepare(value))) = latest else {
            return false;
        };
        if round > self.round {
            self.enter(round);
            return true;
        }
        // The proposal that took us to its round was considered by that.
        if !self.doubled && !self.came_by_proposal() {
            self.doubled = true;
            return true;
        }
        self.verdicts.get(&value) == Some(&true) && self.say(Body::Prepare(value), says)
    }

    /// Upon a quorum of PREPAREs of this round and one value.
    fn prepare(&mut self, says: &mut Vec<Vote>) -> bool {
        let Some(value) = self.quorum(1, self.round) else {
            return false;
        };
        if self.prepared.is_some_and(|(round, _)| round == self.round) {
            return false;
        }
        self.prepared = Some((self.round, value));
        self.say(Body::Commit(value), says)
    }

    /// Upon f + 1 nodes in later rounds: to the smallest of their highest.
    fn follow(&mut self, says: &mut Vec<Vote>) -> bool {
        let mut highest = BTreeMap::new();
        for (source, round, _) in self.heard_of(3).filter(|(_, round, _)| *round > self.round) {
            let latest: &mut u64 = highest.entry(source).or_default();
            *latest = round.max(*latest);
        }
        let Some(smallest) = highest.values().min().filter(|_| highest.len() > FAULTS) else {
            return false;
        };
        let round = *smallest;
        self.enter(round);
        self.say(Body::RoundChange(self.prepared), says);
        true
    }

    /// When we lead: our own value in round 1 and when nothing is prepared, else the highest prepared one.
    fn lead(&mut self, says: &mut Vec<Vote>) -> bool {
        if leader(self.round) != self.me {
            return false;
        }
        let changes: Vec<Option<(u64, Value)>> = self
            .heard_of(3)
            .filter(|(_, round, _)| *round == self.round)
            .filter_map(
                |(_, _, body)| if let Body::RoundChange(prepared) = body { Some(prepared) } else { None },
            )
            .collect();
        if self.round > 1 && changes.len() < QUORUM {
            return false;
        }
        let bound = changes.into_iter().flatten().max().map(|(_, value)| value);
        bound.or(self.input).is_some_and(|value| self.say(Body::PrePrepare(value), says))
    }

    /// Rounds end as on the wire: after as many seconds as their number, or twice that; at once when that is over.
    fn time_out(&mut self, says: &mut Vec<Vote>) {
        if self.observer || self.decided.is_some() {
            return;
        }
        let now = self.end();
        while self.decided.is_none() && self.end() <= now {
            self.enter(self.round + 1);
            self.say(Body::RoundChange(self.prepared), says);
            self.settle(says);
        }
    }

    fn end(&self) -> u64 {
        if self.doubled { 2 * self.round } else { self.round }
    }

    fn enter(&mut self, round: u64) {
        self.round = round;
        self.doubled = false;
    }

    /// Whether the proposal of this round brought us here, so that we sent no ROUND_CHANGE for it.
    fn came_by_proposal(&self) -> bool {
        self.round > 1 && self.said.get(&3).is_none_or(|round| *round < self.round)
    }

    /// Once in a round and kind, and never in an earlier one.
    fn say(&mut self, body: Body, says: &mut Vec<Vote>) -> bool {
        let last = self.said.entry(kind(body)).or_default();
        let may = *last < self.round;
        if may {
            *last = self.round;
            says.push(Vote { source: self.me, round: self.round, body });
        }
        may
    }

    fn heard_of(&self, wanted: u8) -> impl Iterator<Item = (usize, u64, Body)> {
        self.heard
            .iter()
            .filter(move |((kind, _, _), _)| *kind == wanted)
            .map(|((_, source, round), body)| (*source, *round, *body))
    }

    fn commits(&self, round: u64) -> Option<(u64, Value)> {
        self.quorum(2, round).map(|value| (round, value))
    }

    fn quorum(&self, kind: u8, round: u64) -> Option<Value> {
        Value::ALL.into_iter().find(|value| {
            let same = |body| matches!(body, Body::Prepare(v) | Body::Commit(v) if v == *value);
            self.heard_of(kind).filter(|(_, r, body)| *r == round && same(*body)).count() >= QUORUM
        })
    }
}

fn leader(round: u64) -> usize {
    ((round - 1) % NODES as u64) as usize
}

fn kind(body: Body) -> u8 {
    match body {
        Body::PrePrepare(_) => 0,
        Body::Prepare(_) => 1,
        Body::Commit(_) => 2,
        Body::RoundChange(_) => 3,
        Body::Decided(_) => 4,
    }
}

/// Algorithm 4.
fn is_justified(message: &Message) -> bool {
    let Message { vote: Vote { source, round, body }, proof } = message;
    match *body {
        Body::Prepare(_) | Body::Commit(_) => true,
        Body::PrePrepare(value) => {
            *source == leader(*round) && (*round == 1 || may_propose(*round, value, proof))
        }
        Body::RoundChange(prepared) => is_fit(*round, prepared) && is_proven(prepared, proof),
        Body::Decided(value) => is_quorum(proof, *round, Body::Commit(value)),
    }
}

fn is_fit(round: u64, prepared: Option<(u64, Value)>) -> bool {
    round > 1 && prepared.is_none_or(|(earlier, _)| (1..round).contains(&earlier))
}

fn is_proven(prepared: Option<(u64, Value)>, proof: &[Vote]) -> bool {
    match prepared {
        None => proof.is_empty(),
        Some((round, value)) => is_quorum(proof, round, Body::Prepare(value)),
    }
}

fn may_propose(round: u64, value: Value, proof: &[Vote]) -> bool {
    let (changes, prepares): (Vec<Vote>, Vec<Vote>) = proof.iter().partition(|vote| kind(vote.body) == 3);
    let reports: Vec<Option<(u64, Value)>> = changes
        .iter()
        .filter_map(|vote| if let Body::RoundChange(prepared) = vote.body { Some(prepared) } else { None })
        .collect();
    let changed = are_distinct(&changes)
        && changes.iter().all(|vote| vote.round == round)
        && reports.iter().all(|prepared| is_fit(round, *prepared));
    let highest = reports.iter().copied().max().flatten();
    changed
        && match prepares.first() {
            None => highest.is_none(),
            Some(first) => {
                let proven = (first.round, value);
                is_quorum(&prepares, first.round, Body::Prepare(value))
                    && reports.contains(&Some(proven))
                    && highest.is_some_and(|(round, _)| round <= first.round)
            }
        }
}

fn is_quorum(votes: &[Vote], round: u64, body: Body) -> bool {
    are_distinct(votes) && votes.iter().all(|vote| (vote.round, vote.body) == (round, body))
}

/// Whether these are a quorum of votes, each of another source.
fn are_distinct(votes: &[Vote]) -> bool {
    let mut sources: Vec<usize> = votes.iter().map(|vote| vote.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.len() == votes.len() && votes.len() >= QUORUM
}
