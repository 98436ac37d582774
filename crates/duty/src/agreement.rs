//! One duty's way to a decision: the consensus instance, the values it speaks of, and what is thought of them.

use std::collections::{BTreeMap, BTreeSet};

use eth::{AttestationData, Root};
use qbft::{Config, Extra, Hash, Instance, Message, PeerIndex, Role, Round, Time, Timer};

use crate::known_bugs::{KnownBug, is_on};
use crate::window::Window;
use crate::{Content, Duty, DutyKind, Reason, Value};

/// The first pause before the beacon node is asked again; each further one is twice as long.
const FIRST_PAUSE_MS: i64 = 250;

/// The longest pause while a client waits for the duty.
const LONGEST_PAUSE_MS: i64 = 1_000;

/// The pause after that: an undecided attestation lives an epoch, and a beacon node in trouble must not get one
/// question after the other for each of them.
const LATE_PAUSE_MS: i64 = 8_000;

/// A proposal's extra time in every round, in milliseconds: blocks are large (charon-wire 4.6).
const PROPOSAL_EXTRA_MS: u32 = 500;

/// The agreement on one duty.
pub(crate) struct Agreement {
    pub(crate) instance: Instance,
    config: Config,
    pub(crate) role: Role,
    pub(crate) started: Option<Time>,
    pub(crate) round: Round,
    pub(crate) decided: Option<Hash>,
    pub(crate) own: OwnView,
    values: BTreeMap<Hash, Held>,
    /// Values each peer has named, to bound them.
    named: BTreeMap<PeerIndex, usize>,
    peers: usize,
    /// Until when a client waits for the duty.
    answer_by: Time,
}

/// What this node's beacon node says about the duty.
#[derive(Debug, Default)]
pub(crate) struct OwnView {
    /// What it would have the cluster agree on.
    pub(crate) value: Option<Value>,
    /// What it would attest to.
    pub(crate) attestation: Option<AttestationData>,
    /// Whether it knows the parents of proposed blocks.
    pub(crate) parents: BTreeMap<Root, Parent>,
    /// Whether a question is under way.
    pub(crate) fetching: bool,
    /// When to ask again.
    pub(crate) ask_at: Option<Time>,
    /// The pause before that.
    pause_ms: i64,
}

/// What the own beacon node says about a block's parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// It is being asked.
    Asked,
    /// It knows it.
    Known,
    /// It did not know it when last asked.
    Unknown,
}

/// A value and what is thought of it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) value: Value,
    pub(crate) opinion: Opinion,
}

/// What is thought of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// The instance has not asked.
    Unasked,
    /// Something needed is missing.
    Waiting,
    /// The ledger is being asked.
    Consulting,
    /// It may be prepared.
    Accepted,
    /// It may not be prepared as things stand.
    Refused(Reason),
}

impl Agreement {
    pub(crate) fn new(duty: Duty, me: PeerIndex, peers: usize, role: Role, window: &Window) -> Agreement {
        let is_proposal = duty.kind == DutyKind::Proposer;
        let extra = match is_proposal {
            true if is_on(KnownBug::SecondRoundOfABlockIsShort) => Extra::FirstRound(PROPOSAL_EXTRA_MS),
            true => Extra::EveryRound(PROPOSAL_EXTRA_MS),
            false => Extra::None,
        };
        let config = Config {
            peers,
            leader_offset: duty.leader_offset(),
            timer: Timer { anchor: window.due(duty), extra },
            role,
        };
        Agreement {
            instance: Instance::new(config, me),
            config,
            role,
            started: None,
            round: Round::FIRST,
            decided: None,
            own: OwnView::default(),
            values: BTreeMap::new(),
            named: BTreeMap::new(),
            peers,
            answer_by: window.answer_by(duty),
        }
    }

    /// Keeps the values that a message and its justification name; on failure the peer that named too many.
    ///
    /// A value is charged to the peer whose signature stands under its name. Whoever delivered the message may have
    /// attached what it likes, and must not be able to use up an honest peer's share.
    pub(crate) fn keep(&mut self, message: &Message, values: Vec<Value>) -> Result<(), PeerIndex> {
        for value in values {
            let mut entries = std::iter::once(message).chain(&message.justification);
            let names_it = |entry: &&Message| hashes(entry).any(|hash| hash == value.hash);
            let Some(entry) = entries.find(names_it) else { continue };
            if self.values.contains_key(&value.hash) {
                continue;
            }
            let named = self.named.entry(entry.source).or_default();
            // An honest peer names one value a round; more rounds than this pass only where leaders lie in turn.
            if *named >= 2 * self.peers {
                return Err(entry.source);
            }
            *named += 1;
            self.hold(value);
        }
        Ok(())
    }

    /// Whether every value the message and its justification name is here, so that it can be judged and passed on.
    pub(crate) fn holds_all_of(&self, message: &Message) -> bool {
        let mut entries = std::iter::once(message).chain(&message.justification);
        entries.all(|entry| hashes(entry).all(|hash| self.values.contains_key(&hash)))
    }

    /// The peer that leads the current round.
    pub(crate) fn leader(&self) -> PeerIndex {
        self.config.leader(self.round)
    }

    /// Keeps a value of our own.
    pub(crate) fn hold(&mut self, value: Value) {
        self.values.entry(value.hash).or_insert(Held { value, opinion: Opinion::Unasked });
    }

    pub(crate) fn value(&self, hash: &Hash) -> Option<&Value> {
        self.values.get(hash).map(|held| &held.value)
    }

    /// Takes in the decision; nothing but its value is of use from here on.
    pub(crate) fn decide(&mut self, hash: Hash) {
        self.decided = Some(hash);
        self.values.retain(|held, _| *held == hash);
        self.named.clear();
        self.own = OwnView::default();
    }

    /// How many values are held.
    pub(crate) fn values(&self) -> usize {
        self.values.len()
    }

    /// The decided value's content.
    pub(crate) fn decision(&self) -> Option<&Content> {
        self.value(self.decided.as_ref()?).map(|value| &value.content)
    }

    /// The values a message of ours names, so that it can carry them.
    pub(crate) fn named_by(&self, draft: &qbft::Draft) -> Vec<Value> {
        let own = [draft.value, draft.prepared_value].into_iter().flatten();
        let named: BTreeSet<Hash> = own.chain(draft.justification.iter().flat_map(hashes)).collect();
        named.iter().filter_map(|hash| self.value(hash).cloned()).collect()
    }

    pub(crate) fn opinion(&self, hash: &Hash) -> Option<Opinion> {
        self.values.get(hash).map(|held| held.opinion)
    }

    pub(crate) fn set_opinion(&mut self, hash: &Hash, opinion: Opinion) {
        if let Some(held) = self.values.get_mut(hash) {
            held.opinion = opinion;
        }
    }

    /// Values whose opinion may change: those that wait, and those refused for what may pass.
    pub(crate) fn open(&self) -> Vec<Hash> {
        let is_open = |held: &Held| match held.opinion {
            Opinion::Waiting => true,
            Opinion::Refused(reason) => may_pass(reason),
            Opinion::Unasked | Opinion::Consulting | Opinion::Accepted => false,
        };
        self.values.iter().filter(|(_, held)| is_open(held)).map(|(hash, _)| *hash).collect()
    }

    /// Asks again after a while, unless that is planned already or an answer is on its way.
    pub(crate) fn ask_again(&mut self, now: Time) {
        let own = &mut self.own;
        if self.decided.is_none() && own.ask_at.is_none() && !own.fetching {
            let pause_ms = own.pause_ms.max(FIRST_PAUSE_MS);
            own.ask_at = Some(now.plus_ms(pause_ms));
            own.pause_ms =
                if now < self.answer_by { (2 * pause_ms).min(LONGEST_PAUSE_MS) } else { LATE_PAUSE_MS };
        }
    }

    /// Asks now what would be asked later: the beacon node has news.
    pub(crate) fn ask_now(&mut self, now: Time) {
        self.own.ask_at = self.own.ask_at.map(|_| now);
        self.own.pause_ms = 0;
    }

    /// When time alone changes something.
    pub(crate) fn deadline(&self) -> Option<Time> {
        let asking = if self.decided.is_none() { self.own.ask_at } else { None };
        [self.instance.deadline(), asking].into_iter().flatten().min()
    }
}

/// Whether a refusal for that reason may be over the next time: it speaks of what the own node knows, not of the value.
fn may_pass(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::CheckpointsDiffer
            | Reason::OmitsValidators
            | Reason::ForeignValidator
            | Reason::WrongCommittee
            | Reason::WrongProposer
            | Reason::ParentUnknown
            | Reason::LedgerUnavailable
            | Reason::NotAnAggregator
            | Reason::ThinAggregate
    )
}

/// The values a message names, without its justification.
fn hashes(message: &Message) -> impl Iterator<Item = Hash> {
    let named = [message.value, message.prepared_value].into_iter().flatten();
    named.filter(|hash| *hash != Hash::ZERO)
}
