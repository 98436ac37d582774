//! The Beacon API, both sides of one spec: we ask beacon nodes, and we answer our validator client.
//!
//! ```text
//!   validator client                       this room                         beacon nodes
//!   ───────────────►  server  ── duties, validators: keys translated ──► client ──► first healthy one,
//!                       │                                                  │        next at once on failure
//!                       │  attestation data, aggregates, blocks,           │
//!                       ▼  selections, submissions                         │ submissions: all of them
//!                    Backend  (the node: consensus, ledger)  ──────────────┘
//!                       everything else: streamed through, both ways
//! ```
//!
//! Never here: deciding what to sign, checking a signature, a private key, slot timing, duties' deadlines (the
//! [`server::Backend`] ends every held request itself).
//!
//! Words: an *endpoint* is one configured beacon node; a *call* is one request with its limits; a *problem* is what
//! one endpoint did wrong; an [`Error`] is what remains after all endpoints were asked; a *share key* is what the
//! validator client knows a validator by, a *group key* what the beacon chain knows it by.
//!
//! Read next: `api.rs` (the words both sides speak), `client/failover.rs`, `server/routes.rs`.

#![allow(clippy::disallowed_types, reason = "a hand has a clock")]

pub mod api;
pub mod client;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod labels;
pub mod server;

pub use client::{Client, ClientConfig};
pub use error::{EndpointFailure, Error, Problem};

/// Makes ring the process's TLS provider. Harmless when called again; [`Client::new`] calls it too.
pub fn install_crypto() {
    // An error only says that a provider is already installed, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
