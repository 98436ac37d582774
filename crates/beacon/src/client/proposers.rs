//! What every beacon node must know before it builds a block for us: who earns the fees, and what builders are told.
//!
//! The block may come from any of them, so one node's acknowledgement says nothing of another's.

use std::time::Instant;

use eth::SignedValidatorRegistration;
use futures::future::join_all;

use super::Client;
use super::call::{Call, json_body};
use crate::api::{MediaType, ProposerPreparation};
use crate::error::{EndpointFailure, Error, Problem};

/// What became of a submission at each endpoint, in the configured order; the name is the one of logs.
pub type Acknowledgements = Vec<(String, Result<(), Problem>)>;

impl Client {
    /// Tells every endpoint who earns the fees of these validators' blocks. Should an endpoint that did not take it
    /// produce a block, the fees would go elsewhere, perhaps to nobody: tell it again until it does. Telling the
    /// others again does no harm.
    pub async fn prepare_beacon_proposer(&self, preparations: &[ProposerPreparation]) -> Acknowledgements {
        let path = "/eth/v1/validator/prepare_beacon_proposer";
        let (config, body) = (&self.inner.config, json_body(&preparations));
        let call = Call::submit(config, "submit_proposal_preparations", path, MediaType::Json, body);
        self.at_each(&call, true).await
    }

    /// Tells every endpoint, and through it the builders it is connected to, where these validators want their fees.
    /// An endpoint without builders answers with an error, which says nothing of its health; one that has some answers
    /// when they did.
    ///
    /// # Errors
    /// When no endpoint takes them.
    pub async fn register_validators(
        &self,
        registrations: &[SignedValidatorRegistration],
    ) -> Result<(), Error> {
        let (request, path) = ("submit_validator_registrations", "/eth/v1/validator/register_validator");
        let (config, body) = (&self.inner.config, json_body(&registrations));
        let call = Call::submit(config, request, path, MediaType::Json, body);
        let timeout = config.submit_timeout.max(config.forward_timeout);
        let acknowledgements = self.at_each(&Call { timeout, ..call }, false).await;
        if acknowledgements.iter().any(|(_, result)| result.is_ok()) {
            return Ok(());
        }
        let failed = |(endpoint, result): (String, Result<(), Problem>)| {
            result.err().map(|problem| EndpointFailure { endpoint, problem })
        };
        Err(Error::Failed { request, failures: acknowledgements.into_iter().filter_map(failed).collect() })
    }

    /// All endpoints at once; returns when the last one has answered or its time is up.
    async fn at_each(&self, call: &Call, tells_health: bool) -> Acknowledgements {
        let started = Instant::now();
        self.inner.metrics.request(call.name);
        let submissions = self.inner.endpoints.iter().map(|endpoint| async move {
            let result = self.exchange(endpoint, call, &|_| Ok(())).await;
            if tells_health {
                self.note(endpoint, &result);
            }
            if let Err(problem) = &result {
                tracing::warn!(endpoint = endpoint.name(), request = call.name, "Beacon node {problem}");
            }
            (endpoint.name().to_owned(), result)
        });
        let acknowledgements = join_all(submissions).await;
        let is_failed = acknowledgements.iter().any(|(_, result)| result.is_err());
        self.inner.metrics.finished(call.name, started.elapsed(), is_failed);
        acknowledgements
    }
}
