//! One consensus instance in the hand of a test: what a single node owes, message by message.

use std::sync::Arc;

use qbft::{
    Config, Extra, Hash, Input, Instance, Kind, Message, Output, PeerIndex, Role, Round, Time, Timer,
};

pub(crate) const A: Hash = Hash([0xa; 32]);
pub(crate) const B: Hash = Hash([0xb; 32]);

/// Peer `me` of four, started at time 0; peer r − 1 leads round r.
pub(crate) struct Node {
    me: PeerIndex,
    pub(crate) now: Time,
    instance: Instance,
}

impl Node {
    pub(crate) fn started(me: u8) -> Node {
        let timer = Timer { anchor: Time(0), extra: Extra::None };
        let config = Config { peers: 4, leader_offset: 3, timer, role: Role::Voter };
        let me = PeerIndex(me);
        let mut node = Node { me, now: Time(0), instance: Instance::new(config, me) };
        node.step(Input::Start);
        node
    }

    /// Steps once and feeds back what it broadcasts until it is quiet.
    pub(crate) fn step(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.instance.step(self.now, input, &mut out);
        let mut heard = 0;
        while heard < out.len() {
            if let Output::Broadcast(draft) = &out[heard] {
                let own = draft.clone().signed(self.me, Arc::from([]));
                self.instance.step(self.now, Input::Receive(own), &mut out);
            }
            heard += 1;
        }
        out
    }

    pub(crate) fn receive(&mut self, message: Message) -> Vec<Output> {
        self.step(Input::Receive(message))
    }
}

pub(crate) fn round(number: u64) -> Round {
    Round::new(number).expect("rounds start at 1")
}

pub(crate) fn message(kind: Kind, source: u8, of_round: u64, value: Hash) -> Message {
    Message {
        kind,
        source: PeerIndex(source),
        round: round(of_round),
        value: Some(value),
        prepared_round: 0,
        prepared_value: None,
        justification: Vec::new(),
        wire: Arc::from([]),
    }
}

/// A ROUND_CHANGE of a peer that has prepared nothing.
pub(crate) fn round_change(source: u8, of_round: u64) -> Message {
    Message { value: None, ..message(Kind::RoundChange, source, of_round, A) }
}

/// What was broadcast of one kind: rounds and values.
pub(crate) fn said(out: &[Output], kind: Kind) -> Vec<(u64, Option<Hash>)> {
    let drafts = out.iter().filter_map(|output| match output {
        Output::Broadcast(draft) if draft.kind == kind => Some((draft.round.number(), draft.value)),
        _ => None,
    });
    drafts.collect()
}

/// The values it wants to be judged.
pub(crate) fn checks(out: &[Output]) -> Vec<Hash> {
    let checks = out.iter().filter_map(|output| match output {
        Output::Check { value, .. } => Some(*value),
        _ => None,
    });
    checks.collect()
}
