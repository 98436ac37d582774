//! Algorithm 1: the state of one process, how it starts, and how its rules are tried.

mod decision;
mod normal_case;
mod round_change;

use std::collections::BTreeMap;

use crate::ballots::Ballots;
use crate::known_bugs::{KnownBug, is_on};
use crate::resends::Resends;
use crate::voice::Voice;
use crate::{
    Cause, Config, Draft, Fault, Hash, Input, Kind, Message, Output, PeerIndex, Role, Round, Time, Why,
    justification,
};

/// One process of one consensus instance: values in, messages in, messages out, one decision.
///
/// It never fails and never panics on what peers send. The caller ends it when its duty expires.
#[derive(Clone, Debug)]
pub struct Instance {
    config: Config,
    me: PeerIndex,
    started: bool,
    /// inputValue: what we propose when we may choose.
    input: Option<Hash>,
    /// r: the current round; it only grows.
    round: Round,
    /// Whether the timer of the round is doubled.
    doubled: bool,
    /// pr and pv: the last quorum of PREPAREs we saw in a round that was current.
    prepared: Option<Prepared>,
    /// The justified proposal of the highest round. A later one proves that a quorum has left the earlier rounds.
    proposal: Option<Proposal>,
    /// What we know of the values proposed.
    verdicts: BTreeMap<Hash, Verdict>,
    prepares: Ballots,
    commits: Ballots,
    round_changes: Ballots,
    /// Qcommit: the first quorum of COMMITs we saw, of one round and one value.
    proof: Option<Proof>,
    decided: bool,
    voice: Voice,
    resends: Resends,
}

#[derive(Clone, Debug)]
struct Prepared {
    round: Round,
    value: Hash,
    quorum: Vec<Message>,
}

#[derive(Clone, Copy, Debug)]
struct Proposal {
    round: Round,
    value: Hash,
    /// Whether we entered its round, doubled its timer, and asked for a verdict.
    considered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pending,
    Accepted,
    Rejected,
}

#[derive(Clone, Debug)]
struct Proof {
    round: Round,
    value: Hash,
    commits: Vec<Message>,
}

impl Instance {
    /// An instance that waits for [`Input::Start`]; `me` is our own position.
    pub fn new(config: Config, me: PeerIndex) -> Instance {
        assert!((1..=256).contains(&config.peers), "a cluster has 1 to 256 peers");
        assert!(config.has(me), "we are one of the peers");
        Instance {
            config,
            me,
            started: false,
            input: None,
            round: Round::FIRST,
            doubled: false,
            prepared: None,
            proposal: None,
            verdicts: BTreeMap::new(),
            prepares: Ballots::new(config.peers),
            commits: Ballots::new(config.peers),
            round_changes: Ballots::new(config.peers),
            proof: None,
            decided: false,
            voice: Voice::default(),
            resends: Resends::new(config.peers),
        }
    }

    /// Takes `input` in, tries every rule, then ends the rounds that are over at `now`; appends what is to be done.
    pub fn step(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        if is_on(KnownBug::TimerBeatsMessage) {
            self.end_rounds(now, out);
        }
        match input {
            Input::Start => self.start(now, out),
            Input::Propose(value) => self.propose(value),
            Input::Receive(message) => self.receive(message, out),
            Input::Verdict { value, accept } => self.judge(value, accept),
            Input::Connected(peer) => self.repeat_to(peer, out),
            Input::Tick => {}
        }
        self.try_rules(out);
        self.end_rounds(now, out);
    }

    fn end_rounds(&mut self, now: Time, out: &mut Vec<Output>) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            self.upon_timeout(out);
            self.try_rules(out);
        }
    }

    /// When the current round ends, if nothing happens before; none before the start and after the decision.
    pub fn deadline(&self) -> Option<Time> {
        (self.started && !self.decided && self.config.role == Role::Voter)
            .then(|| self.config.timer.deadline(self.round, self.doubled))
    }

    /// Algorithm 1:11, START: round 1 begins; its leader proposes by the rule `upon_leading`.
    fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        if !self.started {
            if is_on(KnownBug::RoundsBeginWithTheNode) {
                self.config.timer.anchor = now;
            }
            self.started = true;
            out.push(self.round_started(Cause::Start));
        }
    }

    fn propose(&mut self, value: Hash) {
        assert!(value != Hash::ZERO, "zero means no value");
        self.input = Some(value);
    }

    fn judge(&mut self, value: Hash, accept: bool) {
        let verdict = if accept { Verdict::Accepted } else { Verdict::Rejected };
        self.verdicts.insert(value, verdict);
    }

    /// Keeps a message if it proves itself and a rule can still need it.
    fn receive(&mut self, message: Message, out: &mut Vec<Output>) {
        let source = message.source;
        if !self.config.has(source) {
            return blame(source, Why::UnknownPeer, out);
        }
        if self.decided {
            return self.answer(&message, out);
        }
        if is_on(KnownBug::MessagesBeforeTheStartAreDropped) && !self.started {
            return;
        }
        if source == self.me {
            self.voice.hear(message.kind, message.round);
        }
        if self.is_needed(&message) {
            self.keep(message, out).unwrap_or_else(|why| blame(source, why, out));
        }
    }

    /// Whether a rule can still need the message. A quorum of COMMITs decides in any round.
    fn is_needed(&self, message: &Message) -> bool {
        match message.kind {
            Kind::Commit if is_on(KnownBug::CommitsBeforeTheProposalAreDropped) => {
                self.proposal.is_some_and(|proposal| proposal.round == message.round)
            }
            Kind::Commit | Kind::Decided => true,
            Kind::PrePrepare | Kind::Prepare | Kind::RoundChange => {
                self.config.role == Role::Voter && message.round >= self.round
            }
        }
    }

    /// Votes are kept bare: what a relay may have hung on them would spoil the proofs we build of them.
    fn keep(&mut self, message: Message, out: &mut Vec<Output>) -> Result<(), Why> {
        if !(is_on(KnownBug::RefusalWaivesJustification) && self.follows_a_refusal(&message)) {
            justification::judge(&self.config, &message)?;
        }
        match message.kind {
            Kind::PrePrepare => self.keep_pre_prepare(&message),
            Kind::Prepare => self.prepares.cast(message.bare()),
            Kind::Commit => self.keep_commit(message.bare()),
            Kind::RoundChange => self.keep_round_change(message, out),
            Kind::Decided => self.keep_decided(message),
        }
    }

    /// Only [`KnownBug::RefusalWaivesJustification`] asks.
    fn follows_a_refusal(&self, message: &Message) -> bool {
        let is_refused = |proposal: &Proposal| self.verdicts.get(&proposal.value) != Some(&Verdict::Accepted);
        let refused = self.proposal.filter(is_refused);
        message.kind == Kind::PrePrepare
            && refused.is_some_and(|refused| refused.round.next() == message.round)
    }

    /// Tries the rules until none applies. They look at what is known, not at what arrived last: so a message kept for
    /// a later round counts at the moment we reach it.
    fn try_rules(&mut self, out: &mut Vec<Output>) {
        while self.started && !self.decided && self.apply_a_rule(out) {}
    }

    fn apply_a_rule(&mut self, out: &mut Vec<Output>) -> bool {
        self.upon_quorum_of_commits(out)
            || self.config.role == Role::Voter
                && (self.upon_justified_pre_prepare(out)
                    || self.upon_accepted_proposal(out)
                    || self.upon_quorum_of_prepares(out)
                    || self.upon_round_changes_of_others(out)
                    || self.upon_leading(out))
    }

    /// r ← `round`, with a timer of its own.
    fn enter(&mut self, round: Round, cause: Cause, out: &mut Vec<Output>) {
        assert!(round > self.round, "rounds only grow");
        self.round = round;
        self.doubled = false;
        self.prepares.forget_before(round);
        self.round_changes.forget_before(round);
        out.push(self.round_started(cause));
    }

    fn round_started(&self, cause: Cause) -> Output {
        Output::RoundStarted { round: self.round, leader: self.config.leader(self.round), cause }
    }

    fn broadcast(&mut self, draft: Draft, out: &mut Vec<Output>) {
        assert!(self.config.role == Role::Voter, "an observer has no voice");
        self.voice.say(&draft);
        out.push(Output::Broadcast(draft));
    }

    /// Says again to `peer` what it may have missed: the proof, or else our part so far.
    fn repeat_to(&mut self, peer: PeerIndex, out: &mut Vec<Output>) {
        if peer == self.me || !self.config.has(peer) {
            return;
        }
        if self.decided {
            return self.send_proof(peer, out);
        }
        let drafts = self.voice.latest().filter(|draft| match draft.kind {
            Kind::PrePrepare | Kind::Prepare => draft.round == self.round,
            Kind::Commit | Kind::RoundChange | Kind::Decided => true,
        });
        out.extend(drafts.cloned().map(|draft| Output::Send(peer, draft)));
    }
}

fn blame(peer: PeerIndex, why: Why, out: &mut Vec<Output>) {
    out.push(Output::Fault(Fault { peer, why }));
}
