//! What came in, as it first arrived. Times are nanoseconds after the slot's start unless said otherwise.

use eth::{Address, Epoch, Root, Slot, ValidatorIndex};

/// A validator's attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attested {
    /// When it arrived.
    pub arrived_ns: i64,
    /// The head voted for.
    pub head: Root,
}

/// A slot's block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// When it arrived.
    pub arrived_ns: i64,
    /// The block.
    pub root: Root,
    /// Who proposed it.
    pub proposer: ValidatorIndex,
    /// Where its fees go: the zero address when the proposer was not prepared.
    pub fee_recipient: Address,
    /// Whether it came blinded.
    pub blinded: bool,
    /// How many blobs came with it.
    pub blobs: usize,
}

/// An aggregate of a committee's votes, as an aggregator handed it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregated {
    /// When it arrived.
    pub arrived_ns: i64,
    /// The head voted for.
    pub head: Root,
    /// How many votes are in it.
    pub voters: usize,
    /// How many could be.
    pub committee_length: usize,
}

/// A sync committee member's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncSigned {
    /// When it arrived.
    pub arrived_ns: i64,
    /// The head signed.
    pub head: Root,
}

/// A subcommittee's contribution, as an aggregator handed it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contributed {
    /// When it arrived.
    pub arrived_ns: i64,
    /// The head signed.
    pub head: Root,
    /// How many of the subcommittee's seats are in it.
    pub seats: usize,
}

/// A registration with builders, as it first came in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// When it arrived, nanoseconds after the epoch's start.
    pub arrived_ns: i64,
    /// Where fees go.
    pub fee_recipient: Address,
    /// The gas limit wanted.
    pub gas_limit: u64,
}

/// A voluntary exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exited {
    /// The slot in which it arrived.
    pub arrived: Slot,
    /// The slot of the first block that included it.
    pub included: Option<Slot>,
    /// The first epoch without the validator, once it is included.
    pub exit_epoch: Option<Epoch>,
}
