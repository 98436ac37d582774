//! Attestations that wait for a block.

mod aggregates;
mod sync;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use bls::Signature;
use eth::{AttestationData, CommitteeIndex, Container, Root, SignatureBytes, Slot, ValidatorIndex};

pub(crate) use aggregates::AggregatePool;
pub(crate) use sync::{Part, SyncPool};

use super::forge::Aggregate;
use super::schedule::Committees;

/// Accepted attestations by slot and vote.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    votes: BTreeMap<Slot, BTreeMap<AttestationData, BTreeMap<ValidatorIndex, Signature>>>,
}

impl Pool {
    /// Takes an attestation whose signature is right.
    pub(crate) fn add(&mut self, validator: ValidatorIndex, data: AttestationData, signature: Signature) {
        self.votes.entry(data.slot).or_default().entry(data).or_default().insert(validator, signature);
    }

    /// Drops what no block may include any more.
    pub(crate) fn forget_before(&mut self, slot: Slot) {
        self.votes = self.votes.split_off(&slot);
    }

    /// The votes of `slots`, the latest first, each joined from those of its voters that `wanted` lets through.
    pub(crate) fn aggregates(
        &self,
        slots: Range<Slot>,
        committees: impl Fn(Slot) -> Arc<Committees>,
        wanted: impl Fn(&AttestationData, ValidatorIndex) -> bool,
    ) -> Vec<Aggregate> {
        let votes = self.votes.range(slots).rev().flat_map(|(_, votes)| votes);
        votes
            .filter_map(|(data, voters)| {
                let new = |(voter, _): &(&ValidatorIndex, _)| wanted(data, **voter);
                let new: BTreeMap<ValidatorIndex, &Signature> =
                    voters.iter().filter(new).map(|(voter, signature)| (*voter, signature)).collect();
                join(*data, &new, &committees(data.slot))
            })
            .collect()
    }

    /// The vote with that root, if anybody cast it.
    pub(crate) fn vote(&self, slot: Slot, data_root: Root) -> Option<AttestationData> {
        self.votes.get(&slot)?.keys().find(|data| data.root() == data_root).copied()
    }

    /// Who of a committee's members cast a vote, a bit for each, and the sum of their signatures; unless nobody did.
    pub(crate) fn gather(
        &self,
        data: &AttestationData,
        members: &[ValidatorIndex],
    ) -> Option<(Vec<bool>, SignatureBytes)> {
        let voters = self.votes.get(&data.slot)?.get(data)?;
        let signatures = members.iter().filter_map(|member| voters.get(member).copied());
        let signature = bls::aggregate(&signatures.collect::<Vec<_>>()).ok()?;
        let bits = members.iter().map(|member| voters.contains_key(member)).collect();
        Some((bits, SignatureBytes(signature.to_bytes())))
    }
}

fn join(
    data: AttestationData,
    voters: &BTreeMap<ValidatorIndex, &Signature>,
    committees: &Committees,
) -> Option<Aggregate> {
    let places = voters.keys().filter_map(|voter| committees.place(*voter));
    let concerned: BTreeSet<CommitteeIndex> = places.map(|place| place.committee).collect();
    let members = concerned.iter().flat_map(|committee| committees.members(data.slot, *committee));
    let bits = members.map(|member| voters.contains_key(member)).collect();
    let signatures: Vec<Signature> = voters.values().map(|signature| **signature).collect();
    let signature = bls::aggregate(&signatures).ok()?;
    Some(Aggregate {
        data,
        committees: concerned.into_iter().collect(),
        bits,
        signature: SignatureBytes(signature.to_bytes()),
    })
}
