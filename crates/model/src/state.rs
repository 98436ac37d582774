//! What was said, what each node remembers, and what is on its disk.

use crate::{HONEST, ROUNDS};

/// What the slot can be signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// One value.
    A,
    /// Another one.
    B,
}

impl Value {
    /// Both.
    pub const ALL: [Value; 2] = [Value::A, Value::B];
}

/// A set of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Values(u8);

impl Values {
    /// No value.
    pub const NONE: Values = Values(0);

    /// Whether `value` is in it.
    pub fn has(self, value: Value) -> bool {
        self.0 & bit(value) != 0
    }

    /// Whether it has nothing, or nothing but `value`.
    pub fn allows(self, value: Value) -> bool {
        self.0 & !bit(value) == 0
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has both values.
    pub fn is_torn(self) -> bool {
        self.0 == 3
    }

    pub(crate) fn add(&mut self, value: Value) {
        self.0 |= bit(value);
    }
}

fn bit(value: Value) -> u8 {
    1 << value as u8
}

/// What a node prepared last: nothing, or a value in a round from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prepared(u8);

impl Prepared {
    /// Nothing.
    pub const NOTHING: Prepared = Prepared(0);

    /// `value` in `round`.
    pub fn new(round: usize, value: Value) -> Prepared {
        Prepared((2 * round - 1) as u8 + value as u8)
    }

    /// The round; 0 for nothing.
    pub fn round(self) -> usize {
        usize::from(self.0.div_ceil(2))
    }
}

/// What the ROUND_CHANGEs of one node for one round tell of what it prepared. An honest node sends one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reports(u8);

impl Reports {
    /// Whether one of them tells of nothing prepared.
    pub fn has_nothing(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether one of them tells of something prepared in `round` or before, or of nothing.
    pub fn has_up_to(self, round: usize) -> bool {
        self.0 & ((1 << (2 * round + 1)) - 1) != 0
    }

    /// Whether there is one.
    pub fn has_any(self) -> bool {
        self.0 != 0
    }

    pub(crate) fn add(&mut self, prepared: Prepared) {
        self.0 |= 1 << prepared.0;
    }
}

/// An honest node. Everything it said can be heard by everybody from then on, and need not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    // What it said, round by round; this only grows.
    pub(crate) proposed: Values,
    pub(crate) prepares: [Values; ROUNDS],
    pub(crate) commits: [Values; ROUNDS],
    pub(crate) changes: [Reports; ROUNDS],
    pub(crate) partials: Values,
    // What it remembers; a crash takes it.
    pub(crate) observer: bool,
    pub(crate) round: u8,
    /// The last round it sent PREPARE in.
    pub(crate) last_prepare: u8,
    pub(crate) has_proposed: bool,
    pub(crate) prepared: Prepared,
    pub(crate) decided: Values,
    // What is on its disk.
    pub(crate) recorded: Values,
    /// How often it started again: once at most.
    pub(crate) restarted: bool,
}

impl Node {
    pub(crate) const NEW: Node = Node {
        proposed: Values::NONE,
        prepares: [Values::NONE; ROUNDS],
        commits: [Values::NONE; ROUNDS],
        changes: [Reports(0); ROUNDS],
        partials: Values::NONE,
        observer: false,
        round: 1,
        last_prepare: 0,
        has_proposed: false,
        prepared: Prepared::NOTHING,
        decided: Values::NONE,
        recorded: Values::NONE,
        restarted: false,
    };

    /// Whether it still takes part in agreement.
    pub(crate) fn votes(&self) -> bool {
        !self.observer && self.decided.is_empty()
    }
}

/// All honest nodes. The liar has no state: whatever it can say it is held to have said, to whom it liked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// The honest nodes, in the order in which they lead.
    pub nodes: [Node; HONEST],
    /// The stage that has been reached, when steps are taken by rounds.
    pub(crate) stage: u8,
}

impl State {
    /// Round 1 has begun, and nobody said anything.
    pub const FIRST: State = State { nodes: [Node::NEW; HONEST], stage: 0 };

    /// Honest nodes of which `holds` holds.
    pub(crate) fn count(&self, holds: impl Fn(&Node) -> bool) -> usize {
        self.nodes.iter().filter(|node| holds(node)).count()
    }
}
