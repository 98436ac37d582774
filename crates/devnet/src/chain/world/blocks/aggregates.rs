//! Judging the attestations in a block.

use std::collections::{BTreeMap, BTreeSet};

use eth::{Container, DomainType, Epoch, Slot, ValidatorIndex, signing_root};

use super::super::super::finality::Finality;
use super::super::super::forge::{Aggregate, Content};
use super::super::super::rejection::Rejection;
use super::super::super::tree::Block;
use super::super::World;
use super::super::statement::Claim;
use super::BlockChecks;

/// The votes in a block.
#[derive(Default)]
pub(super) struct Votes {
    /// Who voted for the right checkpoint of an epoch.
    pub(super) targets: BTreeMap<Epoch, BTreeSet<ValidatorIndex>>,
    /// Who voted at all, in which slot.
    pub(super) included: Vec<(Slot, ValidatorIndex)>,
}

impl World {
    /// Who voted what in this block (`process_attestation`), or which attestation is wrong.
    pub(super) fn check_aggregates(
        &self,
        slot: Slot,
        content: &Content,
        checks: &BlockChecks,
        parent: &Block,
        finality: &Finality,
    ) -> Result<Votes, Rejection> {
        let mut votes = Votes::default();
        for (position, aggregate) in content.aggregates.iter().enumerate() {
            let wrong = |why| Rejection::WrongAttestation { position, why };
            let voters = self.voters(aggregate).ok_or_else(|| wrong("its bits fit no committees"))?;
            if checks.aggregates.get(position) != Some(&true) {
                return Err(wrong("its signature is not its voters'"));
            }
            if !self.may_include(slot, aggregate, finality) {
                return Err(wrong("its slot, source or target epoch is not for this block"));
            }
            if self.tree.block(&aggregate.data.beacon_block_root).is_none() {
                return Err(wrong("its head is not known"));
            }
            self.count(&mut votes, aggregate, voters, parent);
        }
        Ok(votes)
    }

    fn count(&self, votes: &mut Votes, aggregate: &Aggregate, voters: Vec<ValidatorIndex>, parent: &Block) {
        let target = aggregate.data.target;
        if self.tree.checkpoint(&parent.root, target.epoch) == Some(target) {
            votes.targets.entry(target.epoch).or_default().extend(&voters);
        }
        votes.included.extend(voters.into_iter().map(|voter| (aggregate.data.slot, voter)));
    }

    /// Whether a block of that slot may include the vote, the state before it being `finality`.
    pub(in crate::chain::world) fn may_include(
        &self,
        slot: Slot,
        aggregate: &Aggregate,
        finality: &Finality,
    ) -> bool {
        let data = &aggregate.data;
        let epoch = self.spec.epoch_of(slot);
        let this_epoch = data.target.epoch == epoch;
        let last_epoch = data.target.epoch.0.checked_add(1) == Some(epoch.0);
        let source = if this_epoch { finality.current_justified } else { finality.previous_justified };
        (this_epoch || last_epoch)
            && data.slot < slot
            && data.index.0 == 0
            && self.spec.epoch_of(data.slot) == data.target.epoch
            && data.source == source
    }

    pub(super) fn aggregate_claim(&self, aggregate: &Aggregate) -> Option<Claim> {
        let voters = self.voters(aggregate)?;
        let domain = self.spec.domain(DomainType::BeaconAttester, aggregate.data.target.epoch);
        Some(Claim {
            keys: voters.iter().map(|voter| self.key(*voter).ok()).collect::<Option<_>>()?,
            root: signing_root(aggregate.data.root(), domain),
            signature: aggregate.signature,
        })
    }

    /// Whose bits are set, if there are as many bits as members and every committee has a voter.
    pub(in crate::chain::world) fn voters(&self, aggregate: &Aggregate) -> Option<Vec<ValidatorIndex>> {
        let committees = self.committees(aggregate.data.slot);
        let mut bits = aggregate.bits.iter();
        let mut voters = Vec::new();
        for committee in &aggregate.committees {
            let before = voters.len();
            for member in committees.members(aggregate.data.slot, *committee) {
                if *bits.next()? {
                    voters.push(*member);
                }
            }
            if voters.len() == before {
                return None;
            }
        }
        (bits.next().is_none() && !voters.is_empty()).then_some(voters)
    }
}
