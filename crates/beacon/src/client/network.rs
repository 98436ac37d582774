//! Whether an endpoint belongs to our network.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use eth::Genesis;

use super::Inner;
use super::call::{Call, Limits};
use super::endpoint::Endpoint;
use super::read;
use crate::error::Problem;

impl Endpoint {
    /// Compares its genesis with the one of the other endpoints, once per connection to the network.
    pub(crate) async fn verify(&self, inner: &Inner) -> Result<(), Problem> {
        if self.verified.load(Ordering::Acquire) {
            return Ok(());
        }
        let call = Call::get(&inner.config, "genesis", "/eth/v1/beacon/genesis", Limits::SMALL);
        let answer = self.ask(&call).await.map_err(|problem| match problem {
            Problem::Status { code, message, .. } => {
                Problem::NoGenesis(format!("{code} {message}").trim().to_owned())
            }
            problem => problem,
        })?;
        inner.admit(read::genesis(&answer)?)?;
        self.verified.store(true, Ordering::Release);
        Ok(())
    }
}

impl Inner {
    /// Takes the first genesis as that of all, and refuses a different one.
    fn admit(&self, found: Genesis) -> Result<(), Problem> {
        let expected_version = self.config.genesis_fork_version.unwrap_or(found.genesis_fork_version);
        let foreign = |expected, found: String| Err(Problem::ForeignNetwork { expected, found });
        if found.genesis_fork_version != expected_version {
            return foreign(expected_version, found.genesis_fork_version.to_string());
        }
        let mut known = self.genesis.write().unwrap_or_else(PoisonError::into_inner);
        match known.as_ref() {
            None => *known = Some(found),
            Some(known) if known.genesis_fork_version != found.genesis_fork_version => {
                return foreign(known.genesis_fork_version, found.genesis_fork_version.to_string());
            }
            Some(known) if known.genesis_validators_root != found.genesis_validators_root => {
                let root = found.genesis_validators_root;
                return foreign(
                    known.genesis_fork_version,
                    format!("it with genesis validators root {root}"),
                );
            }
            Some(known) if known.genesis_time != found.genesis_time => {
                let time = found.genesis_time;
                return foreign(known.genesis_fork_version, format!("it with genesis time {time}"));
            }
            Some(_) => {}
        }
        Ok(())
    }
}
