//! What validators announce: fee recipients, and registrations with builders.

use bls::Signature;
use eth::{
    Address, Container, DomainType, Epoch, Root, SignedValidatorRegistration, Slot, ValidatorIndex,
    signing_root,
};

use super::super::constants::{PREPARED_EPOCHS, REGISTRATION_AHEAD_SECONDS};
use super::super::history::Seen;
use super::super::rejection::Rejection;
use super::super::truth::Registered;
use super::World;
use super::statement::{Claim, Statement, Taken, holding};

impl Statement for SignedValidatorRegistration {
    fn name(&self) -> String {
        format!("registration of {}", self.message.pubkey)
    }

    fn claims(&self, world: &World, arrived_ns: i64) -> Result<Vec<Claim>, Rejection> {
        let validator = world.registering(self)?;
        let seconds = u64::try_from(arrived_ns / 1_000_000_000).unwrap_or(0);
        let now = world.spec.genesis.genesis_time.saturating_add(seconds);
        if self.message.timestamp > now.saturating_add(REGISTRATION_AHEAD_SECONDS) {
            return Err(Rejection::RegistrationTooEarly(self.message.timestamp));
        }
        // As with a vote that is known: what was verified once is not verified again.
        if world.registrations.get(&validator) == Some(self) {
            return Ok(vec![Claim { keys: Vec::new(), root: Root::ZERO, signature: self.signature }]);
        }
        let root =
            signing_root(self.message.root(), world.spec.domain(DomainType::ApplicationBuilder, Epoch(0)));
        Ok(vec![Claim { keys: vec![world.key(validator)?], root, signature: self.signature }])
    }

    /// The same comes each epoch; a later one replaces an earlier one.
    fn take(&self, world: &mut World, arrived_ns: i64, signatures: &[Option<Signature>]) -> Taken {
        let validator = world.registering(self)?;
        holding(signatures, 0, Rejection::WrongSignature(validator))?;
        let known = world.registrations.get(&validator);
        if known.is_none_or(|known| known.message.timestamp < self.message.timestamp) {
            world.registrations.insert(validator, *self);
        }
        let epoch = world.epoch_at(arrived_ns);
        let arrived_ns = arrived_ns - world.spec.slot_start_ns(world.spec.first_slot(epoch));
        let (fee_recipient, gas_limit) = (self.message.fee_recipient, self.message.gas_limit);
        let mut seen = Seen::Before;
        world.truth.registrations.entry((epoch, validator)).or_insert_with(|| {
            seen = Seen::New;
            Registered { arrived_ns, fee_recipient, gas_limit }
        });
        Ok((seen, None))
    }
}

impl World {
    fn registering(&self, registration: &SignedValidatorRegistration) -> Result<ValidatorIndex, Rejection> {
        let key = registration.message.pubkey;
        self.index(&key).ok_or(Rejection::UnknownKey(key))
    }

    /// Who gets the fees of a validator's blocks in this epoch and the next two; unknown validators are passed over.
    pub(crate) fn prepare(&mut self, now_ns: i64, validator: ValidatorIndex, fee_recipient: Address) {
        if self.validator(validator).is_some() {
            self.prepared.insert(validator, (fee_recipient, self.epoch_at(now_ns)));
        }
    }

    /// Who gets the fees of a validator's block in a slot, if that was said lately.
    pub(crate) fn prepared(&self, validator: ValidatorIndex, slot: Slot) -> Option<Address> {
        let (fee_recipient, said) = self.prepared.get(&validator)?;
        (self.spec.epoch_of(slot).0 <= said.0 + PREPARED_EPOCHS).then_some(*fee_recipient)
    }
}
