//! Judging blocks.

mod aggregates;
mod exits;
mod sync;

use bls::Signature;
use eth::{Address, DomainType, Hash32, SignatureBytes, SignedProposal, Slot, epoch_root, signing_root};
use sha2::{Digest, Sha256};

use self::aggregates::Votes;
use super::super::event::Event;
use super::super::finality::Finality;
use super::super::forge::{Content, Payload, state_root_after};
use super::super::history::Seen;
use super::super::rejection::Rejection;
use super::super::tree::Block;
use super::World;
use super::statement::Claim;

/// A block as it came.
pub(crate) struct Arrival<'a> {
    pub(crate) at_ns: i64,
    pub(crate) signed: &'a SignedProposal,
    pub(crate) content: &'a Content,
    /// Whether a builder had to add its payload.
    pub(crate) blinded: bool,
}

/// What has to be verified before a block can be judged.
pub(crate) struct BlockClaims {
    /// The proposer's signature over the block.
    block: Claim,
    /// Its signature over the epoch.
    randao: Claim,
    /// By attestation in the block; none where the bits fit no committees.
    aggregates: Vec<Option<Claim>>,
    /// By exit in the block; none where there is no such validator.
    exits: Vec<Option<Claim>>,
    /// The sync committee's, unless nobody signed.
    sync: Option<Claim>,
}

/// Which of the claims hold.
pub(crate) struct BlockChecks {
    block: bool,
    randao: bool,
    aggregates: Vec<bool>,
    exits: Vec<bool>,
    sync: bool,
}

impl BlockClaims {
    /// All of them in a row.
    pub(crate) fn list(&self) -> Vec<Option<Claim>> {
        let proposer = [Some(self.block.clone()), Some(self.randao.clone())];
        let operations = self.aggregates.iter().chain(&self.exits).cloned();
        proposer.into_iter().chain(operations).chain([self.sync.clone()]).collect()
    }

    /// The verdicts on the row.
    pub(crate) fn checks(&self, verified: &[Option<Signature>]) -> BlockChecks {
        assert_eq!(verified.len(), self.list().len(), "one verdict for each claim");
        let mut holds = verified.iter().map(Option::is_some);
        let mut next = || holds.next().unwrap_or(false);
        BlockChecks {
            block: next(),
            randao: next(),
            aggregates: self.aggregates.iter().map(|_| next()).collect(),
            exits: self.exits.iter().map(|_| next()).collect(),
            sync: next(),
        }
    }
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
        let claim = |object_root, purpose, signature| {
            let root = signing_root(object_root, self.spec.domain(purpose, epoch));
            Claim { keys: vec![key], root, signature }
        };
        let randao_reveal = signed.proposal().randao_reveal();
        Ok(BlockClaims {
            block: claim(signed.block_root(), DomainType::BeaconProposer, signed.signature()),
            randao: claim(epoch_root(epoch), DomainType::Randao, randao_reveal),
            aggregates: content.aggregates.iter().map(|aggregate| self.aggregate_claim(aggregate)).collect(),
            exits: content.exits.iter().map(|exit| self.exit_claim(exit)).collect(),
            sync: self.sync_claim(signed, content),
        })
    }

    /// Takes a block. A contradiction is slashable whatever else is wrong with it. Whether it is new, so that its body
    /// is to be kept.
    pub(crate) fn propose(
        &mut self,
        arrival: &Arrival<'_>,
        checks: &BlockChecks,
    ) -> Result<(Seen, Vec<Event>), Rejection> {
        let signed = arrival.signed;
        let (slot, proposer) = (signed.slot(), signed.proposal().proposer_index());
        if !checks.block {
            return Err(Rejection::WrongSignature(proposer));
        }
        let seen = self.history.proposal(slot, proposer, signed.block_root(), signed.signature())?;
        if seen == Seen::Before && self.tree.block(&signed.block_root()).is_some() {
            return Ok((Seen::Before, Vec::new()));
        }
        let block = self.check_block(arrival, checks)?;
        Ok((Seen::New, self.append(arrival, block)))
    }

    fn check_block(&self, arrival: &Arrival<'_>, checks: &BlockChecks) -> Result<Block, Rejection> {
        let Arrival { at_ns, signed, content, .. } = *arrival;
        let (slot, found) = (signed.slot(), signed.proposal().proposer_index());
        self.check_begun(at_ns, slot)?;
        if slot.0.saturating_add(self.spec.slots_per_epoch) < self.slot_at(at_ns).0 {
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
        self.check_payload(slot, content, parent)?;
        let finality = self.finality_after(parent, slot)?;
        let votes = self.check_aggregates(slot, content, checks, parent, &finality)?;
        self.check_exits(slot, content, checks, parent)?;
        self.check_sync(content, checks)?;
        let header = signed.proposal().header();
        if header.state_root != state_root_after(parent.header.state_root, header) {
            return Err(Rejection::WrongContent("state root"));
        }
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

    fn check_payload(&self, slot: Slot, content: &Content, parent: &Block) -> Result<(), Rejection> {
        let wrong = |what| Err(Rejection::WrongContent(what));
        match () {
            () if content.payload != self.payload_after(parent, slot, content.payload.fee_recipient) => {
                wrong("payload")
            }
            () if content.block_hash != content.computed_block_hash => wrong("payload's block hash"),
            () if !content.blobs_belong => wrong("blobs or their commitments or proofs"),
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
        sync_seats: content.sync.seats.clone(),
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
