//! Everything validators were seen to have signed, and what contradicts it.
//!
//! Only statements with a right signature come here; whether they are of use to the chain does not matter: a slasher
//! sees them all.

use std::collections::{BTreeMap, VecDeque};

use eth::{AttestationData, Container, Epoch, Root, SignatureBytes, Slot, ValidatorIndex};

use super::constants::{BLOCKS_KEPT, VOTES_KEPT};
use super::rejection::Rejection;

/// What validators signed.
#[derive(Debug, Default)]
pub(crate) struct History {
    votes: BTreeMap<ValidatorIndex, VecDeque<Vote>>,
    proposals: BTreeMap<(Slot, ValidatorIndex), (Root, SignatureBytes)>,
}

#[derive(Clone, Debug)]
struct Vote {
    source: Epoch,
    target: Epoch,
    root: Root,
    signature: SignatureBytes,
    /// The earlier vote it contradicts, in words.
    contradicts: Option<String>,
}

/// Whether a statement is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    New,
    Before,
}

impl History {
    /// Whether exactly this vote with exactly this signature was seen.
    pub(crate) fn knows_vote(
        &self,
        validator: ValidatorIndex,
        data: &AttestationData,
        signature: &SignatureBytes,
    ) -> bool {
        let root = data.root();
        let mut votes = self.votes.get(&validator).into_iter().flatten();
        votes.any(|vote| vote.root == root && vote.signature == *signature)
    }

    /// Takes a vote with a right signature: an equal one is known already, a double or surround vote is slashable.
    pub(crate) fn vote(
        &mut self,
        validator: ValidatorIndex,
        data: &AttestationData,
        signature: SignatureBytes,
    ) -> Result<Seen, Rejection> {
        let (source, target, root) = (data.source.epoch, data.target.epoch, data.root());
        let mut vote = Vote { source, target, root, signature, contradicts: None };
        let votes = self.votes.entry(validator).or_default();
        let before = votes.iter().find(|earlier| earlier.root == vote.root).cloned();
        if before.is_none() {
            vote.contradicts = votes.iter().find_map(|earlier| contradiction(earlier, &vote));
            votes.push_back(vote.clone());
            if votes.len() > VOTES_KEPT {
                votes.pop_front();
            }
        }
        let seen = if before.is_some() { Seen::Before } else { Seen::New };
        match before.unwrap_or(vote).contradicts {
            Some(what) => Err(Rejection::Slashable { validator, what }),
            None => Ok(seen),
        }
    }

    /// Whether exactly this block with exactly this signature was seen.
    pub(crate) fn knows_proposal(
        &self,
        slot: Slot,
        proposer: ValidatorIndex,
        root: Root,
        signature: SignatureBytes,
    ) -> bool {
        self.proposals.get(&(slot, proposer)) == Some(&(root, signature))
    }

    /// Takes a block with a right signature: another one of the same slot is slashable.
    pub(crate) fn proposal(
        &mut self,
        slot: Slot,
        proposer: ValidatorIndex,
        root: Root,
        signature: SignatureBytes,
    ) -> Result<Seen, Rejection> {
        match self.proposals.get(&(slot, proposer)) {
            Some((known, _)) if *known == root => Ok(Seen::Before),
            Some((known, _)) => Err(Rejection::Slashable {
                validator: proposer,
                what: format!("block {known} for slot {slot}"),
            }),
            None => {
                self.proposals.insert((slot, proposer), (root, signature));
                while self.proposals.len() > BLOCKS_KEPT {
                    self.proposals.pop_first();
                }
                Ok(Seen::New)
            }
        }
    }
}

/// `is_slashable_attestation_data` of the consensus specification, both ways round.
fn contradiction(earlier: &Vote, later: &Vote) -> Option<String> {
    let (source, target) = (earlier.source, earlier.target);
    if target == later.target {
        return Some(format!("vote for target epoch {target}"));
    }
    if source < later.source && later.target < target {
        return Some(format!("vote from epoch {source} to {target} that surrounds this one"));
    }
    if later.source < source && target < later.target {
        return Some(format!("vote from epoch {source} to {target} that this one surrounds"));
    }
    None
}
