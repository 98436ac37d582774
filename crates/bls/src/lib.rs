//! Threshold BLS12-381: shares, Lagrange interpolation, combination and batch verification.
//!
//! ```text
//!            split                     sign
//!  SecretKey ─────► (ShareIndex, SecretKey) ─────► PartialSignature      one per member
//!      │                     │                          │
//!      ▼                     ▼                          ▼
//!  GroupPublicKey     SharePublicKey ────────►  combine, combine_batch
//!      ▲                     │                    │              │
//!      └── check_sharing ────┘                    ▼              ▼
//!                                         GroupSignature   culprits: who sent a wrong partial
//!
//!  verify_batch: many signatures by anyone in one check;  aggregate: the plain sum of the lock file
//! ```
//!
//! **Never here:** Ethereum's words (a root is 32 bytes to this crate), clocks, sockets, disks, threads, and
//! randomness of its own: it comes in as bytes or a seed.
//!
//! **Words.** A *share* is a value of a polynomial; its *index* the place, from 1. A *partial* signature is
//! made with a share, a *group* signature with the whole key, which nobody holds. The *threshold* is how many
//! shares make up the key. A *quorum* is a set of that many. A *culprit* is a share with a wrong partial
//! signature.
//!
//! Read next: `combine.rs` for the way of a batch, `combine/search.rs` for what happens to liars,
//! `lagrange.rs` for why combining is cheap, `batch/verifier.rs` for the equation everything rests on.

#![deny(unsafe_code)]

mod batch;
mod combine;
mod error;
mod hex;
mod index;
mod lagrange;
#[allow(unsafe_code, reason = "blst offers field and point arithmetic only through its C interface")]
mod native;
mod public;
mod secret;
mod sharing;
mod signature;

pub use batch::{Claim, verify_batch};
pub use combine::{Item, NotEnough, Outcome, combine, combine_batch};
pub use error::{Defect, Error};
pub use index::ShareIndex;
pub use public::{GroupPublicKey, PublicKey, SharePublicKey};
pub use secret::SecretKey;
pub use sharing::{check_sharing, interpolate_public, recover, split};
pub use signature::{GroupSignature, PartialSignature, Signature, aggregate, fast_aggregate_verify};
