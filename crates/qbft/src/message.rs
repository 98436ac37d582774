//! The words of the protocol: time, peers, rounds and messages.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

/// A moment, in nanoseconds since the genesis of the beacon chain; negative before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// This moment moved by `milliseconds`; it stops at the ends of time.
    pub const fn plus_ms(self, milliseconds: i64) -> Time {
        Time(self.0.saturating_add(milliseconds.saturating_mul(1_000_000)))
    }
}

/// A peer's 0-based position among the operators of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerIndex(pub u8);

impl fmt::Display for PeerIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A round of an instance; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Round(NonZeroU64);

impl Round {
    /// The first round.
    pub const FIRST: Round = Round(NonZeroU64::MIN);

    /// The round of that number, if it is not zero.
    pub const fn new(number: u64) -> Option<Round> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Round(number)),
            None => None,
        }
    }

    /// The number of the round, from 1.
    pub const fn number(self) -> u64 {
        self.0.get()
    }

    /// The round after this one.
    pub const fn next(self) -> Round {
        Round(self.0.saturating_add(1))
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The hash of a value; the instance never sees the value itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// How the wire spells "no value"; no value hashes to it.
    pub const ZERO: Hash = Hash([0; 32]);
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a message says, with its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The leader of the round proposes a value.
    PrePrepare = 1,
    /// The sender accepts the proposal of the round.
    Prepare = 2,
    /// The sender saw a quorum of PREPAREs.
    Commit = 3,
    /// The sender gave up the earlier rounds.
    RoundChange = 4,
    /// The sender proves a decision to one who lags.
    Decided = 5,
}

/// A message whose signature has been verified: only such may enter an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub kind: Kind,
    /// The peer that signed it.
    pub source: PeerIndex,
    /// The round it speaks of.
    pub round: Round,
    /// The value it speaks of; none in a ROUND_CHANGE.
    pub value: Option<Hash>,
    /// In a ROUND_CHANGE the last round the sender prepared in; 0 when it has none.
    pub prepared_round: u64,
    /// In a ROUND_CHANGE the value the sender prepared.
    pub prepared_value: Option<Hash>,
    /// Other peers' messages that prove it; theirs are empty.
    pub justification: Vec<Message>,
    /// The signed bytes as received, so that others can verify them again; the instance never reads them.
    pub wire: Arc<[u8]>,
}

impl Message {
    /// This message as it stands in another's justification: without its own.
    pub(crate) fn bare(&self) -> Message {
        Message { justification: Vec::new(), wire: Arc::clone(&self.wire), ..*self }
    }

    /// Whether both messages say the same, however they are spelled on the wire.
    pub(crate) fn says_the_same(&self, other: &Message) -> bool {
        self.words() == other.words()
    }

    fn words(&self) -> (Kind, PeerIndex, Round, Option<Hash>, u64, Option<Hash>) {
        (self.kind, self.source, self.round, self.value, self.prepared_round, self.prepared_value)
    }
}

/// A message of our own before it is signed. It comes back as a [`Message`] once it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it says.
    pub kind: Kind,
    /// The round it speaks of.
    pub round: Round,
    /// The value it speaks of; none in a ROUND_CHANGE.
    pub value: Option<Hash>,
    /// In a ROUND_CHANGE the last round we prepared in; 0 when there is none.
    pub prepared_round: u64,
    /// In a ROUND_CHANGE the value we prepared.
    pub prepared_value: Option<Hash>,
    /// Signed messages that prove it.
    pub justification: Vec<Message>,
}

impl Draft {
    /// The message this becomes once `source` has signed it; `wire` are the signed bytes.
    pub fn signed(self, source: PeerIndex, wire: Arc<[u8]>) -> Message {
        let Draft { kind, round, value, prepared_round, prepared_value, justification } = self;
        Message { kind, source, round, value, prepared_round, prepared_value, justification, wire }
    }

    /// A draft that speaks of a value: any kind but a ROUND_CHANGE.
    pub(crate) fn of_value(kind: Kind, round: Round, value: Hash, justification: Vec<Message>) -> Draft {
        Draft { kind, round, value: Some(value), prepared_round: 0, prepared_value: None, justification }
    }
}
