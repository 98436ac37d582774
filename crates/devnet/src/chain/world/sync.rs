//! Judging what the sync committee says: the rules of the `sync_committee_{subnet_id}` topics.

mod contributions;

use bls::Signature;
use eth::{
    Container, DomainType, Root, SYNC_SUBCOMMITTEES, Slot, SubcommitteeIndex, SyncCommitteeContribution,
    SyncCommitteeMessage, signing_root,
};

pub(crate) use contributions::Contribution;

use super::super::constants::CLOCK_DISPARITY_NS;
use super::super::history::Seen;
use super::super::known::fingerprint;
use super::super::rejection::Rejection;
use super::super::truth::SyncSigned;
use super::World;
use super::statement::{Claim, Statement, Taken, holding};

impl Statement for SyncCommitteeMessage {
    fn name(&self) -> String {
        format!("sync committee message of validator {} for slot {}", self.validator_index, self.slot)
    }

    fn claims(&self, world: &World, arrived_ns: i64) -> Result<Vec<Claim>, Rejection> {
        if world.known.contains(self.slot, &fingerprint(&self.to_ssz())) {
            return Ok(Vec::new());
        }
        world.check_now(arrived_ns, self.slot)?;
        let (validator, slot) = (self.validator_index, self.slot);
        let keys = vec![world.key(validator)?];
        if !world.schedule.sync_committee_signing(slot).seats().contains(&validator) {
            return Err(Rejection::NotInSyncCommittee { validator, slot });
        }
        let root = world.sync_signing_root(slot, self.beacon_block_root);
        Ok(vec![Claim { keys, root, signature: self.signature }])
    }

    fn take(&self, world: &mut World, arrived_ns: i64, signatures: &[Option<Signature>]) -> Taken {
        let (validator, slot, head) = (self.validator_index, self.slot, self.beacon_block_root);
        let fingerprint = fingerprint(&self.to_ssz());
        if world.known.contains(slot, &fingerprint) {
            return Ok((Seen::Before, None));
        }
        let signature = holding(signatures, 0, Rejection::WrongSignature(validator))?;
        if world.truth.sync_message(slot, validator).is_some() {
            return Err(Rejection::Second { validator, what: "sync committee message", slot });
        }
        let arrived_ns = arrived_ns - world.spec.slot_start_ns(slot);
        world.truth.sync_messages.insert((slot, validator), SyncSigned { arrived_ns, head });
        world.sync_pool.add_message(slot, head, validator, signature);
        world.known.insert(slot, fingerprint);
        Ok((Seen::New, None))
    }
}

impl World {
    /// What the sync committee's members sign in a slot for a block.
    pub(super) fn sync_signing_root(&self, slot: Slot, block_root: Root) -> Root {
        signing_root(block_root, self.spec.domain(DomainType::SyncCommittee, self.spec.epoch_of(slot)))
    }

    /// Whether it is that slot now, as far as clocks can tell.
    fn check_now(&self, now_ns: i64, slot: Slot) -> Result<(), Rejection> {
        self.check_begun(now_ns, slot)?;
        let ended_ns = self.spec.slot_start_ns(Slot(slot.0.saturating_add(1)));
        if now_ns.saturating_sub(CLOCK_DISPARITY_NS) < ended_ns {
            Ok(())
        } else {
            Err(Rejection::TooLate(slot))
        }
    }

    /// What is known of a subcommittee's messages for a block.
    pub(crate) fn contribution(
        &self,
        slot: Slot,
        index: SubcommitteeIndex,
        block_root: Root,
    ) -> Result<Option<SyncCommitteeContribution>, Rejection> {
        if index.0 >= SYNC_SUBCOMMITTEES {
            return Err(Rejection::UnknownSubcommittee(index));
        }
        if !self.sync_pool.has_messages(slot, block_root) {
            return Ok(None);
        }
        let committee = self.schedule.sync_committee_signing(slot);
        let members = committee.subcommittee(index).unwrap_or_default();
        let Some(part) = self.sync_pool.gather(slot, block_root, members) else { return Ok(None) };
        let signature = eth::SignatureBytes(part.signature.to_bytes());
        let preset = self.spec.preset;
        Ok(SyncCommitteeContribution::new(preset, slot, block_root, index, &part.seats, signature).ok())
    }
}
