//! What the ledger file, the keystores and the keyring promise, as seen from outside.

mod damage;
mod keyring;
mod keystore;
mod keystore_directory;
mod ledger_file;
mod setting;
