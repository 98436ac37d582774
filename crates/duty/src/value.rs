//! What the cluster agrees on.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use cluster::GroupKey;
use eth::{Attestation, AttestationData, AttesterDuty, Proposal, SyncCommitteeContribution};
use qbft::Hash;

/// A consensus value: its content, and its hash as the wire defines it.
///
/// Whoever makes one (the wire, when it decodes; the node, when it has fetched) vouches that hash, bytes and content
/// belong together; the engine never hashes.
#[derive(Clone, Debug)]
pub struct Value {
    /// The hash the consensus messages name.
    pub hash: Hash,
    /// What it means.
    pub content: Content,
    /// Its encoding, sent to peers as it is; the engine never reads it.
    pub bytes: Arc<[u8]>,
}

/// The meaning of a consensus value.
#[derive(Clone, Debug)]
pub enum Content {
    /// Attestation data for each validator of the cluster that attests in the slot.
    Attester(AttesterSet),
    /// The block of the one validator that proposes in the slot.
    Proposer {
        /// The proposing validator.
        key: GroupKey,
        /// Its block, not yet signed.
        proposal: Arc<Proposal>,
    },
    /// The aggregate of its committee for each validator of the cluster that aggregates in the slot.
    Aggregator(AggregateSet),
    /// The contributions for each validator of the cluster that aggregates sync messages in the slot, by ascending
    /// subcommittee.
    SyncContribution(ContributionSet),
}

impl Content {
    /// How many validators it is for.
    pub fn validators(&self) -> usize {
        match self {
            Content::Attester(set) => set.len(),
            Content::Proposer { .. } => 1,
            Content::Aggregator(set) => set.len(),
            Content::SyncContribution(set) => set.len(),
        }
    }
}

/// Aggregates by aggregating validator. Cheap to clone.
pub type AggregateSet = Arc<BTreeMap<GroupKey, Attestation>>;

/// Contributions by aggregating validator, those of one by ascending subcommittee. Cheap to clone.
pub type ContributionSet = Arc<BTreeMap<GroupKey, Vec<SyncCommitteeContribution>>>;

/// Attestation data by validator. Cheap to clone: a value is passed on with every message that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttesterSet(Arc<BTreeMap<GroupKey, AttesterDatum>>);

impl Deref for AttesterSet {
    type Target = BTreeMap<GroupKey, AttesterDatum>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<BTreeMap<GroupKey, AttesterDatum>> for AttesterSet {
    fn from(set: BTreeMap<GroupKey, AttesterDatum>) -> AttesterSet {
        AttesterSet(Arc::new(set))
    }
}

impl FromIterator<(GroupKey, AttesterDatum)> for AttesterSet {
    fn from_iter<I: IntoIterator<Item = (GroupKey, AttesterDatum)>>(data: I) -> AttesterSet {
        AttesterSet(Arc::new(data.into_iter().collect()))
    }
}

/// What one validator attests to, and as which committee member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttesterDatum {
    /// The data to sign.
    pub data: AttestationData,
    /// The validator's place in the slot's committees; `pubkey` is the group key.
    pub duty: AttesterDuty,
}

/// A verified consensus message, with the values that it and its justification name.
#[derive(Clone, Debug)]
pub struct ConsensusMessage {
    /// The instance it belongs to.
    pub duty: crate::Duty,
    /// What it says.
    pub message: qbft::Message,
    /// The preimages of every hash in it.
    pub values: Vec<Value>,
}
