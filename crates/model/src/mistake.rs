//! Rules broken on purpose: what the explorer must find, or it finds nothing.

/// One rule that honest nodes get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A second PREPARE in a round, for another proposal of a leader that contradicts itself.
    TwoPrepares,
    /// A proposal of a later round is accepted without its justification.
    UnjustifiedProposal,
    /// A proposal may take any prepared value that is proven, not only the highest.
    NotTheHighest,
    /// A ROUND_CHANGE does not tell what its sender prepared.
    PreparedUntold,
    /// Two messages are a quorum.
    SmallQuorum,
    /// Whoever restarted votes again without its memory.
    AmnesiacVotes,
    /// Two partial signatures make a group signature.
    SmallThreshold,
    /// A partial signature leaves before its record is on disk.
    ReleaseBeforeRecord,
    /// The ledger's disk is empty after a restart.
    LedgerLost,
}
