//! Duties of an epoch.

use eth::{AttesterDuty, Epoch, ProposerDuty, SyncDuty, ValidatorIndex};
use serde_json::Value;

use super::Client;
use super::call::{Call, Limits, json_body};
use super::read;
use crate::api::Dependent;
use crate::error::Error;

impl Client {
    /// Attester duties of these validators in an epoch, with the root they depend on.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn attester_duties(
        &self,
        epoch: Epoch,
        indices: &[ValidatorIndex],
    ) -> Result<Dependent<Vec<AttesterDuty>>, Error> {
        let path = format!("/eth/v1/validator/duties/attester/{epoch}");
        let config = &self.inner.config;
        let call = Call::ask_json(config, "attester_duties", path, json_body(&indices), Limits::DUTIES);
        self.first(call, read::json).await
    }

    /// All proposers of an epoch, with the root they depend on.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn proposer_duties(&self, epoch: Epoch) -> Result<Dependent<Vec<ProposerDuty>>, Error> {
        let path = format!("/eth/v1/validator/duties/proposer/{epoch}");
        self.first(self.get("proposer_duties", path, Limits::DUTIES), read::json).await
    }

    /// The places of these validators in the sync committee that serves in an epoch; those without one are left out.
    ///
    /// # Errors
    /// When no endpoint answers.
    pub async fn sync_duties(
        &self,
        epoch: Epoch,
        indices: &[ValidatorIndex],
    ) -> Result<Vec<SyncDuty>, Error> {
        let path = format!("/eth/v1/validator/duties/sync/{epoch}");
        let config = &self.inner.config;
        let call = Call::ask_json(config, "sync_committee_duties", path, json_body(&indices), Limits::DUTIES);
        self.first(call, read::data).await
    }

    /// Duties as the beacon node words them, nothing lost that we do not know: for the validator client.
    pub(crate) async fn duties_json(
        &self,
        name: &'static str,
        path: String,
        body: Option<bytes::Bytes>,
    ) -> Result<Value, Error> {
        let call = match body {
            Some(body) => Call::ask_json(&self.inner.config, name, path, body, Limits::DUTIES),
            None => self.get(name, path, Limits::DUTIES),
        };
        self.first(call, read::json).await
    }
}
