//! Why something was not done: a closed list, each with a code for machines and a sentence for the operator.

use std::fmt;

/// Why a value was refused, a request ended without an answer, or a duty was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No validator of the cluster has this duty.
    NotOurDuty,
    /// The slot is too far ahead.
    TooEarly,
    /// The duty's deadline has passed.
    Expired,
    /// The node's beacon node did not deliver what was to be agreed on.
    BeaconNodeSilent,
    /// Too few peers took part for a decision.
    Undecided,
    /// Too few partial RANDAO reveals for a block.
    RandaoIncomplete,
    /// The ledger refused.
    LedgerRefused,
    /// The ledger could not write.
    LedgerUnavailable,
    /// The validator client never signed.
    ValidatorClientSilent,
    /// Fewer partial signatures than the threshold arrived.
    PartialsMissing,
    /// The beacon node did not take the publication.
    PublicationFailed,
    /// The signature is not the share's.
    WrongSignature,
    /// What was signed is not what the cluster decided.
    NotTheDecidedValue,
    /// More requests are waiting than the node holds.
    TooManyRequests,
    /// The value is empty or of another kind than the duty.
    WrongKindOfValue,
    /// The value names a validator that is not on duty.
    ForeignValidator,
    /// The value leaves out validators that are on duty.
    OmitsValidators,
    /// The value gives a validator another place in the committees than the beacon node.
    WrongCommittee,
    /// The value is for another slot.
    WrongSlot,
    /// Source or target epoch are not the slot's.
    WrongEpoch,
    /// Source or target are not what the own beacon node says.
    CheckpointsDiffer,
    /// The duties of the slot are not known yet.
    DutiesUnknown,
    /// The own beacon node has not been heard yet.
    OwnViewMissing,
    /// The block is by another proposer.
    WrongProposer,
    /// The block's parent is unknown to the own beacon node.
    ParentUnknown,
    /// The block's RANDAO reveal is not the validator's.
    WrongRandao,
    /// The block pays another fee recipient than the cluster's.
    WrongFeeRecipient,
    /// Signing the value would be slashable.
    WouldBeSlashable,
    /// The node started while the duty may have been under way.
    StartedLate,
    /// Too few partial selection proofs to tell who aggregates.
    SelectionsMissing,
    /// The validator does not aggregate in this slot.
    NotAnAggregator,
    /// What is to be aggregated was not decided.
    AttestationUndecided,
    /// The members signed different head blocks.
    HeadsDiffer,
    /// The sync committee message that a contribution builds on is not complete.
    SyncMessageIncomplete,
    /// The contribution is for another block than the cluster's sync committee message.
    OtherBlock,
    /// Validators of one committee are given different aggregates.
    AggregatesDiffer,
    /// The aggregate lacks votes that the own beacon node has.
    ThinAggregate,
    /// The own share has signed something else for the duty.
    SignedOtherwise,
    /// The block is a builder's, and the cluster wants none.
    BuilderNotWanted,
    /// More exits are waiting for signatures than the node holds.
    TooManyExits,
    /// It is not known yet whether the ledger is the one that was written last.
    LedgerUnwitnessed,
    /// The node runs twice, and this is the newer life.
    RunTwice,
}

/// The steps of a duty, in their order: a missed one stopped at one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The beacon node tells who has the duty.
    Schedule,
    /// Selection proofs tell who aggregates.
    Select,
    /// The beacon node tells what to sign.
    Fetch,
    /// The cluster agrees on it.
    Agree,
    /// The slashing ledger permits it.
    Permit,
    /// The validator client signs it.
    Sign,
    /// The nodes exchange what their validator clients signed.
    Exchange,
    /// The beacon node takes the complete signature.
    Publish,
}

impl Step {
    /// The name in logs and in the handbook.
    pub const fn name(self) -> &'static str {
        match self {
            Step::Schedule => "schedule",
            Step::Select => "select",
            Step::Fetch => "fetch",
            Step::Agree => "agree",
            Step::Permit => "permit",
            Step::Sign => "sign",
            Step::Exchange => "exchange",
            Step::Publish => "publish",
        }
    }
}

impl Reason {
    /// Every reason, in the order of the operator's handbook.
    pub const ALL: [Reason; 42] = [
        Reason::NotOurDuty,
        Reason::TooEarly,
        Reason::Expired,
        Reason::BeaconNodeSilent,
        Reason::Undecided,
        Reason::RandaoIncomplete,
        Reason::LedgerRefused,
        Reason::LedgerUnavailable,
        Reason::ValidatorClientSilent,
        Reason::PartialsMissing,
        Reason::PublicationFailed,
        Reason::WrongSignature,
        Reason::NotTheDecidedValue,
        Reason::TooManyRequests,
        Reason::WrongKindOfValue,
        Reason::ForeignValidator,
        Reason::OmitsValidators,
        Reason::WrongCommittee,
        Reason::WrongSlot,
        Reason::WrongEpoch,
        Reason::CheckpointsDiffer,
        Reason::DutiesUnknown,
        Reason::OwnViewMissing,
        Reason::WrongProposer,
        Reason::ParentUnknown,
        Reason::WrongRandao,
        Reason::WrongFeeRecipient,
        Reason::WouldBeSlashable,
        Reason::StartedLate,
        Reason::SelectionsMissing,
        Reason::NotAnAggregator,
        Reason::AttestationUndecided,
        Reason::HeadsDiffer,
        Reason::SyncMessageIncomplete,
        Reason::OtherBlock,
        Reason::AggregatesDiffer,
        Reason::ThinAggregate,
        Reason::SignedOtherwise,
        Reason::BuilderNotWanted,
        Reason::TooManyExits,
        Reason::LedgerUnwitnessed,
        Reason::RunTwice,
    ];

    /// The code, stable across versions.
    pub const fn code(self) -> &'static str {
        self.entry().0
    }

    /// The step at which a duty stops for it.
    pub const fn step(self) -> Step {
        match self {
            Reason::NotOurDuty
            | Reason::TooEarly
            | Reason::Expired
            | Reason::DutiesUnknown
            | Reason::TooManyRequests => Step::Schedule,
            Reason::SelectionsMissing | Reason::NotAnAggregator => Step::Select,
            Reason::BeaconNodeSilent
            | Reason::RandaoIncomplete
            | Reason::AttestationUndecided
            | Reason::SyncMessageIncomplete => Step::Fetch,
            Reason::Undecided
            | Reason::StartedLate
            | Reason::WrongKindOfValue
            | Reason::ForeignValidator
            | Reason::OmitsValidators
            | Reason::WrongCommittee
            | Reason::WrongSlot
            | Reason::WrongEpoch
            | Reason::CheckpointsDiffer
            | Reason::OwnViewMissing
            | Reason::WrongProposer
            | Reason::ParentUnknown
            | Reason::WrongRandao
            | Reason::WrongFeeRecipient
            | Reason::OtherBlock
            | Reason::AggregatesDiffer
            | Reason::ThinAggregate
            | Reason::BuilderNotWanted => Step::Agree,
            Reason::LedgerRefused
            | Reason::LedgerUnavailable
            | Reason::WouldBeSlashable
            | Reason::LedgerUnwitnessed
            | Reason::RunTwice => Step::Permit,
            Reason::ValidatorClientSilent
            | Reason::WrongSignature
            | Reason::NotTheDecidedValue
            | Reason::SignedOtherwise
            | Reason::TooManyExits => Step::Sign,
            Reason::PartialsMissing | Reason::HeadsDiffer => Step::Exchange,
            Reason::PublicationFailed => Step::Publish,
        }
    }

    /// What it means and what to do about it.
    pub const fn text(self) -> &'static str {
        self.entry().1
    }

    const fn entry(self) -> (&'static str, &'static str) {
        match self {
            Reason::NotOurDuty => (
                "not_our_duty",
                "No validator of this cluster has this duty in this slot. Nothing to do, unless the validator client \
                 holds keys of another cluster.",
            ),
            Reason::TooEarly => (
                "too_early",
                "The slot is further ahead than this duty may be. Check the clocks of this machine and of the validator client.",
            ),
            Reason::Expired => ("expired", "The deadline of the duty has passed. Check clocks and load."),
            Reason::BeaconNodeSilent => (
                "beacon_node_silent",
                "The beacon node did not deliver the data to agree on. Check that it is up, synced and fast enough.",
            ),
            Reason::Undecided => (
                "undecided",
                "The cluster did not agree in time: too few peers were reachable, or their beacon nodes disagree. \
                 Check the peers' connections and this node's beacon node.",
            ),
            Reason::RandaoIncomplete => (
                "randao_incomplete",
                "Fewer partial RANDAO reveals than the threshold arrived, so no block could be asked for. Check that \
                 enough peers' validator clients are running.",
            ),
            Reason::LedgerRefused => (
                "ledger_refused",
                "The slashing ledger refused to sign. The refusal's own code says which earlier signature is in the \
                 way.",
            ),
            Reason::LedgerUnavailable => (
                "ledger_unavailable",
                "The slashing ledger could not be written. Check free space and health of the disk; nothing is \
                 signed until it works again.",
            ),
            Reason::ValidatorClientSilent => (
                "validator_client_silent",
                "The cluster decided, but this node's validator client did not sign. Check that it runs, that it is \
                 pointed at this node and that it holds this node's key shares.",
            ),
            Reason::PartialsMissing => (
                "partials_missing",
                "Fewer partial signatures than the threshold arrived. Check the peers named as missing.",
            ),
            Reason::PublicationFailed => (
                "publication_failed",
                "The beacon node did not take the complete signature. Its log says why.",
            ),
            Reason::WrongSignature => (
                "wrong_signature",
                "The signature is not by this node's share of the validator's key. Check that the validator client \
                 holds the shares of this node and no others, and that it is on the right network.",
            ),
            Reason::NotTheDecidedValue => (
                "not_the_decided_value",
                "What was signed is not what the cluster decided. Point the validator client at this node only.",
            ),
            Reason::TooManyRequests => (
                "too_many_requests",
                "More requests are waiting than this node holds. Make the validator client poll less.",
            ),
            Reason::WrongKindOfValue => (
                "wrong_kind_of_value",
                "The leader proposed an empty value, or one of another kind than the duty.",
            ),
            Reason::ForeignValidator => (
                "foreign_validator",
                "The leader's value names a validator that is not on duty in this slot.",
            ),
            Reason::OmitsValidators => (
                "omits_validators",
                "The leader's value leaves out validators that are on duty in this slot.",
            ),
            Reason::WrongCommittee => (
                "wrong_committee",
                "The leader's value gives a validator another committee or position than this node's beacon node.",
            ),
            Reason::WrongSlot => ("wrong_slot", "The leader's value is for another slot."),
            Reason::WrongEpoch => {
                ("wrong_epoch", "Source or target epoch of the leader's value are not the slot's.")
            }
            Reason::CheckpointsDiffer => (
                "checkpoints_differ",
                "Source or target of the leader's value are not what this node's beacon node says. If it happens \
                 often, one of the beacon nodes follows another fork.",
            ),
            Reason::DutiesUnknown => (
                "duties_unknown",
                "The beacon node has not told the duties of this slot yet. Check that it is synced.",
            ),
            Reason::OwnViewMissing => (
                "own_view_missing",
                "This node's beacon node has not said what it would sign, so the leader's value cannot be checked.",
            ),
            Reason::WrongProposer => ("wrong_proposer", "The block is by another proposer than the slot's."),
            Reason::ParentUnknown => {
                ("parent_unknown", "The parent of the leader's block is unknown to this node's beacon node.")
            }
            Reason::WrongRandao => {
                ("wrong_randao", "The RANDAO reveal in the leader's block is not the validator's.")
            }
            Reason::WrongFeeRecipient => (
                "wrong_fee_recipient",
                "The leader's block pays another fee recipient than the cluster lock names. Check the fee recipient \
                 set at the leader's beacon node, or talk to its operator.",
            ),
            Reason::WouldBeSlashable => (
                "would_be_slashable",
                "Signing the leader's value would be slashable after what was signed before.",
            ),
            Reason::StartedLate => (
                "started_late",
                "This node started while the duty may have been under way, so it does not vote in it; it only learns \
                 the decision.",
            ),
            Reason::SelectionsMissing => (
                "selections_missing",
                "Fewer partial selection proofs than the threshold arrived, so nobody can tell who \
                 aggregates. Check that enough peers run their validator clients with the switch for \
                 distributed validators on.",
            ),
            Reason::NotAnAggregator => {
                ("not_an_aggregator", "The validator is not selected to aggregate in this slot.")
            }
            Reason::AttestationUndecided => (
                "attestation_undecided",
                "The cluster did not decide in time what to attest to, so there was nothing to \
                 aggregate.",
            ),
            Reason::HeadsDiffer => (
                "heads_differ",
                "Enough validator clients signed a sync committee message, but not for the same head \
                 block. It happens when a block is late; if it happens often, one of the beacon nodes \
                 lags.",
            ),
            Reason::SyncMessageIncomplete => (
                "sync_message_incomplete",
                "The validator's sync committee message was not complete when contributions were due, \
                 so it is not known for which block to contribute.",
            ),
            Reason::OtherBlock => (
                "other_block",
                "The leader's contribution is for another block than the cluster's own sync committee \
                 message.",
            ),
            Reason::AggregatesDiffer => (
                "aggregates_differ",
                "The leader's value gives validators of one committee different aggregates, or none \
                 with a vote.",
            ),
            Reason::ThinAggregate => (
                "thin_aggregate",
                "The leader's aggregate has less than half of the votes that this node's beacon node \
                 knows.",
            ),
            Reason::SignedOtherwise => (
                "signed_otherwise",
                "This node's share has signed something else for the same duty before. Do not run two \
                 validator clients with the same keys.",
            ),
            Reason::BuilderNotWanted => (
                "builder_not_wanted",
                "The leader's block comes from a builder, but this node is configured to take none. \
                 Set the builder API alike on all nodes.",
            ),
            Reason::TooManyExits => (
                "too_many_exits",
                "More exits of this validator wait for signatures than this node holds. Let all \
                 operators sign for the same epoch.",
            ),
            Reason::LedgerUnwitnessed => (
                "ledger_unwitnessed",
                "This node has just started and no peer has told yet what it has seen of its signatures, so an old \
                 slashing ledger could not be noticed. Check the connections to the peers. Where no peer can tell, \
                 it waits two epochs, unless you vouch for the ledger with --trust-ledger.",
            ),
            Reason::RunTwice => (
                "run_twice",
                "Peers hear two nodes with this node's key, and this one was started later. Stop one of the two; \
                 this one signs again two slots after the other has gone.",
            ),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_complete() {
        let codes: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|reason| reason.text().ends_with('.')));
        assert!(Reason::ALL.windows(2).all(|pair| pair[0] < pair[1]), "each variant is listed, in order");
        assert_eq!(Reason::RunTwice as usize + 1, Reason::ALL.len());
    }
}
