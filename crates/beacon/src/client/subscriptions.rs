//! Subscriptions to subnets, as the validator client words them.

use bytes::Bytes;

use super::Client;
use super::call::Call;
use crate::api::MediaType;
use crate::error::Error;

impl Client {
    /// Hands a validator client's subscriptions, a list in JSON, to all endpoints: each of them may be asked for the
    /// aggregate. `name` is the last part of the path.
    ///
    /// # Errors
    /// When no endpoint takes them.
    pub(crate) async fn subscribe(&self, name: &'static str, body: Bytes) -> Result<(), Error> {
        let path = format!("/eth/v1/validator/{name}");
        self.everywhere(Call::submit(&self.inner.config, name, path, MediaType::Json, body), None).await
    }
}
