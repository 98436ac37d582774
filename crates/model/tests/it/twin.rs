//! One honest node twice: the real core and the model's, told the same.

use eth::{PublicKeyBytes, Root, Slot};
use model::{Body, Event, Message, Process, Value, Vote};
use qbft::{Config, Extra, Hash, Input, Instance, Kind, Output, PeerIndex, Role, Round, Time, Timer};
use slashing::{DutyId, Item, Ledger, MemoryStore, Request, Signable};

/// Rounds begin long after every message, so that they end only when the test says so.
const ANCHOR: Time = Time(1 << 50);
const SLOT: Slot = Slot(1);

/// A node of the core, its ledger, and the node of the model.
pub(crate) struct Twin {
    peer: usize,
    core: Instance,
    model: Process,
    ledger: Ledger<MemoryStore>,
    round: u64,
    prepared: Option<(u64, Value)>,
    pub(crate) decided: Option<(u64, Value)>,
}

impl Twin {
    pub(crate) fn new(peer: usize) -> Twin {
        let mut ledger = Ledger::open(MemoryStore::new(Root([7; 32]))).expect("a fresh store loads");
        ledger.register([key()]).expect("a memory store commits");
        Twin::begin(peer, ledger, Role::Voter)
    }

    /// The same node after a crash: the disk is all it has.
    pub(crate) fn restarted(self) -> Twin {
        let store = self.ledger.into_store().crash(false);
        Twin::begin(self.peer, Ledger::open(store).expect("a synced store loads"), Role::Observer)
    }

    fn begin(peer: usize, ledger: Ledger<MemoryStore>, role: Role) -> Twin {
        let timer = Timer { anchor: ANCHOR, extra: Extra::None };
        // Round 1 is led by peer 0: (3 + 1) mod 4.
        let mut core =
            Instance::new(Config { peers: 4, leader_offset: 3, timer, role }, PeerIndex(peer as u8));
        core.step(Time(0), Input::Start, &mut Vec::new());
        let model = Process::new(peer, role == Role::Observer);
        Twin { peer, core, model, ledger, round: 1, prepared: None, decided: None }
    }

    pub(crate) fn round(&self) -> u64 {
        self.round
    }

    /// Whether its round ends after as many seconds as its number, not after twice that.
    pub(crate) fn is_plain(&self) -> bool {
        self.core.deadline() == Some(ANCHOR.plus_ms(1_000 * self.round.cast_signed()))
    }

    /// Hears a message.
    pub(crate) fn hear(&mut self, message: &qbft::Message) -> Vec<qbft::Message> {
        self.step(Input::Receive(message.clone()), &Event::Hear(of_message(message)), Time(0))
    }

    pub(crate) fn propose(&mut self, value: Value) -> Vec<qbft::Message> {
        self.step(Input::Propose(hash(value)), &Event::Input(value), Time(0))
    }

    pub(crate) fn judge(&mut self, value: Value, accept: bool) -> Vec<qbft::Message> {
        let input = Input::Verdict { value: hash(value), accept };
        self.step(input, &Event::Verdict(value, accept), Time(0))
    }

    /// Its round ends, and with it all those that are over by then.
    pub(crate) fn time_out(&mut self) -> Vec<qbft::Message> {
        match self.core.deadline() {
            Some(deadline) => self.step(Input::Tick, &Event::Timeout, deadline),
            None => Vec::new(),
        }
    }

    /// Whether the ledger lets it sign `value`.
    pub(crate) fn sign(&mut self, value: Value) -> bool {
        let duty = DutyId { slot: SLOT, kind: slashing::Kind::Block };
        let what = Signable::Block { slot: SLOT };
        let item = Item { key: key(), what, signing_root: Root(hash(value).0) };
        let permit = self.ledger.permit(Request { duty, items: vec![item] }).expect("the store works");
        permit.granted().len() == 1
    }

    /// Tells both the same, and what they say themselves as well; what they say and become must be equal.
    fn step(&mut self, input: Input, event: &Event, now: Time) -> Vec<qbft::Message> {
        let mut said = Vec::new();
        let mut fresh = self.step_once(now, input, event);
        while !fresh.is_empty() {
            let message: qbft::Message = fresh.remove(0);
            let input = Input::Receive(message.clone());
            fresh.extend(self.step_once(Time(0), input, &Event::Hear(of_message(&message))));
            said.push(message);
        }
        said
    }

    fn step_once(&mut self, now: Time, input: Input, event: &Event) -> Vec<qbft::Message> {
        let mut out = Vec::new();
        self.core.step(now, input, &mut out);
        let said: Vec<qbft::Message> = out.into_iter().filter_map(|output| self.note(output)).collect();
        let votes: Vec<Vote> = said.iter().map(of_vote).collect();
        assert_eq!(votes, self.model.step(event), "node {} upon {event:?}", self.peer);
        let core = (self.round, self.prepared, self.decided);
        let model = (self.model.round(), self.model.prepared(), self.model.decided());
        assert_eq!(core, model, "node {} upon {event:?}", self.peer);
        said
    }

    fn note(&mut self, output: Output) -> Option<qbft::Message> {
        match output {
            Output::Broadcast(draft) => {
                let message = draft.signed(PeerIndex(self.peer as u8), [].into());
                if message.kind == Kind::Commit {
                    self.prepared = message.value.map(|value| (message.round.number(), value_of(value)));
                }
                Some(message)
            }
            Output::Decide { value, round, .. } => {
                self.decided = Some((round.number(), value_of(value)));
                None
            }
            Output::RoundStarted { round, .. } => {
                self.round = round.number();
                None
            }
            Output::Send(..) | Output::Check { .. } | Output::Fault(_) | Output::RoundTimedOut { .. } => None,
        }
    }
}

fn key() -> cluster::GroupKey {
    cluster::GroupKey(PublicKeyBytes([1; 48]))
}

pub(crate) fn hash(value: Value) -> Hash {
    Hash([1 + value as u8; 32])
}

pub(crate) fn value_of(hash: Hash) -> Value {
    if hash == self::hash(Value::A) { Value::A } else { Value::B }
}

pub(crate) fn round(number: u64) -> Round {
    Round::new(number).expect("rounds begin with 1")
}

/// The message in the words of the model.
fn of_message(message: &qbft::Message) -> Message {
    Message { vote: of_vote(message), proof: message.justification.iter().map(of_vote).collect() }
}

pub(crate) fn of_vote(message: &qbft::Message) -> Vote {
    let value = message.value.map(value_of);
    let body = match (message.kind, value) {
        (Kind::PrePrepare, Some(value)) => Body::PrePrepare(value),
        (Kind::Prepare, Some(value)) => Body::Prepare(value),
        (Kind::Commit, Some(value)) => Body::Commit(value),
        (Kind::Decided, Some(value)) => Body::Decided(value),
        (Kind::RoundChange, None) => {
            Body::RoundChange(message.prepared_value.map(|value| (message.prepared_round, value_of(value))))
        }
        _ => panic!("a message of another form: {message:?}"),
    };
    Vote { source: usize::from(message.source.0), round: message.round.number(), body }
}
