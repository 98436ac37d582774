//! Key shares and the ledger's disk: the only room that can make a share signature, and only against a permit.
//!
//! ```text
//!   slashing::Ledger ──commit──► SqliteStore ──► one SQLite file, one sync, then
//!         │                                      Ok: it survives power loss
//!         ▼
//!      Permit ───────────────► Keyring::sign ──► partial signatures
//!                                  ▲
//!   keystore-<i>.json, .txt ── load_directory     EIP-2335: scrypt or PBKDF2, AES-CTR
//! ```
//!
//! Never here: rules of consent (`slashing`), the combination of signatures (`bls`), sockets, a ledger that starts
//! empty by itself, a secret in an error or a log line.
//!
//! Words: the *ledger file* is the signing history on disk; its *owner* the network and lock that a node runs; a *key
//! share* is this node's part of a validator's key; the *whole key* is what no node ever has.
//!
//! Read next: [`SqliteStore`] and the tables in `ledger_file/schema.rs`, then [`Keystore`] and [`Keyring`].

mod error;
mod keyring;
mod keystore;
mod ledger_file;

pub use error::Error;
pub use keyring::Keyring;
pub use keystore::{
    Keystore, KeystoreFault, LoadedKeystore, Protection, load_directory, random_password, write_directory,
};
pub use ledger_file::{Owner, SqliteStore};
