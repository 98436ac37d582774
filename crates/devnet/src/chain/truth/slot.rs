//! What became of a slot's duties: who was expected, and what came.

use eth::{CommitteeIndex, Root, Slot, SubcommitteeIndex, ValidatorIndex};

use super::received::{Aggregated, Attested, Contributed, Proposed, SyncSigned};

/// What became of a slot's duties. Each list has an entry for each duty that can be expected, done or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotTruth {
    /// Who had to attest.
    pub attesters: Vec<AttesterTruth>,
    /// The block that came.
    pub proposal: Option<Proposed>,
    /// The block that a right vote names: the last one up to the slot on the branch of the head.
    pub right_head: Option<Root>,
    /// The aggregates to expect.
    pub aggregates: Vec<AggregateTruth>,
    /// Who sits in the sync committee that signs in this slot.
    pub sync_members: Vec<SyncMemberTruth>,
    /// The sync committee contributions to expect.
    pub contributions: Vec<ContributionTruth>,
    /// The sync committee's seats whose signatures the next slot's block on the branch of the head included; none when
    /// there is no such block, whose fault no member's is.
    pub sync_seats_included: Option<usize>,
}

/// What became of an attester duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttesterTruth {
    /// Who.
    pub validator: ValidatorIndex,
    /// The attestation that came.
    pub attested: Option<Attested>,
    /// The slot of the block that included it, on the branch of the head.
    pub included: Option<Slot>,
}

/// What became of an aggregator's duty. In committees of fewer than 32 everybody aggregates, so an aggregate is due from
/// every member. In larger ones only selection proofs tell who does: there is an entry for each who did, and one without
/// an aggregator if nobody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggregateTruth {
    /// The committee.
    pub committee: CommitteeIndex,
    /// Who, where that is known.
    pub aggregator: Option<ValidatorIndex>,
    /// The aggregate that came.
    pub aggregated: Option<Aggregated>,
}

/// What became of a sync committee member's duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncMemberTruth {
    /// Who.
    pub validator: ValidatorIndex,
    /// How many seats it has.
    pub seats: usize,
    /// The message that came.
    pub signed: Option<SyncSigned>,
    /// How many of its seats the next slot's block included.
    pub seats_included: usize,
}

/// What became of a sync committee aggregator's duty. In subcommittees of fewer than 32 seats every member aggregates; in
/// larger ones it is as with [`AggregateTruth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContributionTruth {
    /// The subcommittee.
    pub subcommittee: SubcommitteeIndex,
    /// Who, where that is known.
    pub aggregator: Option<ValidatorIndex>,
    /// The contribution that came.
    pub contributed: Option<Contributed>,
}
