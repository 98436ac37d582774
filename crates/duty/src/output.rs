//! Everything a node can be made to do, on one screen.

use std::collections::BTreeMap;
use std::fmt;

use bls::ShareIndex;
use cluster::GroupKey;
use eth::{
    AttesterDuty, CommitteeIndex, Epoch, Root, SignatureBytes, SignedAggregateAndProof,
    SignedContributionAndProof, SignedProposal, SignedVoluntaryExit, SingleAttestation, SubcommitteeIndex,
    SyncCommitteeMessage,
};
use qbft::{Draft, Hash, PeerIndex, Round};
use slashing::{Request, Watermark};

use crate::{
    Answer, Duty, Ground, Hello, HelloId, JobId, Life, PartialSet, Reason, RequestId, Seat, Sightings,
    Standing, Testimony, Value,
};

/// What comes out of [`crate::Engine::step`].
#[derive(Debug)]
pub enum Output {
    /// Ask the beacon node for the duties of the epoch; answer with `Resolved` or `ResolveFailed`.
    Resolve(Epoch),
    /// Ask the beacon node what to agree on; answer with `Fetched` or `FetchFailed`.
    Fetch {
        /// For this duty.
        duty: Duty,
        /// What is needed to ask.
        what: Fetch,
    },
    /// Give the beacon nodes the registrations with builders that the cluster's lock holds, once more.
    Register(Epoch),
    /// Ask the beacon node whether it knows the block; answer with `ParentChecked`.
    CheckParent {
        /// For this duty.
        duty: Duty,
        /// The block.
        parent: Root,
    },
    /// Give a complete signature to the beacon node, until it takes it or the duty expires; answer with `Published`.
    Publish {
        /// The duty.
        duty: Duty,
        /// Whom it is for, in the order of what is published.
        seats: Vec<Seat>,
        /// What to publish.
        what: Publication,
    },

    /// Sign a consensus message and send it. One to all comes back as `Consensus` at once.
    Send {
        /// Who gets it.
        to: To,
        /// The instance.
        duty: Duty,
        /// What it says.
        draft: Draft,
        /// The values it names.
        values: Vec<Value>,
    },
    /// Send partial signatures of our own.
    SendPartials {
        /// Who gets them.
        to: To,
        /// The signatures.
        set: PartialSet,
    },

    /// Say hello to a peer; answer with `Witnessed`, or `WitnessUnsupported`, or not at all.
    Hello {
        /// The peer.
        to: PeerIndex,
        /// What to say.
        hello: Hello,
    },
    /// Answer a peer's hello.
    Testify {
        /// The hello.
        hello: HelloId,
        /// What to say.
        testimony: Testimony,
    },
    /// Raise the ledger's floors where peers have seen more than it holds; answer with `FastForwarded`.
    FastForward(Vec<(GroupKey, Watermark)>),
    /// Keep what was seen of peers for the next life, at leisure: losing it makes a weaker witness, no more.
    Remember(Sightings),

    /// Answer a validator client.
    Answer {
        /// The request.
        request: RequestId,
        /// The answer.
        answer: Answer,
    },

    /// Ask the ledger what it would say, recording nothing; answer with `Consulted`.
    Consult {
        /// For this duty.
        duty: Duty,
        /// The value being judged.
        value: Hash,
        /// What would be signed.
        request: Request,
    },
    /// Ask the ledger's permit; answer with `Permitted`.
    Permit {
        /// For this duty.
        duty: Duty,
        /// What will be signed.
        request: Request,
    },
    /// Verify signatures; answer with `Verified`.
    Verify {
        /// Names the job.
        job: JobId,
        /// The signatures.
        items: Vec<Verify>,
    },
    /// Combine partial signatures and verify the results; answer with `Combined`.
    Combine {
        /// Names the job.
        job: JobId,
        /// What to combine.
        items: Vec<Combine>,
    },

    /// Something to count or to log.
    Notice(Notice),
}

/// Who gets a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Every other peer.
    All,
    /// One peer.
    Peer(PeerIndex),
}

/// What is needed to ask a beacon node for a value.
#[derive(Clone, Debug)]
pub enum Fetch {
    /// Attestation data for these validators; `pubkey` is the group key.
    Attestation(Vec<AttesterDuty>),
    /// A block.
    Block {
        /// The proposing validator.
        key: GroupKey,
        /// Its complete RANDAO reveal.
        randao_reveal: SignatureBytes,
    },
    /// Aggregates of the attestations for what the cluster decided.
    Aggregates {
        /// Root of the decided attestation data.
        data_root: Root,
        /// The committees, and who aggregates in each.
        committees: BTreeMap<CommitteeIndex, Vec<GroupKey>>,
    },
    /// Contributions of sync subcommittees.
    Contributions(Vec<WantedContribution>),
}

/// A contribution to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedContribution {
    /// For this aggregator.
    pub key: GroupKey,
    /// Of this subcommittee.
    pub subcommittee: SubcommitteeIndex,
    /// For this block.
    pub block: Root,
}

/// What is published.
#[derive(Clone, Debug)]
pub enum Publication {
    /// Attestations with group signatures.
    Attestations(Vec<SingleAttestation>),
    /// A block with its group signature.
    Block(Box<SignedProposal>),
    /// Aggregates with group signatures.
    Aggregates(Vec<SignedAggregateAndProof>),
    /// Sync committee messages with group signatures.
    SyncMessages(Vec<SyncCommitteeMessage>),
    /// Contributions with group signatures.
    Contributions(Vec<SignedContributionAndProof>),
    /// An exit with its group signature.
    Exit(SignedVoluntaryExit),
}

/// A signature to verify.
#[derive(Clone, Copy, Debug)]
pub struct Verify {
    /// The validator.
    pub key: GroupKey,
    /// Its share, or the validator's own key where there is none.
    pub share: Option<ShareIndex>,
    /// The 32 bytes that are signed.
    pub signing_root: Root,
    /// The signature.
    pub signature: SignatureBytes,
}

/// Partial signatures to combine.
#[derive(Clone, Debug)]
pub struct Combine {
    /// The validator.
    pub key: GroupKey,
    /// The 32 bytes that are signed.
    pub signing_root: Root,
    /// At least a threshold of partial signatures of distinct shares.
    pub partials: Vec<(ShareIndex, SignatureBytes)>,
}

/// What is worth counting or logging. None of it steers anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The duty's instance began.
    Started(Duty),
    /// A round timed out.
    RoundTimeout {
        /// The duty.
        duty: Duty,
        /// The round that ended.
        round: Round,
        /// Its leader.
        leader: PeerIndex,
        /// What was waited for.
        missing: qbft::Missing,
    },
    /// The cluster agreed.
    Decided {
        /// The duty.
        duty: Duty,
        /// The round of the decision.
        round: Round,
        /// Its leader.
        leader: PeerIndex,
        /// Time since this node started the instance, in nanoseconds; none when it never did.
        duration_ns: Option<i64>,
    },
    /// A leader's value was refused.
    ValueRefused {
        /// The duty.
        duty: Duty,
        /// The round of the proposal.
        round: Round,
        /// Its leader.
        leader: PeerIndex,
        /// Why.
        reason: Reason,
    },
    /// The ledger refused some of the decided value.
    SigningRefused {
        /// The duty.
        duty: Duty,
        /// The validator, where the refusal is about one.
        key: Option<GroupKey>,
        /// Why.
        refusal: slashing::Refusal,
    },
    /// A peer did something that an honest peer does not.
    Fault {
        /// The peer.
        peer: PeerIndex,
        /// The duty it concerned.
        duty: Duty,
        /// What it did.
        why: Why,
    },
    /// Partial signatures arrived from a share.
    PartialsStored {
        /// The duty.
        duty: Duty,
        /// The share.
        share: ShareIndex,
        /// How many.
        count: usize,
    },
    /// The members' validator clients signed different head blocks.
    HeadsDiffered {
        /// The duty.
        duty: Duty,
        /// How many different ones.
        heads: usize,
    },
    /// Group signatures were completed.
    Aggregated {
        /// The duty.
        duty: Duty,
        /// How many.
        count: usize,
    },
    /// A validator is expected to do the duty.
    Expected {
        /// The duty.
        duty: Duty,
        /// The validator.
        key: GroupKey,
    },
    /// A duty of one validator is over.
    Over(DutyReport),
    /// The ledger may be used from now on, as soon as it knows what peers have seen.
    LedgerTrusted(Ground),
    /// The ledger is not the one that was written last: peers have seen signatures that it does not hold. Its floors
    /// are above them now.
    LedgerBehind {
        /// Of how many validators.
        validators: usize,
        /// The highest the ledger held of them.
        ledger: Watermark,
        /// The highest that was seen of them.
        seen: Watermark,
        /// The peers that have seen it.
        peers: Vec<PeerIndex>,
    },
    /// A peer claims to have seen what this node cannot have signed yet.
    FalseTestimony(PeerIndex),
    /// What peers say of this node running twice is another than before.
    RunsTwice {
        /// What it amounts to.
        standing: Standing,
        /// The peers that say so.
        peers: Vec<PeerIndex>,
        /// The oldest other life.
        other: Option<Life>,
    },
    /// A peer runs twice: two of its lives are alive.
    PeerRunsTwice {
        /// The peer.
        peer: PeerIndex,
        /// The life that began first.
        older: Life,
        /// The other.
        newer: Life,
    },
    /// It does no longer.
    PeerRunsOnce(PeerIndex),
}

/// What a peer did that an honest peer does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It broke a rule of consensus.
    Consensus(qbft::Why),
    /// It named more values than there are leaders.
    TooManyValues,
    /// It signed for a validator that is not the cluster's.
    ForeignValidator,
    /// It sent another peer's share.
    ForeignShare,
    /// It signed something else than the duty.
    OtherDuty,
    /// Its share signed twice, or wrongly before.
    ConflictingPartial,
    /// It keeps signing exits of one validator.
    TooManyExits,
    /// Its partial signature is wrong.
    WrongPartial,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Consensus(why) => write!(f, "broke a rule of consensus: {why:?}"),
            Why::TooManyValues => f.write_str("named more values than there are leaders"),
            Why::ForeignValidator => f.write_str("signed for a validator of another cluster"),
            Why::ForeignShare => f.write_str("sent a share that is not its own"),
            Why::OtherDuty => f.write_str("signed something else than the duty"),
            Why::ConflictingPartial => f.write_str("signed two different things for one duty"),
            Why::TooManyExits => f.write_str("signed too many exits of one validator"),
            Why::WrongPartial => f.write_str("sent a wrong partial signature"),
        }
    }
}

/// What became of one validator's duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutyReport {
    /// The duty.
    pub duty: Duty,
    /// The validator.
    pub key: GroupKey,
    /// None when it was published; otherwise why it was not.
    pub missed: Option<Reason>,
    /// Shares whose partial signature arrived.
    pub participants: Vec<ShareIndex>,
    /// Peers from which none arrived, this node among them.
    pub absent: Vec<PeerIndex>,
}
