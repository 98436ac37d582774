//! The embedded chain over HTTP, as nodes see it.

// Tests may look at the clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod chain_attestations;
mod chain_blocks;
mod chain_duties;
mod chain_events;
mod chain_finality;
mod driver;
mod middleware;
mod run;
mod validator_client;
