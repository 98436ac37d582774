//! A duty: what the cluster has to do, and in which slot.

use std::fmt;

use eth::Slot;

/// The kinds of duties, with their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DutyKind {
    /// Propose a block.
    Proposer = 1,
    /// Attest to the head of the chain.
    Attester = 2,
    /// A bare BLS signature inside a key ceremony.
    Signature = 3,
    /// Leave the validator set.
    Exit = 4,
    /// Register with block builders.
    BuilderRegistration = 6,
    /// Reveal randomness for a block.
    Randao = 7,
    /// Prove the selection as attestation aggregator.
    PrepareAggregator = 8,
    /// Aggregate attestations.
    Aggregator = 9,
    /// Sign the head block as a sync committee member.
    SyncMessage = 10,
    /// Prove the selection as sync committee aggregator.
    PrepareSyncContribution = 11,
    /// Aggregate sync committee messages.
    SyncContribution = 12,
    /// Agree on what the peers' versions have in common.
    InfoSync = 13,
}

impl DutyKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [DutyKind; 12] = [
        DutyKind::Proposer,
        DutyKind::Attester,
        DutyKind::Signature,
        DutyKind::Exit,
        DutyKind::BuilderRegistration,
        DutyKind::Randao,
        DutyKind::PrepareAggregator,
        DutyKind::Aggregator,
        DutyKind::SyncMessage,
        DutyKind::PrepareSyncContribution,
        DutyKind::SyncContribution,
        DutyKind::InfoSync,
    ];

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind of that number; numbers that are deprecated or unknown have none.
    pub fn from_number(number: i64) -> Option<DutyKind> {
        DutyKind::ALL.into_iter().find(|kind| i64::from(kind.number()) == number)
    }

    /// The name operators' dashboards use.
    pub const fn name(self) -> &'static str {
        match self {
            DutyKind::Proposer => "proposer",
            DutyKind::Attester => "attester",
            DutyKind::Signature => "signature",
            DutyKind::Exit => "exit",
            DutyKind::BuilderRegistration => "builder_registration",
            DutyKind::Randao => "randao",
            DutyKind::PrepareAggregator => "prepare_aggregator",
            DutyKind::Aggregator => "aggregator",
            DutyKind::SyncMessage => "sync_message",
            DutyKind::PrepareSyncContribution => "prepare_sync_contribution",
            DutyKind::SyncContribution => "sync_contribution",
            DutyKind::InfoSync => "info_sync",
        }
    }

    /// Whether the cluster agrees on a value before it signs.
    pub const fn has_consensus(self) -> bool {
        matches!(
            self,
            DutyKind::Proposer
                | DutyKind::Attester
                | DutyKind::Aggregator
                | DutyKind::SyncContribution
                | DutyKind::InfoSync
        )
    }
}

impl DutyKind {
    /// Whether two different signatures for it can cost the stake, so that the ledger is asked first.
    pub const fn is_slashable(self) -> bool {
        matches!(self, DutyKind::Proposer | DutyKind::Attester)
    }

    /// Whether partial signatures for it are gathered while the cluster runs.
    pub const fn is_signed(self) -> bool {
        !matches!(self, DutyKind::Signature | DutyKind::BuilderRegistration | DutyKind::InfoSync)
    }
}

impl fmt::Display for DutyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One duty of the whole cluster: all its validators that share slot and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duty {
    /// The slot it belongs to.
    pub slot: Slot,
    /// What is to be done.
    pub kind: DutyKind,
}

impl Duty {
    /// The duty of that slot and kind.
    pub const fn new(slot: Slot, kind: DutyKind) -> Duty {
        Duty { slot, kind }
    }

    /// What rotates the leader: slot plus kind (charon-wire 4.4).
    pub const fn leader_offset(self) -> u64 {
        self.slot.0.wrapping_add(self.kind.number() as u64)
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.slot, self.kind)
    }
}
