//! The embedded chain over HTTP, as nodes see it.

// Tests may look at the clock.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod chain_aggregates;
mod chain_attestations;
mod chain_blocks;
mod chain_builder;
mod chain_contributions;
mod chain_duties;
mod chain_events;
mod chain_exits;
mod chain_finality;
mod chain_registrations;
mod chain_reorg;
mod chain_sync;
mod driver;
mod middleware;
mod run;
mod validator_client;
