//! Cluster files: who runs a cluster, with which keys, and the proof of it.
//!
//! ```text
//!   operators' wallets        nodes' keys          validators' keys
//!        │ EIP-712                │ ENR                  │ split
//!        ▼                       ▼                      ▼
//!    Definition ──── hash ──► Lock { definition, validators { group key, share keys } }
//!                               │ hash, signed by every share and every node
//!                               ▼
//!                           verify() ──► keys(), operators(), share_index()
//!   create() makes all of it on one machine
//! ```
//!
//! **Never here:** disk, clock, randomness (they enter as arguments), keystores and their passwords (`signer`),
//! sockets (`net`), BLS itself (`bls`).
//!
//! **Words.** The *group key* is a validator's key on the chain; a *share key* is one node's part of it. An *operator*
//! runs one *node*; its position in the definition is its peer number, plus one its share number. The *lock hash* is
//! the cluster's identity.
//!
//! **Read next:** [`Lock::verify`], then [`create`](mod@create), then [`hash`].

pub mod create;
pub mod hash;
pub mod k1;
pub mod network;

mod definition;
mod eip712;
mod encoding;
mod enr;
mod error;
mod json;
mod keys;
mod lock;
mod operator;
mod version;

pub use create::{Artefact, NewCluster, NewNode, Options, Secrets, create};
pub use definition::{Addresses, Creator, Definition, OperatorEntry, ValidatorAddresses};
pub use eip712::Statement;
pub use encoding::AddressText;
pub use enr::{Enr, EnrError};
pub use error::{Error, RegistrationProblem, StoredHash, WalletSignature};
pub use k1::{NodeKey, NodePublicKey};
pub use keys::{GroupKey, ShareKey};
pub use lock::{Check, Lock, Validator, ValidatorKeys};
pub use network::Network;
pub use operator::Operator;
pub use version::FormatVersion;
