//! The beacon chain: who has which duty.

use std::collections::{BTreeMap, BTreeSet};

use cluster::GroupKey;
use duty::{EpochDuties, Head, ProposerSlot, Seat, Signed, SyncMember};
use eth::containers::minimal::fulu::BlockContents;
use eth::{
    Address, AttestationData, AttesterDuty, Checkpoint, CommitteeIndex, Epoch, Fork, Proposal, Root,
    SignatureBytes, Slot, Spec, SubcommitteeIndex, SyncAggregatorSelectionData, ValidatorIndex,
};

use super::Settings;
use super::beacon::Beacon;
use super::cryptography::Cryptography;
use super::fake::{hash, key};

/// Where the cluster wants its fees.
pub const FEE_RECIPIENT: Address = Address([0xfe; 20]);

/// The truth.
#[derive(Clone, Debug)]
pub struct Chain {
    pub(super) spec: Spec,
    cryptography: Cryptography,
    validators: u8,
    propose_every: u64,
    committee_length: u64,
    sync_members: u8,
    sync_period: u64,
    /// Which duties the validators have from an epoch on; a reorganisation gives them others.
    shufflings: BTreeMap<Epoch, u64>,
    /// Validators that have left; they attest and propose no more, but stay in the sync committee.
    pub exited: BTreeSet<u8>,
}

impl Chain {
    /// The chain of a new world.
    pub fn new(spec: Spec, settings: &Settings, cryptography: Cryptography) -> Chain {
        let Settings { validators, propose_every, committee_length, sync_members, sync_period, .. } =
            *settings;
        Chain {
            spec,
            cryptography,
            validators,
            propose_every,
            committee_length,
            sync_members,
            sync_period,
            shufflings: BTreeMap::new(),
            exited: BTreeSet::new(),
        }
    }

    fn shuffling_of(&self, epoch: Epoch) -> u64 {
        self.shufflings.range(..=epoch).next_back().map_or(0, |(_, shuffling)| *shuffling)
    }

    /// From that epoch on the validators have other duties.
    pub fn reorganise(&mut self, from: Epoch, shuffling: u64) {
        _ = self.shufflings.split_off(&from);
        self.shufflings.insert(from, shuffling);
    }

    /// The shuffling that is in force in the end.
    pub fn shuffling(&self) -> u64 {
        self.shufflings.last_key_value().map_or(0, |(_, shuffling)| *shuffling)
    }

    /// Who attests in the slot.
    pub fn attesters(&self, slot: Slot) -> Vec<AttesterDuty> {
        let epoch = self.spec.epoch_of(slot);
        let place = slot.0 - self.spec.first_slot(epoch).0;
        let shuffling = self.shuffling_of(epoch);
        let is_on_duty = |validator: &u8| {
            (u64::from(*validator) + epoch.0 + shuffling) % self.spec.slots_per_epoch == place
                && !self.exited.contains(validator)
        };
        (0..self.validators).filter(is_on_duty).map(|validator| self.attester(validator, slot)).collect()
    }

    /// The place of a validator when it attests in the slot. Those of one slot sit in different committees.
    pub fn attester(&self, validator: u8, slot: Slot) -> AttesterDuty {
        let number = u64::from(validator);
        AttesterDuty {
            pubkey: key(validator).0,
            slot,
            validator_index: validator_index(validator),
            committee_index: CommitteeIndex((number + number / 8) % 4),
            committee_length: self.committee_length,
            committees_at_slot: 4,
            validator_committee_index: number % self.committee_length,
        }
    }

    /// Who aggregates in the slot: those whose complete selection proof says so.
    pub fn aggregators(&self, slot: Slot) -> Vec<AttesterDuty> {
        let is_selected = |duty: &AttesterDuty| {
            let signed = Signed::CommitteeSelection { slot, validator: duty.validator_index };
            let proof = self.cryptography.group_sign(&GroupKey(duty.pubkey), signed.signing_root(&self.spec));
            eth::is_aggregator(duty.committee_length, &proof)
        };
        self.attesters(slot).into_iter().filter(is_selected).collect()
    }

    /// Who proposes in the slot, if one of the cluster does. Another block decides it than attesters.
    pub fn proposer(&self, slot: Slot) -> Option<ProposerSlot> {
        let is_ours = self.propose_every > 0 && slot.0.is_multiple_of(self.propose_every);
        let turn = slot.0.checked_div(self.propose_every)?;
        let shuffling = self.shuffling_of(Epoch(self.spec.epoch_of(slot).0 + 1));
        let validator = ((turn + shuffling) % u64::from(self.validators)) as u8;
        let index = validator_index(validator);
        is_ours.then(|| ProposerSlot { slot, key: key(validator), validator: index })
    }

    /// The members of the sync committee that serves in the epoch. Every third sits in two subcommittees.
    pub fn sync_members(&self, epoch: Epoch) -> Vec<SyncMember> {
        let period = epoch.0 / self.sync_period;
        let member = |place: u8| {
            let turn = u64::from(self.sync_members) * period + u64::from(place);
            let validator = (turn % u64::from(self.validators)) as u8;
            let seats = if place % 3 == 2 { 2 } else { 1 };
            let subcommittees = (0..seats).map(|seat| SubcommitteeIndex(u64::from(place + seat) % 4));
            SyncMember {
                key: key(validator),
                validator: validator_index(validator),
                subcommittees: subcommittees.collect(),
            }
        };
        (0..self.sync_members.min(self.validators)).map(member).collect()
    }

    /// The members of the sync committee whose messages of the slot count: that of the next slot. Clients sign nothing
    /// at genesis.
    pub fn signing_members(&self, slot: Slot) -> Vec<SyncMember> {
        if slot == Slot(0) {
            return Vec::new();
        }
        self.sync_members(self.spec.epoch_of(Slot(slot.0 + 1)))
    }

    /// The seats that aggregate sync messages in the slot, and their validators.
    pub fn contributors(&self, slot: Slot) -> Vec<(Seat, ValidatorIndex)> {
        let seats = |member: SyncMember| {
            let seat = move |subcommittee| (Seat { key: member.key, subcommittee }, member.validator);
            member.subcommittees.into_iter().map(seat)
        };
        let is_selected = |(seat, validator): &(Seat, ValidatorIndex)| {
            let data = SyncAggregatorSelectionData { slot, subcommittee_index: seat.subcommittee };
            let signed = Signed::SyncSelection { data, validator: *validator };
            let proof = self.cryptography.group_sign(&seat.key, signed.signing_root(&self.spec));
            eth::is_sync_committee_aggregator(self.spec.preset, &proof)
        };
        self.signing_members(slot).into_iter().flat_map(seats).filter(is_selected).collect()
    }

    /// The duties of an epoch, as a beacon node tells them.
    pub fn duties(&self, epoch: Epoch) -> EpochDuties {
        let first = self.spec.first_slot(epoch).0;
        let slots = || (first..first + self.spec.slots_per_epoch).map(Slot);
        let validators: BTreeMap<_, _> =
            (0..self.validators).map(|validator| (validator_index(validator), key(validator))).collect();
        EpochDuties {
            epoch,
            attester_dependent_root: self.dependent_root(epoch),
            attesters: slots().flat_map(|slot| self.attesters(slot)).collect(),
            proposer_dependent_root: self.dependent_root(Epoch(epoch.0 + 1)),
            proposers: slots().filter_map(|slot| self.proposer(slot)).collect(),
            sync_members: self.sync_members(epoch),
            validators,
        }
    }

    fn dependent_root(&self, epoch: Epoch) -> Root {
        Root(hash(&[b"dependent", &epoch.0.to_le_bytes(), &self.shuffling_of(epoch).to_le_bytes()]))
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

/// What the chain calls a validator.
pub fn validator_index(validator: u8) -> ValidatorIndex {
    ValidatorIndex(1_000 + u64::from(validator))
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
