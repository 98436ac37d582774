//! The node's parts against real files, threads and curves.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "these tests live on disks and threads"
)]

mod directory;
mod first_start;
mod keeper;
mod worker;
