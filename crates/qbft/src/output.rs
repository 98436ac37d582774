//! All that an instance can ask for or report.

use crate::{Draft, Hash, Kind, PeerIndex, Round};

/// What the body has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Sign this, send it to every peer, and give it back as [`Input::Receive`](crate::Input::Receive) at once.
    Broadcast(Draft),
    /// Sign this and send it to one peer. What was broadcast before is the same message again.
    Send(PeerIndex, Draft),
    /// Judge whether we would sign this value; asked once per value. Without an answer we never prepare it.
    Check {
        /// The value proposed.
        value: Hash,
        /// The round it was first proposed in.
        round: Round,
    },
    /// The decision; it comes once and is final.
    Decide {
        /// The value agreed on.
        value: Hash,
        /// The round whose COMMITs decided it.
        round: Round,
        /// The peer that proposed it in that round.
        leader: PeerIndex,
    },
    /// A peer broke the rules; its message has been dropped.
    Fault(Fault),
    /// Notice: we entered a round.
    RoundStarted {
        /// The round.
        round: Round,
        /// The peer that is to propose in it.
        leader: PeerIndex,
        /// Why we entered it.
        cause: Cause,
    },
    /// Notice: a round ended without a decision.
    RoundTimedOut {
        /// The round.
        round: Round,
        /// The peer that was to propose in it.
        leader: PeerIndex,
        /// What we waited for in vain.
        missing: Missing,
    },
}

/// Why a round was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The instance began.
    Start,
    /// The round before timed out.
    Timeout,
    /// Its leader proved that a quorum had entered it.
    Proposal,
    /// f + 1 peers had entered it or a later one.
    RoundChanges,
}

/// What a round that timed out lacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A proposal of the leader.
    Proposal,
    /// Our own acceptance of the proposal.
    Verdict,
    /// A quorum of PREPAREs.
    Prepares,
    /// A quorum of COMMITs.
    Commits,
}

/// A rule that a peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The peer that signed the message.
    pub peer: PeerIndex,
    /// The rule.
    pub why: Why,
}

/// The rules a message can break.
///
/// A signature covers a message but not its justification. So the faults of justification blame the signer only when
/// the signer itself delivered the message; any other peer may have stripped or swapped the proof on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The signer is not of this cluster.
    UnknownPeer,
    /// It speaks of no value where it must.
    NoValue,
    /// It proposes in a round that another peer leads.
    NotLeader,
    /// It contradicts what its signer said of the same kind in the same round: two signatures prove it.
    Equivocation(Kind, Round),
    /// More justification than any message can need.
    TooManyJustifications,
    /// A proposal without a justified quorum of ROUND_CHANGEs, or of another value than they allow.
    UnjustifiedPrePrepare,
    /// A ROUND_CHANGE without the quorum of PREPAREs it speaks of.
    UnjustifiedRoundChange,
    /// A DECIDED without its quorum of COMMITs.
    UnjustifiedDecided,
    /// A proof of another decision than ours. More than f peers lie; the one who showed it may be honest.
    ConflictingDecision,
}
