//! Registering with builders.

use std::sync::Arc;

use eth::{
    Container, DomainType, PublicKeyBytes, SignedValidatorRegistration, ValidatorIndex, ValidatorRegistration,
};

use super::Session;
use super::api::Failure;
use super::signing::off_the_loop;

/// The gas limit asked of builders.
const GAS_LIMIT: u64 = 60_000_000;

/// Registers every validator, under the key the client has. Of key shares that is worth nothing to a builder: the node
/// has registrations of its own.
pub(super) async fn register(session: &Arc<Session>) -> Result<(), Failure> {
    let registrations = off_the_loop(session, sign).await?;
    // A list of items of fixed size is the items, one after the other.
    let ssz = registrations.iter().flat_map(Container::to_ssz).collect();
    session.client.api.tell_ssz("eth/v1/validator/register_validator", None, ssz).await
}

fn sign(session: &Session) -> Result<Vec<SignedValidatorRegistration>, Failure> {
    let (timestamp, fee_recipient) = (session.unix_now(), session.client.fee_recipient);
    let registration = |(_, pubkey): (ValidatorIndex, PublicKeyBytes)| {
        let message = ValidatorRegistration { fee_recipient, gas_limit: GAS_LIMIT, timestamp, pubkey };
        // Registrations hold on every fork.
        let epoch = Default::default();
        let signature = session.sign(&pubkey, message.root(), DomainType::ApplicationBuilder, epoch)?;
        Ok(SignedValidatorRegistration { message, signature })
    };
    session.client.duties.validators().into_iter().map(registration).collect()
}
