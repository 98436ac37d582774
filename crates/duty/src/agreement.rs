//! One duty's way to a decision: the consensus instance, the values it speaks of, and what is thought of them.

use std::collections::BTreeMap;

use eth::{AttestationData, Root};
use qbft::{Config, Extra, Hash, Instance, Message, PeerIndex, Role, Round, Time, Timer};

use crate::window::Window;
use crate::{Content, Duty, DutyKind, Reason, Value};

/// How long to wait before asking the beacon node again.
const RETRY_MS: i64 = 250;

/// A proposal's extra time in every round, in milliseconds: blocks are large (charon-wire 4.6).
const PROPOSAL_EXTRA_MS: u32 = 500;

/// The agreement on one duty.
pub(crate) struct Agreement {
    pub(crate) duty: Duty,
    pub(crate) instance: Instance,
    config: Config,
    pub(crate) role: Role,
    pub(crate) started: Option<Time>,
    pub(crate) round: Round,
    pub(crate) decided: Option<Hash>,
    /// Whether the instance has this node's proposal.
    pub(crate) proposed: bool,
    pub(crate) own: OwnView,
    values: BTreeMap<Hash, Held>,
    /// Values each peer has brought, to bound them.
    brought: BTreeMap<PeerIndex, usize>,
    peers: usize,
}

/// What this node's beacon node says about the duty.
#[derive(Debug, Default)]
pub(crate) struct OwnView {
    /// What it would attest to.
    pub(crate) attestation: Option<AttestationData>,
    /// Whether it knows the parents of proposed blocks.
    pub(crate) parents: BTreeMap<Root, Parent>,
    /// Whether a question is under way.
    pub(crate) fetching: bool,
    /// When to ask again.
    pub(crate) ask_at: Option<Time>,
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
        let extra = if is_proposal { Extra::EveryRound(PROPOSAL_EXTRA_MS) } else { Extra::None };
        let config = Config {
            peers,
            leader_offset: duty.leader_offset(),
            timer: Timer { anchor: window.due(duty), extra },
            role,
        };
        Agreement {
            duty,
            instance: Instance::new(config, me),
            config,
            role,
            started: None,
            round: Round::FIRST,
            decided: None,
            proposed: false,
            own: OwnView::default(),
            values: BTreeMap::new(),
            brought: BTreeMap::new(),
            peers,
        }
    }

    /// Keeps the values a message brought; false when its signer has brought more than an honest peer can.
    ///
    /// An honest peer names at most one value per leader, and each leader proposes one.
    pub(crate) fn keep(&mut self, source: PeerIndex, values: Vec<Value>) -> bool {
        for value in values {
            if self.values.contains_key(&value.hash) {
                continue;
            }
            let brought = self.brought.entry(source).or_default();
            if *brought >= self.peers {
                return false;
            }
            *brought += 1;
            self.hold(value);
        }
        true
    }

    /// The peer that leads the round.
    pub(crate) fn leader(&self, round: Round) -> PeerIndex {
        self.config.leader(round)
    }

    /// Keeps a value of our own.
    pub(crate) fn hold(&mut self, value: Value) {
        self.values.entry(value.hash).or_insert(Held { value, opinion: Opinion::Unasked });
    }

    pub(crate) fn value(&self, hash: &Hash) -> Option<&Value> {
        self.values.get(hash).map(|held| &held.value)
    }

    /// The decided value's content.
    pub(crate) fn decision(&self) -> Option<&Content> {
        self.value(self.decided.as_ref()?).map(|value| &value.content)
    }

    /// The values a message of ours names, so that it can carry them.
    pub(crate) fn named_by(&self, draft: &qbft::Draft) -> Vec<Value> {
        let mut hashes: Vec<Hash> = [draft.value, draft.prepared_value].into_iter().flatten().collect();
        let in_message = |message: &Message| [message.value, message.prepared_value].into_iter().flatten();
        hashes.extend(draft.justification.iter().flat_map(in_message));
        hashes.sort_unstable();
        hashes.dedup();
        hashes.iter().filter_map(|hash| self.value(hash).cloned()).collect()
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
    pub(crate) fn open(&self) -> Vec<Value> {
        let is_open = |held: &&Held| match held.opinion {
            Opinion::Waiting => true,
            Opinion::Refused(reason) => {
                matches!(reason, Reason::CheckpointsDiffer | Reason::OmitsValidators | Reason::ParentUnknown)
            }
            _ => false,
        };
        self.values.values().filter(is_open).map(|held| held.value.clone()).collect()
    }

    /// Asks the beacon node again after a while.
    pub(crate) fn ask_again(&mut self, now: Time) {
        if self.own.ask_at.is_none() && !self.own.fetching {
            self.own.ask_at = Some(now.plus_ms(RETRY_MS));
        }
    }

    /// When time alone changes something.
    pub(crate) fn deadline(&self) -> Option<Time> {
        let asking = if self.decided.is_none() { self.own.ask_at } else { None };
        [self.instance.deadline(), asking].into_iter().flatten().min()
    }
}
