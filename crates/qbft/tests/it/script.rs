//! One instance in the hand of a test, and the messages of its peers.

use std::sync::Arc;

use qbft::{
    Config, Draft, Extra, Fault, Hash, Input, Instance, Kind, Message, Output, PeerIndex, Role, Round, Time,
    Timer, Why,
};

/// With this offset and four peers, peer r − 1 leads round r.
pub(crate) const OFFSET: u64 = 3;

/// A value, told apart by one byte.
pub(crate) const fn value(byte: u8) -> Hash {
    Hash([byte; 32])
}

pub(crate) const A: Hash = value(0xa);
pub(crate) const B: Hash = value(0xb);

pub(crate) fn round(number: u64) -> Round {
    Round::new(number).expect("rounds start at 1")
}

pub(crate) fn config(peers: usize) -> Config {
    let timer = Timer { anchor: Time(0), extra: Extra::None };
    Config { peers, leader_offset: OFFSET, timer, role: Role::Voter }
}

/// An instance that signs and hears its own broadcasts, as its body would do.
pub(crate) struct Node {
    pub(crate) me: PeerIndex,
    pub(crate) now: Time,
    instance: Instance,
}

impl Node {
    pub(crate) fn new(config: Config, me: u8) -> Node {
        Node { me: PeerIndex(me), now: Time(0), instance: Instance::new(config, PeerIndex(me)) }
    }

    /// Peer `me` of four, already started.
    pub(crate) fn started(me: u8) -> Node {
        let mut node = Node::new(config(4), me);
        node.step(Input::Start);
        node
    }

    /// Peer `me` of four, started, in `round` by its timer alone.
    pub(crate) fn in_round(me: u8, round: u64) -> Node {
        let mut node = Node::started(me);
        node.at_ms(1000 * (round as i64 - 1));
        node
    }

    /// Steps once and feeds back what it broadcasts until it is quiet; all outputs in order.
    pub(crate) fn step(&mut self, input: Input) -> Vec<Output> {
        let mut out = self.step_without_echo(input);
        let mut heard = 0;
        while heard < out.len() {
            if let Output::Broadcast(draft) = &out[heard] {
                let own = sign(draft.clone(), self.me.0);
                self.instance.step(self.now, Input::Receive(own), &mut out);
            }
            heard += 1;
        }
        out
    }

    pub(crate) fn step_without_echo(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.instance.step(self.now, input, &mut out);
        out
    }

    pub(crate) fn receive(&mut self, message: Message) -> Vec<Output> {
        self.step(Input::Receive(message))
    }

    pub(crate) fn receive_all(&mut self, messages: impl IntoIterator<Item = Message>) -> Vec<Output> {
        messages.into_iter().flat_map(|message| self.receive(message)).collect()
    }

    pub(crate) fn accept(&mut self, value: Hash) -> Vec<Output> {
        self.step(Input::Verdict { value, accept: true })
    }

    pub(crate) fn reject(&mut self, value: Hash) -> Vec<Output> {
        self.step(Input::Verdict { value, accept: false })
    }

    pub(crate) fn at_ms(&mut self, milliseconds: i64) -> Vec<Output> {
        self.now = Time(0).plus_ms(milliseconds);
        self.step(Input::Tick)
    }

    pub(crate) fn deadline_ms(&self) -> Option<i64> {
        self.instance.deadline().map(|Time(nanoseconds)| nanoseconds / 1_000_000)
    }
}

pub(crate) fn sign(draft: Draft, source: u8) -> Message {
    draft.signed(PeerIndex(source), Arc::new([]))
}

pub(crate) fn message(kind: Kind, source: u8, round_number: u64, value: Hash) -> Message {
    Message {
        kind,
        source: PeerIndex(source),
        round: round(round_number),
        value: Some(value),
        prepared_round: 0,
        prepared_value: None,
        justification: Vec::new(),
        wire: Arc::new([]),
    }
}

/// A PRE_PREPARE of the leader of that round among four.
pub(crate) fn pre_prepare(round: u64, value: Hash, justification: Vec<Message>) -> Message {
    let leader = ((OFFSET + round) % 4) as u8;
    Message { justification, ..message(Kind::PrePrepare, leader, round, value) }
}

pub(crate) fn prepare(source: u8, round: u64, value: Hash) -> Message {
    message(Kind::Prepare, source, round, value)
}

pub(crate) fn commit(source: u8, round: u64, value: Hash) -> Message {
    message(Kind::Commit, source, round, value)
}

pub(crate) fn prepares(sources: &[u8], round: u64, value: Hash) -> Vec<Message> {
    sources.iter().map(|source| prepare(*source, round, value)).collect()
}

pub(crate) fn commits(sources: &[u8], round: u64, value: Hash) -> Vec<Message> {
    sources.iter().map(|source| commit(*source, round, value)).collect()
}

/// A ROUND_CHANGE of a peer that has prepared nothing.
pub(crate) fn round_change(source: u8, round: u64) -> Message {
    Message { value: None, ..message(Kind::RoundChange, source, round, A) }
}

/// A ROUND_CHANGE of a peer that prepared `value` in `prepared_round`, with its proof.
pub(crate) fn prepared_round_change(source: u8, round: u64, prepared_round: u64, value: Hash) -> Message {
    let justification = prepares(&[0, 1, 2], prepared_round, value);
    Message { prepared_round, prepared_value: Some(value), justification, ..round_change(source, round) }
}

pub(crate) fn round_changes(sources: &[u8], round: u64) -> Vec<Message> {
    sources.iter().map(|source| round_change(*source, round)).collect()
}

pub(crate) fn decided(source: u8, round: u64, value: Hash, justification: Vec<Message>) -> Message {
    Message { justification, ..message(Kind::Decided, source, round, value) }
}

/// The message as an entry of another's justification.
pub(crate) fn bare(message: Message) -> Message {
    Message { justification: Vec::new(), ..message }
}

/// What was broadcast of one kind: rounds and values.
pub(crate) fn said(out: &[Output], kind: Kind) -> Vec<(u64, Option<Hash>)> {
    let drafts = out.iter().filter_map(|output| match output {
        Output::Broadcast(draft) if draft.kind == kind => Some((draft.round.number(), draft.value)),
        _ => None,
    });
    drafts.collect()
}

pub(crate) fn broadcasts(out: &[Output]) -> Vec<Draft> {
    let drafts = out.iter().filter_map(|output| match output {
        Output::Broadcast(draft) => Some(draft.clone()),
        _ => None,
    });
    drafts.collect()
}

pub(crate) fn sent(out: &[Output]) -> Vec<(PeerIndex, Kind, u64)> {
    let drafts = out.iter().filter_map(|output| match output {
        Output::Send(peer, draft) => Some((*peer, draft.kind, draft.round.number())),
        _ => None,
    });
    drafts.collect()
}

pub(crate) fn checks(out: &[Output]) -> Vec<(Hash, u64)> {
    let checks = out.iter().filter_map(|output| match output {
        Output::Check { value, round } => Some((*value, round.number())),
        _ => None,
    });
    checks.collect()
}

pub(crate) fn faults(out: &[Output]) -> Vec<(u8, Why)> {
    let faults = out.iter().filter_map(|output| match output {
        Output::Fault(Fault { peer, why }) => Some((peer.0, *why)),
        _ => None,
    });
    faults.collect()
}

pub(crate) fn decision(out: &[Output]) -> Option<(Hash, u64)> {
    out.iter().find_map(|output| match output {
        Output::Decide { value, round, .. } => Some((*value, round.number())),
        _ => None,
    })
}

pub(crate) fn rounds_entered(out: &[Output]) -> Vec<(u64, qbft::Cause)> {
    let rounds = out.iter().filter_map(|output| match output {
        Output::RoundStarted { round, cause, .. } => Some((round.number(), *cause)),
        _ => None,
    });
    rounds.collect()
}
