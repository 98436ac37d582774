//! The `phalanx` program as an operator meets it: files, messages, exit codes.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "these tests live in time and on sockets"
)]

mod beacon_node;
mod create_cluster;
mod documents;
mod enr;
mod environment;
mod exits;
mod help;
mod program;
mod run_ends;
mod run_refuses;
mod slashing_ledger;
mod split_keys;
