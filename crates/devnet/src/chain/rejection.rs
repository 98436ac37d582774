//! Why the chain refused something.

use eth::{CommitteeIndex, Epoch, PublicKeyBytes, Root, Slot, SubcommitteeIndex, ValidatorIndex};

/// Why a message was refused. Always its sender's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such validator.
    #[error("validator {0} is not in the registry")]
    UnknownValidator(ValidatorIndex),
    /// No validator with such a key.
    #[error("no validator has the key {0}")]
    UnknownKey(PublicKeyBytes),
    /// The signature is no point, or not the validator's over this message in its domain.
    #[error("the signature is not validator {0}'s over this message")]
    WrongSignature(ValidatorIndex),
    /// The proof that gives the right to aggregate is not the validator's for that slot.
    #[error("the selection proof is not validator {0}'s")]
    WrongSelectionProof(ValidatorIndex),
    /// The proof does not give the right to aggregate: somebody else was selected.
    #[error("validator {0} is not selected to aggregate")]
    NotAggregator(ValidatorIndex),
    /// The signature is not the sum of those whose bits are set.
    #[error("the aggregate's signature is not that of those whose bits are set")]
    WrongAggregateSignature,
    /// Nobody's bit is set.
    #[error("no bit is set: the aggregate is empty")]
    EmptyAggregate,
    /// An aggregate is of one committee.
    #[error("an aggregate is of exactly one committee, this one is of {0}")]
    CommitteeCount(usize),
    /// The slot has fewer committees.
    #[error("there is no committee {0} in that slot")]
    UnknownCommittee(CommitteeIndex),
    /// Not a bit for each member.
    #[error("the aggregate has {found} bits, its committee {expected} members")]
    BitCount {
        /// Bits there are.
        found: usize,
        /// Members of the committee.
        expected: usize,
    },
    /// The validator said something else before. Only the first counts; nobody is slashed.
    #[error("validator {validator} has sent another {what} for slot {slot}")]
    Second {
        /// Who.
        validator: ValidatorIndex,
        /// What.
        what: &'static str,
        /// When.
        slot: Slot,
    },
    /// There are four subcommittees.
    #[error("there is no sync subcommittee {0}")]
    UnknownSubcommittee(SubcommitteeIndex),
    /// The validator has no seat.
    #[error("validator {validator} is not in the sync committee of slot {slot}")]
    NotInSyncCommittee {
        /// Who.
        validator: ValidatorIndex,
        /// When.
        slot: Slot,
    },
    /// The validator has no seat there.
    #[error("validator {validator} is not in sync subcommittee {subcommittee}")]
    NotInSubcommittee {
        /// Who.
        validator: ValidatorIndex,
        /// Where.
        subcommittee: SubcommitteeIndex,
    },
    /// The exit is for an epoch that has not begun.
    #[error("the exit is for epoch {0}, which has not begun")]
    ExitTooEarly(Epoch),
    /// The validator leaves already.
    #[error("validator {0} is leaving already")]
    AlreadyLeaving(ValidatorIndex),
    /// A chain without validators would stand still, so this one keeps its last.
    #[error("validator {0} is the last and has to stay")]
    LastValidator(ValidatorIndex),
    /// The registration's time has not come.
    #[error("the registration's time, {0}, is in the future")]
    RegistrationTooEarly(u64),
    /// Blinded blocks are taken only from who was given one.
    #[error("no builder here knows the payload of block {0}")]
    UnknownPayload(Root),
    /// A contradiction: publishing both messages gets the validator slashed.
    #[error("slashable: validator {validator} signed another {what}")]
    Slashable {
        /// Who would be slashed.
        validator: ValidatorIndex,
        /// What it had signed before.
        what: String,
    },
    /// The message is for a slot that has not begun.
    #[error("slot {0} has not begun")]
    TooEarly(Slot),
    /// The message is for a slot too long ago to be of use.
    #[error("slot {0} is too long ago")]
    TooLate(Slot),
    /// Since Electra the committee is no part of what is signed.
    #[error("the index in the attestation's data must be 0")]
    DataIndex,
    /// The validator does not attest in that slot and committee.
    #[error("validator {validator} is not in that committee of slot {slot}")]
    WrongCommittee {
        /// Who.
        validator: ValidatorIndex,
        /// When.
        slot: Slot,
    },
    /// The target is not of the slot's epoch.
    #[error("the target epoch {target} is not that of slot {slot}")]
    WrongTargetEpoch {
        /// The slot attested in.
        slot: Slot,
        /// The target's epoch.
        target: Epoch,
    },
    /// A vote for a block the chain does not have, or for one later than the vote.
    #[error("block {0} is not known as a head of that slot")]
    UnknownHead(Root),
    /// The target is not the checkpoint on the branch of the head.
    #[error("the target root is not the checkpoint of the head's branch, which is {expected}")]
    WrongTarget {
        /// The checkpoint.
        expected: Root,
    },
    /// The source is not what is justified on the branch of the head.
    #[error("the source is not the justified checkpoint, which is {expected_root} of epoch {expected_epoch}")]
    WrongSource {
        /// The justified epoch.
        expected_epoch: Epoch,
        /// The justified root.
        expected_root: Root,
    },
    /// A block by another validator than the one whose turn it is.
    #[error("validator {expected} proposes in that slot, not {found}")]
    WrongProposer {
        /// Whose turn it is.
        expected: ValidatorIndex,
        /// Who the block says.
        found: ValidatorIndex,
    },
    /// The RANDAO reveal is not the proposer's over the epoch.
    #[error("the RANDAO reveal is not validator {0}'s")]
    WrongRandao(ValidatorIndex),
    /// The block builds on one that is not known, or not before it.
    #[error("the parent {0} is not known as a block before that slot")]
    WrongParent(Root),
    /// The block contradicts itself or the chain.
    #[error("the block's {0} is wrong")]
    WrongContent(&'static str),
    /// The block includes an attestation that does not hold.
    #[error("attestation {position} in the block is wrong: {why}")]
    WrongAttestation {
        /// Its place in the block.
        position: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// The block includes an exit that does not hold.
    #[error("exit {position} in the block is wrong: {why}")]
    WrongExit {
        /// Its place in the block.
        position: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// The chain is for tests only and keeps no duties that far ahead or back.
    #[error("duties are known for epochs {first} to {last} only")]
    EpochOutOfRange {
        /// First epoch.
        first: Epoch,
        /// Last epoch.
        last: Epoch,
    },
}

impl Rejection {
    /// Whether publishing this got a validator slashed on a real chain.
    pub fn is_slashable(&self) -> bool {
        matches!(self, Rejection::Slashable { .. })
    }
}
