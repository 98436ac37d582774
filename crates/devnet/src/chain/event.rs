//! What the chain tells those who listen.

use eth::{
    Attestation, Checkpoint, Epoch, Root, SignedContributionAndProof, SignedVoluntaryExit, SingleAttestation,
    Slot,
};
use serde_json::{Value, json};

/// Something that happened to the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a new head.
    Head {
        /// Its slot.
        slot: Slot,
        /// The block.
        block: Root,
        /// The state after it.
        state: Root,
        /// Whether it is the first block of its epoch.
        epoch_transition: bool,
        /// What the attester duties of this epoch depend on.
        previous_duty_dependent_root: Root,
        /// What the attester duties of the next epoch depend on.
        current_duty_dependent_root: Root,
    },
    /// A block was accepted.
    Block {
        /// Its slot.
        slot: Slot,
        /// The block.
        block: Root,
    },
    /// A checkpoint became final.
    Finalized {
        /// The checkpoint.
        checkpoint: Checkpoint,
        /// The state after the block that made it so.
        state: Root,
    },
    /// The new head, of which a `Head` tells too, leaves blocks behind.
    Reorg(Reorganization),
    /// A validator's attestation was accepted.
    SingleAttestation(SingleAttestation),
    /// An aggregate was accepted.
    Attestation(Attestation),
    /// A sync committee contribution was accepted.
    Contribution(SignedContributionAndProof),
    /// A voluntary exit was accepted.
    Exit(SignedVoluntaryExit),
}

/// What a new head changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reorganization {
    /// The new head's slot.
    pub slot: Slot,
    /// The new head's epoch.
    pub epoch: Epoch,
    /// Slots from the last block in common to the old head.
    pub depth: u64,
    /// The block that was the head.
    pub old_head: Root,
    /// The block that is the head.
    pub new_head: Root,
    /// The state after the old head.
    pub old_state: Root,
    /// The state after the new head.
    pub new_state: Root,
}

/// Every topic a client may ask for; on most of them nothing happens here.
const TOPICS: [&str; 18] = [
    "attestation",
    "attester_slashing",
    "blob_sidecar",
    "block",
    "block_gossip",
    "bls_to_execution_change",
    "chain_reorg",
    "contribution_and_proof",
    "data_column_sidecar",
    "finalized_checkpoint",
    "head",
    "light_client_finality_update",
    "light_client_optimistic_update",
    "payload_attributes",
    "proposer_slashing",
    "single_attestation",
    "sync_committee_contribution",
    "voluntary_exit",
];

impl Event {
    /// Whether the Beacon API has such a topic.
    pub(crate) fn is_topic(topic: &str) -> bool {
        TOPICS.contains(&topic)
    }

    /// The topic in the Beacon API.
    pub fn topic(&self) -> &'static str {
        match self {
            Event::Head { .. } => "head",
            Event::Block { .. } => "block",
            Event::Finalized { .. } => "finalized_checkpoint",
            Event::Reorg(_) => "chain_reorg",
            Event::SingleAttestation(_) => "single_attestation",
            Event::Attestation(_) => "attestation",
            Event::Contribution(_) => "contribution_and_proof",
            Event::Exit(_) => "voluntary_exit",
        }
    }

    /// The data in the Beacon API.
    pub fn to_json(&self) -> Value {
        match self {
            Event::Head {
                slot,
                block,
                state,
                epoch_transition,
                previous_duty_dependent_root,
                current_duty_dependent_root,
            } => json!({
                "slot": slot,
                "block": block,
                "state": state,
                "epoch_transition": epoch_transition,
                "previous_duty_dependent_root": previous_duty_dependent_root,
                "current_duty_dependent_root": current_duty_dependent_root,
                "execution_optimistic": false,
            }),
            Event::Block { slot, block } => {
                json!({ "slot": slot, "block": block, "execution_optimistic": false })
            }
            Event::Finalized { checkpoint, state } => json!({
                "block": checkpoint.root,
                "state": state,
                "epoch": checkpoint.epoch,
                "execution_optimistic": false,
            }),
            Event::Reorg(reorg) => reorg.to_json(),
            Event::SingleAttestation(attestation) => json!(attestation),
            Event::Attestation(attestation) => json!(attestation),
            Event::Contribution(contribution) => json!(contribution),
            Event::Exit(exit) => json!(exit),
        }
    }
}

impl Reorganization {
    fn to_json(self) -> Value {
        json!({
            "slot": self.slot,
            "depth": self.depth.to_string(),
            "old_head_block": self.old_head,
            "new_head_block": self.new_head,
            "old_head_state": self.old_state,
            "new_head_state": self.new_state,
            "epoch": self.epoch,
            "execution_optimistic": false,
        })
    }
}
