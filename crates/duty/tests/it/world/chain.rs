//! The beacon chain, and the beacon nodes through which each node sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::GroupKey;
use duty::{AttesterDatum, Content, Duty, EpochDuties, Fetch, Head, ProposerSlot, Value};
use eth::containers::minimal::fulu::BlockContents;
use eth::{
    Address, AttestationData, AttesterDuty, Checkpoint, CommitteeIndex, Container, Epoch, Fork, Proposal,
    Root, SignatureBytes, Slot, Spec, ValidatorIndex,
};
use qbft::Hash;

use super::Settings;
use super::fake::{hash, key};

/// Where the cluster wants its fees.
pub const FEE_RECIPIENT: Address = Address([0xfe; 20]);

/// The truth.
#[derive(Clone, Debug)]
pub struct Chain {
    spec: Spec,
    validators: u8,
    propose_every: u64,
    /// Grows with each reorganisation that gives the validators other duties.
    pub shuffling: u64,
}

/// A beacon node: how it answers, and which of several truths it sees.
#[derive(Clone, Debug)]
pub struct Beacon {
    pub is_up: bool,
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
        }
    }
}

impl Chain {
    pub fn new(spec: Spec, settings: &Settings) -> Chain {
        let Settings { validators, propose_every, .. } = *settings;
        Chain { spec, validators, propose_every, shuffling: 0 }
    }

    /// Who attests in the slot.
    pub fn attesters(&self, slot: Slot) -> Vec<AttesterDuty> {
        let epoch = self.spec.epoch_of(slot);
        let place = slot.0 - self.spec.first_slot(epoch).0;
        let is_on_duty = |validator: &u8| {
            (u64::from(*validator) + epoch.0 + self.shuffling) % self.spec.slots_per_epoch == place
        };
        (0..self.validators).filter(is_on_duty).map(|validator| self.attester(validator, slot)).collect()
    }

    /// The place of a validator when it attests in the slot.
    pub fn attester(&self, validator: u8, slot: Slot) -> AttesterDuty {
        AttesterDuty {
            pubkey: key(validator).0,
            slot,
            validator_index: ValidatorIndex(1_000 + u64::from(validator)),
            committee_index: CommitteeIndex(u64::from(validator) % 4),
            committee_length: 64,
            committees_at_slot: 4,
            validator_committee_index: u64::from(validator),
        }
    }

    /// Who proposes in the slot, if one of the cluster does.
    pub fn proposer(&self, slot: Slot) -> Option<ProposerSlot> {
        let is_ours = self.propose_every > 0 && slot.0.is_multiple_of(self.propose_every);
        let turn = slot.0.checked_div(self.propose_every)?;
        let validator = (turn % u64::from(self.validators)) as u8;
        let index = ValidatorIndex(1_000 + u64::from(validator));
        is_ours.then(|| ProposerSlot { slot, key: key(validator), validator: index })
    }

    pub fn duties(&self, epoch: Epoch) -> EpochDuties {
        let first = self.spec.first_slot(epoch).0;
        let slots = || (first..first + self.spec.slots_per_epoch).map(Slot);
        EpochDuties {
            epoch,
            attester_dependent_root: self.dependent_root(epoch),
            attesters: slots().flat_map(|slot| self.attesters(slot)).collect(),
            proposers: slots().filter_map(|slot| self.proposer(slot)).collect(),
        }
    }

    fn dependent_root(&self, epoch: Epoch) -> Root {
        Root(hash(&[b"dependent", &epoch.0.to_le_bytes(), &self.shuffling.to_le_bytes()]))
    }

    /// The head event of the slot.
    pub fn head(&self, slot: Slot, beacon: &Beacon) -> Head {
        let epoch = self.spec.epoch_of(slot);
        Head {
            slot,
            root: block_root(slot, beacon.head),
            previous_dependent_root: self.dependent_root(epoch),
            current_dependent_root: self.dependent_root(Epoch(epoch.0 + 1)),
        }
    }

    /// What the beacon node would attest to.
    pub fn attestation_data(&self, slot: Slot, beacon: &Beacon) -> AttestationData {
        let target = self.spec.epoch_of(slot);
        let checkpoint = |epoch: Epoch| Checkpoint {
            epoch,
            root: Root(hash(&[b"checkpoint", &epoch.0.to_le_bytes(), &[beacon.fork]])),
        };
        AttestationData {
            slot,
            index: CommitteeIndex(0),
            beacon_block_root: block_root(slot, beacon.head),
            source: checkpoint(Epoch(target.0.saturating_sub(1))),
            target: checkpoint(target),
        }
    }

    /// What the beacon node would have the cluster agree on.
    pub fn value(&self, duty: Duty, what: &Fetch, beacon: &Beacon) -> Value {
        match what {
            Fetch::Attestation(duties) => {
                let data = self.attestation_data(duty.slot, beacon);
                let datum =
                    |duty: &AttesterDuty| (GroupKey(duty.pubkey), AttesterDatum { data, duty: *duty });
                value(Content::Attester(duties.iter().map(datum).collect()))
            }
            Fetch::Block { key, randao_reveal } => {
                let parent = block_root(Slot(duty.slot.0.saturating_sub(1)), beacon.head);
                let block = self.block(duty.slot, *randao_reveal, parent, beacon.fee_recipient);
                value(Content::Proposer { key: *key, proposal: Arc::new(block) })
            }
        }
    }

    /// A block of the slot's proposer.
    pub fn block(&self, slot: Slot, randao_reveal: SignatureBytes, parent: Root, fees: Address) -> Proposal {
        let mut contents = BlockContents::default();
        contents.block.slot = slot;
        contents.block.proposer_index =
            self.proposer(slot).map(|proposer| proposer.validator).unwrap_or_default();
        contents.block.parent_root = parent;
        contents.block.body.randao_reveal = randao_reveal;
        contents.block.body.execution_payload.fee_recipient = fees;
        Proposal::new(Fork::Fulu, &contents).expect("Fulu has these containers")
    }
}

/// The block of a slot on one of the branches that honest beacon nodes may see.
pub fn block_root(slot: Slot, branch: u8) -> Root {
    Root(hash(&[b"block", &slot.0.to_le_bytes(), &[branch]]))
}

/// Whether that is a block at all.
pub fn is_block(root: Root, until: Slot) -> bool {
    let recent = until.0.saturating_sub(8)..=until.0;
    recent
        .flat_map(|slot| (0..3).map(move |branch| block_root(Slot(slot), branch)))
        .any(|known| known == root)
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
    };
    Value { hash: Hash(hash(&[&bytes])), content, bytes: bytes.into() }
}

/// The attester set of a value, to tamper with it.
pub fn attester_set(value: &Value) -> Option<BTreeMap<GroupKey, AttesterDatum>> {
    match &value.content {
        Content::Attester(set) => Some(BTreeMap::clone(set)),
        Content::Proposer { .. } => None,
    }
}
