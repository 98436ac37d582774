//! Everything that can happen to a node, on one screen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{
    AggregatorQuery, Attestation, AttestationData, AttesterDuty, BeaconCommitteeSelection, CommitteeIndex,
    Epoch, Proposal, Root, SignatureBytes, SignedAggregateAndProof, SignedContributionAndProof,
    SignedProposal, SignedVoluntaryExit, SingleAttestation, Slot, SubcommitteeIndex,
    SyncCommitteeContribution, SyncCommitteeMessage, SyncCommitteeSelection, ValidatorIndex,
};
use qbft::{Hash, PeerIndex};
use slashing::{Behind, Permit, Refusal};

use crate::{ConsensusMessage, Duty, Hello, HelloId, PartialSet, Seat, Testimony, Value};

/// What goes into [`crate::Engine::step`].
#[derive(Debug)]
pub enum Input {
    /// Nothing but time has passed.
    Tick,

    /// The duties of an epoch, as the beacon node tells them.
    Resolved(EpochDuties),
    /// The beacon node could not tell the duties of the epoch.
    ResolveFailed(Epoch),
    /// The beacon node has a new head.
    Head(Head),
    /// What this node's beacon node would have the cluster agree on.
    Fetched {
        /// The duty it was fetched for.
        duty: Duty,
        /// The value.
        value: Value,
    },
    /// The beacon node could not say what to agree on.
    FetchFailed {
        /// The duty it was fetched for.
        duty: Duty,
    },
    /// Whether the beacon node knows the parent of a proposed block.
    ParentChecked {
        /// The duty that asked.
        duty: Duty,
        /// The parent's root.
        parent: Root,
        /// Whether it is known.
        known: bool,
    },
    /// The beacon node took, or refused, a publication.
    Published {
        /// The duty that was published.
        duty: Duty,
        /// Whom it was published for.
        seats: Vec<Seat>,
        /// Whether the beacon node took it.
        accepted: bool,
    },

    /// A verified consensus message; our own come back this way once signed.
    Consensus(ConsensusMessage),
    /// Partial signatures of a peer, not verified.
    Partials {
        /// The peer they came from, authenticated by the connection.
        from: PeerIndex,
        /// The signatures.
        set: PartialSet,
    },
    /// A connection to the peer stands.
    Connected(PeerIndex),
    /// The last connection to the peer is gone.
    Disconnected(PeerIndex),
    /// The peer told what it can read.
    PeerTold {
        /// The peer.
        peer: PeerIndex,
        /// Whether it reads values with several contributions of one validator (charon-wire 4.8).
        reads_plural_contributions: bool,
    },

    /// The validator client asks for something to sign.
    Ask {
        /// Names the request in the answer.
        request: RequestId,
        /// What it asks for.
        question: Question,
    },
    /// The validator client hands in partial signatures.
    Submit {
        /// Names the request in the answer.
        request: RequestId,
        /// What it hands in.
        submission: Submission,
    },

    /// What the ledger would say to a value; nothing was recorded.
    Consulted {
        /// The duty that asked.
        duty: Duty,
        /// The value judged.
        value: Hash,
        /// Validators that may not sign it, with the reason.
        refused: Vec<(GroupKey, Refusal)>,
    },
    /// The ledger's decision on the decided value; what it grants is on disk.
    Permitted {
        /// The duty that asked.
        duty: Duty,
        /// The permit, or why there is none.
        permit: Result<Permit, Refusal>,
    },
    /// A peer says who it is; answer with [`crate::Output::Testify`].
    Hello {
        /// The peer, authenticated by the connection.
        from: PeerIndex,
        /// Names the hello in the answer.
        id: HelloId,
        /// What it says.
        hello: Hello,
    },
    /// A peer's answer to [`crate::Output::Hello`].
    Witnessed {
        /// The peer, authenticated by the connection.
        from: PeerIndex,
        /// What it says.
        testimony: Testimony,
    },
    /// The peer is connected, but does not speak the witness's protocol.
    WitnessUnsupported(PeerIndex),
    /// The outcome of [`crate::Output::FastForward`]: the validators whose floors were raised, on disk.
    FastForwarded(Result<Vec<Behind>, Refusal>),

    /// The outcome of [`crate::Output::Verify`].
    Verified {
        /// The job.
        job: JobId,
        /// By item: whether the signature is good.
        good: Vec<bool>,
    },
    /// The outcome of [`crate::Output::Combine`].
    Combined {
        /// The job.
        job: JobId,
        /// By item.
        outcomes: Vec<Combination>,
    },
}

/// Names a validator client's request, so that its answer finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Names a job given to a worker, so that its outcome finds its duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The duties of the cluster's validators in one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochDuties {
    /// The epoch.
    pub epoch: Epoch,
    /// The block that fixes the attester duties; a change of it means new duties.
    pub attester_dependent_root: Root,
    /// Attesting validators of the cluster; `pubkey` is the group key.
    pub attesters: Vec<AttesterDuty>,
    /// The block that fixes the proposers; a change of it means other proposers.
    pub proposer_dependent_root: Root,
    /// Proposing validators of the cluster.
    pub proposers: Vec<ProposerSlot>,
    /// Sync committee members of the cluster, those included that have left the validator set since.
    pub sync_members: Vec<SyncMember>,
    /// The cluster's validators on the chain.
    pub validators: BTreeMap<ValidatorIndex, GroupKey>,
}

/// A validator of the cluster that sits in the sync committee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncMember {
    /// The validator.
    pub key: GroupKey,
    /// Its index.
    pub validator: ValidatorIndex,
    /// The subcommittees it sits in.
    pub subcommittees: BTreeSet<SubcommitteeIndex>,
}

/// A validator of the cluster that proposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposerSlot {
    /// When.
    pub slot: Slot,
    /// The validator.
    pub key: GroupKey,
    /// Its index.
    pub validator: ValidatorIndex,
}

/// A head event of the beacon node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The head block's slot.
    pub slot: Slot,
    /// The head block.
    pub root: Root,
    /// Fixes the duties of the head's epoch.
    pub previous_dependent_root: Root,
    /// Fixes the duties of the epoch after the head's.
    pub current_dependent_root: Root,
}

/// What a validator client can ask for.
#[derive(Clone, Debug)]
pub enum Question {
    /// Data to attest to.
    AttestationData {
        /// The slot to attest in.
        slot: Slot,
        /// The committee; 0 stands for all since Electra.
        committee: CommitteeIndex,
    },
    /// A block to sign.
    Block {
        /// The slot to propose in.
        slot: Slot,
        /// The client's partial RANDAO reveal.
        randao_reveal: SignatureBytes,
    },
    /// An aggregate to sign.
    Aggregate {
        /// The slot attested in.
        slot: Slot,
        /// Root of the attestation data.
        data_root: Root,
        /// The committee.
        committee: CommitteeIndex,
    },
    /// A contribution to sign.
    Contribution {
        /// The slot.
        slot: Slot,
        /// The subcommittee.
        subcommittee: SubcommitteeIndex,
        /// The block its members signed.
        block: Root,
    },
    /// Complete selection proofs for these partial ones, which are handed in thereby.
    CommitteeSelections(Vec<BeaconCommitteeSelection>),
    /// The same for sync subcommittees.
    SyncSelections(Vec<SyncCommitteeSelection>),
    /// Who of these aggregates, told from complete selection proofs; the partial ones are handed in thereby.
    Aggregators(Vec<AggregatorQuery>),
}

/// What a validator client can hand in.
#[derive(Clone, Debug)]
pub enum Submission {
    /// Attestations signed with shares.
    Attestations(Vec<SingleAttestation>),
    /// A block signed with a share.
    Block(Box<SignedProposal>),
    /// Aggregates signed with shares.
    Aggregates(Vec<SignedAggregateAndProof>),
    /// Sync committee messages signed with shares.
    SyncMessages(Vec<SyncCommitteeMessage>),
    /// Contributions signed with shares.
    Contributions(Vec<SignedContributionAndProof>),
    /// An exit signed with a share.
    Exit(SignedVoluntaryExit),
}

/// What became of one item of a combine job.
#[derive(Clone, Debug)]
pub struct Combination {
    /// The group signature, verified under the group key; none when too few good partials are there.
    pub signature: Option<SignatureBytes>,
    /// Shares whose partial signature was wrong.
    pub culprits: Vec<ShareIndex>,
}

/// What a validator client is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Data to attest to.
    AttestationData(AttestationData),
    /// A block to sign.
    Block(Arc<Proposal>),
    /// An aggregate to sign.
    Aggregate(Box<Attestation>),
    /// A contribution to sign.
    Contribution(Box<SyncCommitteeContribution>),
    /// The complete selection proofs that are there, in the order of the question.
    CommitteeSelections(Vec<BeaconCommitteeSelection>),
    /// The same for sync subcommittees.
    SyncSelections(Vec<SyncCommitteeSelection>),
    /// By item of the question: whether the validator aggregates.
    Aggregators(Vec<bool>),
    /// By item of the submission.
    Received(Vec<Result<(), crate::Reason>>),
    /// The question has no answer.
    Refused(crate::Reason),
}
