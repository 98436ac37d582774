//! Leaving the validator set.

use eth::{Container, DomainType, Epoch, SignedVoluntaryExit, ValidatorIndex, VoluntaryExit};

use super::Session;
use super::api::Failure;

/// Hands a validator's signed exit in.
pub(super) async fn exit(session: &Session, validator: ValidatorIndex, epoch: Epoch) -> Result<(), Failure> {
    let validators = session.client.duties.validators();
    let foreign = || Failure::Own(format!("validator {validator} is not its own"));
    let pubkey = validators.get(&validator).ok_or_else(foreign)?;
    let message = VoluntaryExit { epoch, validator_index: validator };
    let signature = session.sign(pubkey, message.root(), DomainType::VoluntaryExit, epoch)?;
    let signed = SignedVoluntaryExit { message, signature };
    session.client.api.tell("eth/v1/beacon/pool/voluntary_exits", None, &signed).await
}
