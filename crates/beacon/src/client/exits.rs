//! The submission of voluntary exits.

use eth::SignedVoluntaryExit;

use super::Client;
use super::call::{Call, json_body};
use crate::api::{MediaType, is_already_exited};
use crate::error::{EndpointFailure, Error, Problem};

impl Client {
    /// Submits an exit to all endpoints. That the validator is exiting already counts as success.
    ///
    /// # Errors
    /// When no endpoint takes it.
    pub async fn submit_exit(&self, exit: &SignedVoluntaryExit) -> Result<(), Error> {
        let path = "/eth/v1/beacon/pool/voluntary_exits";
        let (config, body) = (&self.inner.config, json_body(exit));
        let call = Call::submit(config, "submit_voluntary_exit", path, MediaType::Json, body);
        match self.everywhere(call, None).await {
            Err(Error::Failed { failures, .. }) if failures.iter().any(has_exited) => Ok(()),
            result => result,
        }
    }
}

fn has_exited(failure: &EndpointFailure) -> bool {
    matches!(&failure.problem, Problem::Status { message, .. } if is_already_exited(message))
}
