//! Peers that break the rules as far as their own signature reaches.

use qbft::{Config, Hash, Input, Instance, Kind, Message, Output, PeerIndex, Round, Time};

use crate::network::Random;
use crate::script::sign;

/// What kind of liar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Says nothing at all.
    Silence,
    /// Takes part, but proposes nothing when it leads.
    NoProposal,
    /// Tells every second peer another value.
    Equivocation,
    /// Votes for every value it hears of, in every phase.
    VoteForAll,
    /// Sends claims with proofs that prove nothing.
    Forgery,
    /// Repeats genuine words of others, with their proofs stripped or swapped.
    Replay,
    /// All of these, as chance has it.
    Everything,
}

/// A peer that runs the protocol for itself, and lies about it to the others.
pub(crate) struct Liar {
    lie: Lie,
    inner: Instance,
    me: PeerIndex,
    config: Config,
    heard: Vec<Message>,
    /// Lies it may still tell unasked; without a bound liars would answer each other for ever.
    breath: u32,
}

type Lies = Vec<(PeerIndex, Message)>;

impl Liar {
    pub(crate) fn new(lie: Lie, inner: Instance, me: PeerIndex, config: Config) -> Liar {
        Liar { lie, inner, me, config, heard: Vec::new(), breath: 200 }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        self.inner.deadline()
    }

    /// What it sends, to whom.
    pub(crate) fn step(&mut self, now: Time, input: Input, random: &mut Random) -> Lies {
        let lie = self.mood(random);
        let mut lies = Lies::new();
        if let Input::Receive(message) = &input {
            self.answer(lie, message, random, &mut lies);
            self.heard.push(message.clone());
        }
        for message in self.honest_part(now, input) {
            self.distort(lie, message, random, &mut lies);
        }
        lies
    }

    fn mood(&self, random: &mut Random) -> Lie {
        if self.lie != Lie::Everything {
            return self.lie;
        }
        let all =
            [Lie::Silence, Lie::NoProposal, Lie::Equivocation, Lie::VoteForAll, Lie::Forgery, Lie::Replay];
        all[random.below(all.len() as u64) as usize]
    }

    /// What an honest peer with no scruple about values would broadcast.
    fn honest_part(&mut self, now: Time, input: Input) -> Vec<Message> {
        let mut messages = Vec::new();
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let mut out = Vec::new();
            self.inner.step(now, input, &mut out);
            for output in out {
                match output {
                    Output::Broadcast(draft) => {
                        let message = sign(draft, self.me.0);
                        inputs.push(Input::Receive(message.clone()));
                        messages.push(message);
                    }
                    Output::Check { value, .. } => inputs.push(Input::Verdict { value, accept: true }),
                    _ => {}
                }
            }
        }
        messages
    }

    /// Sends a message of its own, or what it makes of it.
    fn distort(&self, lie: Lie, message: Message, random: &mut Random, lies: &mut Lies) {
        match lie {
            Lie::Silence => {}
            Lie::NoProposal if message.kind == Kind::PrePrepare => {}
            Lie::Equivocation if message.value.is_some() => {
                let other = Message { value: Some(some_value(random)), ..message.clone() };
                for to in self.others() {
                    let message = if to.0 % 2 == 0 { &message } else { &other };
                    lies.push((to, message.clone()));
                }
            }
            _ => self.to_all(message, lies),
        }
    }

    /// Sends something because of what it heard.
    fn answer(&mut self, lie: Lie, heard: &Message, random: &mut Random, lies: &mut Lies) {
        let speaks = match lie {
            Lie::VoteForAll => {
                !self.heard.iter().any(|known| (known.round, known.value) == (heard.round, heard.value))
            }
            Lie::Forgery | Lie::Replay => random.chance(30),
            _ => false,
        };
        if !speaks || self.breath == 0 {
            return;
        }
        self.breath -= 1;
        match lie {
            Lie::VoteForAll => self.vote(heard, lies),
            Lie::Forgery => self.forge(heard, random, lies),
            _ => self.replay(random, lies),
        }
    }

    fn vote(&self, heard: &Message, lies: &mut Lies) {
        if heard.value.is_none() {
            return;
        }
        for kind in [Kind::Prepare, Kind::Commit] {
            let vote = Message { kind, source: self.me, justification: Vec::new(), ..heard.clone() };
            self.to_all(vote, lies);
        }
    }

    fn forge(&self, heard: &Message, random: &mut Random, lies: &mut Lies) {
        let value = some_value(random);
        let round = Round::new(heard.round.number() + random.below(3)).unwrap_or(Round::FIRST);
        let kinds = [Kind::PrePrepare, Kind::RoundChange, Kind::Decided];
        let kind = kinds[random.below(3) as usize];
        let entry = match kind {
            Kind::PrePrepare => Kind::RoundChange,
            Kind::RoundChange => Kind::Prepare,
            _ => Kind::Commit,
        };
        let own = Message {
            kind: entry,
            source: self.me,
            round,
            value: Some(value),
            prepared_round: 0,
            prepared_value: None,
            justification: Vec::new(),
            wire: [].into(),
        };
        // Its own word often enough for a quorum, and genuine words of others that say something else.
        let mut justification = vec![own.clone(); random.below(2 * self.config.peers as u64) as usize];
        justification.extend(self.heard.iter().rev().take(random.below(6) as usize).map(bare));
        justification.truncate(2 * self.config.peers);
        let prepared = kind == Kind::RoundChange;
        let prepared_round = if prepared { random.below(1 + round.number()) } else { 0 };
        let prepared_value = prepared.then_some(value);
        self.to_all(Message { kind, prepared_round, prepared_value, justification, ..own }, lies);
    }

    fn replay(&self, random: &mut Random, lies: &mut Lies) {
        let pick = |random: &mut Random| {
            let index = random.below(self.heard.len().max(1) as u64) as usize;
            self.heard.get(index).cloned()
        };
        let (Some(message), Some(other)) = (pick(random), pick(random)) else { return };
        let justification = match random.below(4) {
            0 => Vec::new(),
            1 => other.justification,
            2 => self.heard.iter().rev().take(2 * self.config.peers).map(bare).collect(),
            _ => message.justification.clone(),
        };
        self.to_all(Message { justification, ..message }, lies);
    }

    fn to_all(&self, message: Message, lies: &mut Lies) {
        lies.extend(self.others().map(|to| (to, message.clone())));
    }

    fn others(&self) -> impl Iterator<Item = PeerIndex> + use<> {
        let me = self.me;
        (0..self.config.peers as u8).map(PeerIndex).filter(move |peer| *peer != me)
    }
}

/// A value that honest peers accept or, as often, one they refuse.
fn some_value(random: &mut Random) -> Hash {
    Hash([if random.chance(50) { 0xff } else { 0x80 + random.below(3) as u8 }; 32])
}

fn bare(message: &Message) -> Message {
    Message { justification: Vec::new(), ..message.clone() }
}
