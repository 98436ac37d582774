//! Judging blocks.

mod aggregates;

use bls::PublicKey;
use eth::{
    Address, DomainType, Hash32, Root, SignatureBytes, SignedProposal, Slot, epoch_root, signing_root,
};
use sha2::{Digest, Sha256};

use self::aggregates::Votes;
use super::super::constants::BODIES_KEPT;
use super::super::event::Event;
use super::super::finality::Finality;
use super::super::forge::{Content, Payload, state_root_after};
use super::super::history::Seen;
use super::super::rejection::Rejection;
use super::super::tree::Block;
use super::super::truth::Proposed;
use super::{SignatureClaim, World};

/// What has to be verified before a block can be judged.
pub(crate) struct BlockClaims {
    /// The proposer's signature over the block.
    pub(crate) block: SignatureClaim,
    /// Its signature over the epoch.
    pub(crate) randao: SignatureClaim,
    /// By attestation in the block; none where the bits fit no committees.
    pub(crate) aggregates: Vec<Option<AggregateClaim>>,
}

/// A signature of several over the same.
pub(crate) struct AggregateClaim {
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) root: Root,
    pub(crate) signature: SignatureBytes,
}

/// Which of the claims hold.
pub(crate) struct BlockChecks {
    pub(crate) block: bool,
    pub(crate) randao: bool,
    pub(crate) aggregates: Vec<bool>,
}

impl World {
    /// Whether exactly this block was accepted before.
    pub(crate) fn knows_block(&self, signed: &SignedProposal) -> bool {
        let proposer = signed.proposal().proposer_index();
        self.history.knows_proposal(signed.slot(), proposer, signed.block_root(), signed.signature())
            && self.tree.block(&signed.block_root()).is_some()
    }

    /// What the signatures in the block are claimed to be.
    pub(crate) fn block_claims(
        &self,
        signed: &SignedProposal,
        content: &Content,
    ) -> Result<BlockClaims, Rejection> {
        let key = self.key(signed.proposal().proposer_index())?;
        let epoch = self.spec.epoch_of(signed.slot());
        let claim = |object_root, purpose| {
            let root = signing_root(object_root, self.spec.domain(purpose, epoch));
            SignatureClaim { key, root }
        };
        Ok(BlockClaims {
            block: claim(signed.block_root(), DomainType::BeaconProposer),
            randao: claim(epoch_root(epoch), DomainType::Randao),
            aggregates: content.aggregates.iter().map(|aggregate| self.aggregate_claim(aggregate)).collect(),
        })
    }

    /// Takes a block. A contradiction is slashable whatever else is wrong with it.
    pub(crate) fn propose(
        &mut self,
        arrived_ns: i64,
        signed: &SignedProposal,
        content: &Content,
        checks: &BlockChecks,
    ) -> Result<(Seen, Vec<Event>), Rejection> {
        let (slot, proposer) = (signed.slot(), signed.proposal().proposer_index());
        if !checks.block {
            return Err(Rejection::WrongSignature(proposer));
        }
        let seen = self.history.proposal(slot, proposer, signed.block_root(), signed.signature())?;
        if seen == Seen::Before && self.tree.block(&signed.block_root()).is_some() {
            return Ok((Seen::Before, Vec::new()));
        }
        let block = self.check_block(arrived_ns, signed, content, checks)?;
        self.bodies.push_back(signed.clone());
        if self.bodies.len() > BODIES_KEPT {
            self.bodies.pop_front();
        }
        Ok((Seen::New, self.append(arrived_ns, block)))
    }

    fn append(&mut self, arrived_ns: i64, block: Block) -> Vec<Event> {
        let (root, slot, proposer) = (block.root, block.header.slot, block.header.proposer_index);
        let arrived_ns = arrived_ns - self.spec.slot_start_ns(slot);
        let finalized_before = self.tree.head().finality.finalized;
        self.truth.proposals.entry(slot).or_insert(Proposed { arrived_ns, root, proposer });
        let leads = self.tree.insert(block);
        self.forget_old(slot);
        let mut events = vec![Event::Block { slot, block: root }];
        if leads {
            events.push(self.head_event());
            let head = self.tree.head();
            if head.finality.finalized != finalized_before {
                let (checkpoint, state) = (head.finality.finalized, head.header.state_root);
                events.push(Event::Finalized { checkpoint, state });
            }
        }
        events
    }

    fn check_block(
        &self,
        now_ns: i64,
        signed: &SignedProposal,
        content: &Content,
        checks: &BlockChecks,
    ) -> Result<Block, Rejection> {
        let (slot, found) = (signed.slot(), signed.proposal().proposer_index());
        self.check_begun(now_ns, slot)?;
        if slot.0.saturating_add(self.spec.slots_per_epoch) < self.slot_at(now_ns).0 {
            return Err(Rejection::TooLate(slot));
        }
        let expected = self.schedule.proposer(slot);
        if found != expected {
            return Err(Rejection::WrongProposer { expected, found });
        }
        if !checks.randao {
            return Err(Rejection::WrongRandao(found));
        }
        let parent = self.check_parent(signed)?;
        self.check_roots(signed, content, parent)?;
        let finality = self.finality_after(parent, slot)?;
        let votes = self.check_aggregates(slot, content, checks, parent, &finality)?;
        Ok(block(signed, content, parent, finality, votes))
    }

    fn check_parent(&self, signed: &SignedProposal) -> Result<&Block, Rejection> {
        let root = signed.proposal().parent_root();
        let parent = self.tree.block(&root).filter(|parent| parent.header.slot < signed.slot());
        let parent = parent.ok_or(Rejection::WrongParent(root))?;
        let finalized = self.tree.head().finality.finalized;
        let keeps_finality =
            finalized.root.is_zero() || self.tree.checkpoint(&root, finalized.epoch) == Some(finalized);
        if keeps_finality { Ok(parent) } else { Err(Rejection::WrongParent(root)) }
    }

    fn check_roots(
        &self,
        signed: &SignedProposal,
        content: &Content,
        parent: &Block,
    ) -> Result<(), Rejection> {
        let header = signed.proposal().header();
        let right = self.payload_after(parent, signed.slot(), content.payload.fee_recipient);
        let wrong = |what| Err(Rejection::WrongContent(what));
        match () {
            () if header.state_root != state_root_after(parent.header.state_root, header) => {
                wrong("state root")
            }
            () if content.payload != right => wrong("payload"),
            () if content.block_hash != content.computed_block_hash => wrong("payload's block hash"),
            () => Ok(()),
        }
    }

    /// The only payload that fits on a parent, apart from who gets its fees.
    pub(super) fn payload_after(&self, parent: &Block, slot: Slot, fee_recipient: Address) -> Payload {
        let since_genesis = slot.0.saturating_mul(self.spec.slot_duration_ms) / 1000;
        Payload {
            parent_hash: parent.block_hash,
            fee_recipient,
            prev_randao: parent.randao_mix,
            block_number: parent.block_number + 1,
            timestamp: self.spec.genesis.genesis_time.saturating_add(since_genesis),
        }
    }

    pub(super) fn finality_after(&self, parent: &Block, slot: Slot) -> Result<Finality, Rejection> {
        let finality = self.tree.finality(&parent.root, self.spec.epoch_of(slot));
        finality.ok_or(Rejection::WrongParent(parent.root))
    }
}

fn block(
    signed: &SignedProposal,
    content: &Content,
    parent: &Block,
    finality: Finality,
    votes: Votes,
) -> Block {
    Block {
        root: signed.block_root(),
        header: *signed.proposal().header(),
        signature: signed.signature(),
        block_hash: content.block_hash,
        block_number: content.payload.block_number,
        randao_mix: mix(parent.randao_mix, signed.proposal().randao_reveal()),
        target_votes: votes.targets,
        included: votes.included,
        finality,
    }
}

/// `process_randao` of the consensus specification.
fn mix(mix: Hash32, reveal: SignatureBytes) -> Hash32 {
    let mut mixed = mix.0;
    for (byte, revealed) in mixed.iter_mut().zip(Sha256::digest(reveal.0)) {
        *byte ^= revealed;
    }
    Hash32(mixed)
}
