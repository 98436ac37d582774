//! What validators announce.

use eth::{
    Address, Container, DomainType, Epoch, PublicKeyBytes, SignedValidatorRegistration, SignedVoluntaryExit,
    ValidatorIndex, ValidatorRegistration, VoluntaryExit,
};
use serde_json::json;

use super::{Answer, Driver, GENESIS_TIME};

impl Driver {
    pub(crate) fn registration(&self, validator: u64, fee_recipient: Address) -> SignedValidatorRegistration {
        let message = ValidatorRegistration {
            fee_recipient,
            gas_limit: 30_000_000,
            timestamp: GENESIS_TIME,
            pubkey: PublicKeyBytes(devnet::interop_key(validator).public_key().to_bytes()),
        };
        self.register_as(validator, message)
    }

    pub(crate) fn register_as(
        &self,
        signer: u64,
        message: ValidatorRegistration,
    ) -> SignedValidatorRegistration {
        let signature = self.sign(signer, message.root(), DomainType::ApplicationBuilder, Epoch(0));
        SignedValidatorRegistration { message, signature }
    }

    pub(crate) async fn register(&self, registrations: &[SignedValidatorRegistration]) -> Answer {
        self.post("eth/v1/validator/register_validator", &json!(registrations)).await
    }

    pub(crate) async fn prepare(&self, validator: ValidatorIndex, fee_recipient: Address) {
        let preparation = json!([{ "validator_index": validator, "fee_recipient": fee_recipient }]);
        let (status, answer) = self.post("eth/v1/validator/prepare_beacon_proposer", &preparation).await;
        assert_eq!(status, 200, "{answer}");
    }

    pub(crate) fn exit(&self, validator: u64, epoch: u64) -> SignedVoluntaryExit {
        let message = VoluntaryExit { epoch: Epoch(epoch), validator_index: ValidatorIndex(validator) };
        let signature = self.sign(validator, message.root(), DomainType::VoluntaryExit, message.epoch);
        SignedVoluntaryExit { message, signature }
    }

    pub(crate) async fn leave(&self, exit: &SignedVoluntaryExit) -> Answer {
        self.post("eth/v1/beacon/pool/voluntary_exits", &json!(exit)).await
    }

    /// What the chain says a validator is.
    pub(crate) async fn status(&self, validator: u64) -> String {
        let (_, answer) = self.get(&format!("eth/v1/beacon/states/head/validators/{validator}")).await;
        answer["data"]["status"].as_str().expect("a status").to_owned()
    }
}
