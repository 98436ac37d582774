//! Aggregates that wait for a block, as aggregators handed them in.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bls::Signature;
use eth::{AttestationData, CommitteeIndex, SignatureBytes, Slot, ValidatorIndex};

use super::super::forge::Aggregate;
use super::super::schedule::Committees;

/// Accepted aggregates by slot, vote and committee.
#[derive(Debug, Default)]
pub(crate) struct AggregatePool {
    votes: BTreeMap<Slot, BTreeMap<AttestationData, ByCommittee>>,
}

type ByCommittee = BTreeMap<CommitteeIndex, Vec<Part>>;

/// A committee's votes.
#[derive(Debug)]
struct Part {
    bits: Vec<bool>,
    signature: Signature,
}

impl AggregatePool {
    /// Takes an aggregate that is right. Aggregators mostly hand in the same.
    pub(crate) fn add(
        &mut self,
        data: AttestationData,
        committee: CommitteeIndex,
        bits: Vec<bool>,
        signature: Signature,
    ) {
        let parts = self.votes.entry(data.slot).or_default().entry(data).or_default();
        let parts = parts.entry(committee).or_default();
        if parts.iter().all(|part| part.bits != bits) {
            parts.push(Part { bits, signature });
        }
    }

    /// Drops what no block may include any more.
    pub(crate) fn forget_before(&mut self, slot: Slot) {
        self.votes = self.votes.split_off(&slot);
    }

    /// The votes of `slots`, the latest first, each joined from its committees' aggregates (EIP-7549): of each committee
    /// the one with the most voters that `wanted` lets through.
    pub(crate) fn joined(
        &self,
        slots: Range<Slot>,
        committees: impl Fn(Slot) -> Arc<Committees>,
        wanted: impl Fn(&AttestationData, ValidatorIndex) -> bool,
    ) -> Vec<Aggregate> {
        let votes = self.votes.range(slots).rev().flat_map(|(_, votes)| votes);
        votes
            .filter_map(|(data, parts)| {
                let committees = committees(data.slot);
                let gain = |committee: CommitteeIndex, part: &Part| {
                    let voters = part.bits.iter().zip(committees.members(data.slot, committee));
                    voters.filter(|(bit, voter)| **bit && wanted(data, **voter)).count()
                };
                let best = parts.iter().filter_map(|(committee, parts)| {
                    let gains = parts.iter().map(|part| (gain(*committee, part), part));
                    let (gain, best) = gains.max_by_key(|(gain, _)| *gain)?;
                    (gain > 0).then_some((*committee, best))
                });
                join(*data, &best.collect::<Vec<_>>())
            })
            .collect()
    }
}

fn join(data: AttestationData, parts: &[(CommitteeIndex, &Part)]) -> Option<Aggregate> {
    let signatures: Vec<Signature> = parts.iter().map(|(_, part)| part.signature).collect();
    let signature = bls::aggregate(&signatures).ok()?;
    Some(Aggregate {
        data,
        committees: parts.iter().map(|(committee, _)| *committee).collect(),
        bits: parts.iter().flat_map(|(_, part)| part.bits.iter().copied()).collect(),
        signature: SignatureBytes(signature.to_bytes()),
    })
}
