//! Signing.

use std::sync::Arc;

use eth::{DomainType, Epoch, PublicKeyBytes, Root, SignatureBytes, signing_root};

use super::Session;
use super::api::Failure;

impl Session {
    /// Signs an object in a domain of an epoch.
    ///
    /// # Errors
    /// [`Failure::Own`]: the key is not the client's.
    pub(super) fn sign(
        &self,
        pubkey: &PublicKeyBytes,
        object: Root,
        purpose: DomainType,
        epoch: Epoch,
    ) -> Result<SignatureBytes, Failure> {
        let foreign = || Failure::Own(format!("it has no key {pubkey}"));
        let key = self.client.keys.get(pubkey).ok_or_else(foreign)?;
        let root = signing_root(object, self.spec.domain(purpose, epoch));
        Ok(SignatureBytes(key.sign(root.as_bytes()).to_bytes()))
    }
}

/// Signs many, off the event loop.
pub(super) async fn off_the_loop<T: Send + 'static>(
    session: &Arc<Session>,
    work: impl FnOnce(&Session) -> T + Send + 'static,
) -> T {
    let session = Arc::clone(session);
    tokio::task::spawn_blocking(move || work(&session)).await.expect("signing does not panic")
}
