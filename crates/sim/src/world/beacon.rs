//! The beacon nodes through which each node sees the chain, and what they would have the cluster agree on.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use duty::{AttesterDatum, Content, Duty, Fetch, Value, WantedContribution};
use eth::{
    Address, Attestation, AttestationData, AttesterDuty, CommitteeIndex, Container, Preset, Root,
    SignatureBytes, Slot, SubcommitteeIndex, SyncCommitteeContribution,
};
use qbft::Hash;

use super::chain::{Chain, FEE_RECIPIENT, block_root};
use super::fake::hash;

/// A beacon node: how it answers, and which of several truths it sees.
#[derive(Clone, Debug)]
pub struct Beacon {
    /// Whether it answers at all.
    pub is_up: bool,
    /// How long it takes to answer.
    pub delay_ms: i64,
    /// Which head it sees; honest nodes may differ.
    pub head: u8,
    /// Which checkpoints it sees.
    pub fork: u8,
    /// Which duties it knows, if not the right ones.
    pub shuffling: Option<u64>,
    /// Where the fees of its blocks go.
    pub fee_recipient: Address,
    /// Whether it has the blocks that others build on.
    pub knows_parents: bool,
    /// Whether it has aggregates and contributions.
    pub aggregates: bool,
    /// Votes in its aggregates.
    pub votes: usize,
    /// Members in its contributions.
    pub participants: usize,
}

impl Default for Beacon {
    fn default() -> Beacon {
        Beacon {
            is_up: true,
            delay_ms: 20,
            head: 0,
            fork: 0,
            shuffling: None,
            fee_recipient: FEE_RECIPIENT,
            knows_parents: true,
            aggregates: true,
            votes: 30,
            participants: 6,
        }
    }
}

impl Chain {
    /// What the beacon node would have the cluster agree on; none when it does not have it.
    pub fn value(&self, duty: Duty, what: &Fetch, beacon: &Beacon) -> Option<Value> {
        let content = match what {
            Fetch::Attestation(duties) => {
                let data = self.attestation_data(duty.slot, beacon);
                let datum =
                    |duty: &AttesterDuty| (GroupKey(duty.pubkey), AttesterDatum { data, duty: *duty });
                Content::Attester(duties.iter().map(datum).collect())
            }
            Fetch::Block { key, randao_reveal } => {
                let parent = block_root(Slot(duty.slot.0.saturating_sub(1)), beacon.head);
                let block = self.block(duty.slot, *randao_reveal, parent, beacon.fee_recipient);
                Content::Proposer { key: *key, proposal: Arc::new(block) }
            }
            Fetch::Aggregates { data_root, committees } if beacon.aggregates => {
                let data = self.attested(duty.slot, *data_root)?;
                let one = |committee| aggregate(self.spec.preset, data, committee, self.bits(beacon.votes));
                let of_committee = |(committee, keys): (&CommitteeIndex, &Vec<GroupKey>)| {
                    keys.iter().map(|key| (*key, one(*committee))).collect::<Vec<_>>()
                };
                Content::Aggregator(Arc::new(committees.iter().flat_map(of_committee).collect()))
            }
            Fetch::Contributions(wanted) if beacon.aggregates => {
                let mut set: BTreeMap<GroupKey, Vec<SyncCommitteeContribution>> = BTreeMap::new();
                for WantedContribution { key, subcommittee, block } in wanted {
                    let one = contribution(duty.slot, *block, *subcommittee, beacon.participants);
                    set.entry(*key).or_default().push(one);
                }
                Content::SyncContribution(Arc::new(set))
            }
            Fetch::Aggregates { .. } | Fetch::Contributions(_) => return None,
        };
        Some(value(content))
    }

    /// What somebody on the chain attested to, by its root.
    fn attested(&self, slot: Slot, data_root: Root) -> Option<AttestationData> {
        let views = (0..3).flat_map(|head| (0..2).map(move |fork| (head, fork)));
        let mut seen = views
            .map(|(head, fork)| self.attestation_data(slot, &Beacon { head, fork, ..Beacon::default() }));
        seen.find(|data| data.root() == data_root)
    }

    fn bits(&self, votes: usize) -> Vec<bool> {
        let length = usize::try_from(self.attester(0, Slot(0)).committee_length).expect("a small one");
        (0..length).map(|place| place < votes).collect()
    }
}

/// The aggregate of a committee in which these members voted.
pub fn aggregate(
    preset: Preset,
    data: AttestationData,
    committee: CommitteeIndex,
    bits: Vec<bool>,
) -> Attestation {
    Attestation::of_committee(preset, committee, &bits, data, SignatureBytes([7; 96]))
        .expect("the committee exists")
}

/// The contribution of a subcommittee in which so many members signed.
pub fn contribution(
    slot: Slot,
    block: Root,
    subcommittee: SubcommitteeIndex,
    participants: usize,
) -> SyncCommitteeContribution {
    let places: Vec<usize> = (0..participants).collect();
    let signature = SignatureBytes([8; 96]);
    SyncCommitteeContribution::new(Preset::Minimal, slot, block, subcommittee, &places, signature)
        .expect("a subcommittee has eight places")
}

/// A value as the wire would make it.
pub fn value(content: Content) -> Value {
    let bytes: Vec<u8> = match &content {
        Content::Attester(set) => {
            let entry = |(key, datum): (&GroupKey, &AttesterDatum)| {
                [key.0.0.to_vec(), datum.data.to_ssz(), datum.duty.to_ssz()].concat()
            };
            set.iter().flat_map(entry).collect()
        }
        Content::Proposer { key, proposal } => [&key.0.0, proposal.to_ssz()].concat(),
        Content::Aggregator(set) => {
            set.iter().flat_map(|(key, aggregate)| [key.0.0.to_vec(), aggregate.to_ssz()].concat()).collect()
        }
        Content::SyncContribution(set) => {
            let entry = |(key, contributions): (&GroupKey, &Vec<SyncCommitteeContribution>)| {
                let contributions = contributions.iter().flat_map(SyncCommitteeContribution::to_ssz);
                key.0.0.into_iter().chain(contributions).collect::<Vec<u8>>()
            };
            set.iter().flat_map(entry).collect()
        }
    };
    Value { hash: Hash(hash(&[&bytes])), content, bytes: bytes.into() }
}
