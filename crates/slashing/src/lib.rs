//! The rules of consent: what this node may sign for a validator, decided and recorded before anything is signed.
//!
//! ```text
//!   Request (one slot, one kind, all validators)
//!      │ judged item by item (history.rs, EIP-3076)      check(): the same rules, nothing recorded
//!      ▼
//!   Batch ──► Store::commit: one write, one sync ──► Permit { granted, refused }
//!                 │ failed                               │
//!                 ▼                                      ▼
//!   Refusal, nothing granted, ledger closed       signer releases a share signature,
//!   until it is opened again from disk            node releases decided data
//! ```
//!
//! Never here: disk, clock, keys, threads, the fork choice, or a way to make a [`Permit`] without a durable record.
//! Safety rests on this room alone: whatever consensus, a leader, the beacon node or the clock do, two signatures of
//! one validator that are slashable with respect to each other are never both permitted.
//!
//! Words: a *record* is something that was permitted or imported; the *floor* of a validator is what later records
//! must not go below (all that was pruned lies at or below it); the *watermark* is the highest it ever reached.
//!
//! Read next: [`Request`], [`Ledger`], then the rules in `history.rs`, then [`Store`] and [`Interchange`].

mod error;
mod history;
mod interchange;
pub mod known_bugs;
mod ledger;
mod permit;
mod record;
mod refusal;
mod request;
mod store;

pub use error::Error;
pub use history::{RETAINED_BLOCKS, RETAINED_VOTES};
pub use interchange::{Interchange, Metadata, SignedAttestation, SignedBlock, ValidatorHistory};
pub use ledger::{Conflict, Imported, Ledger, Strategy};
pub use permit::Permit;
pub use record::{Behind, Record, VoteMark, Watermark};
pub use refusal::Refusal;
pub use request::{DutyId, Item, Kind, Request, Signable};
pub use store::{Batch, Contents, Fault, MemoryStore, Store, StoreError};
