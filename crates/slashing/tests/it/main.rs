//! What the ledger promises, as seen from outside.

mod consent;
mod interchange;
mod oracle;
mod properties;
mod setting;
mod store_faults;
mod vectors;
