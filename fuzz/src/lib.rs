//! Development only: everything that decodes others' bytes, told nonsense.
//!
//! ```text
//!   fuzz/run TARGET     libFuzzer ───────────┐
//!                                            ├──► run(target, bytes): no panic, no hoard of memory
//!   cargo test          seeds, all of them   │
//!                       changed a little ────┘
//! ```
//!
//! A target is a function of bytes. It asserts what must hold: what is read can be written and read again, and nothing
//! takes more memory than [`MEMORY`]. `seeds` are made by our own encoders, so that a search begins with what is valid.
//!
//! Never here: anything the product needs.
//!
//! Read next: [`TARGETS`], then `engine.rs`, which fuzzes a whole cluster with messages of one that lies.
#![allow(clippy::disallowed_types, reason = "it takes the time that a target needs")]

mod chain;
mod client;
mod cluster_files;
mod engine;
mod key_files;
mod memory;
mod net_bytes;
mod samples;
mod server;

use std::time::{Duration, Instant};

pub use memory::MEMORY;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// One thing to fuzz.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Runs it on some bytes.
    pub run: fn(&[u8]),
    /// Valid inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "frame", run: net_bytes::frame, seeds: net_bytes::frame_seeds },
    Target { name: "peer_info", run: net_bytes::peer_info, seeds: net_bytes::peer_info_seeds },
    Target { name: "consensus", run: net_bytes::consensus, seeds: net_bytes::consensus_seeds },
    Target { name: "consensus_signed", run: net_bytes::signed, seeds: net_bytes::signed_seeds },
    Target { name: "value", run: net_bytes::value, seeds: net_bytes::value_seeds },
    Target { name: "partials", run: net_bytes::partials, seeds: net_bytes::partials_seeds },
    Target { name: "server", run: server::request, seeds: server::seeds },
    Target { name: "client", run: client::answer, seeds: client::seeds },
    Target { name: "events", run: client::events, seeds: client::event_seeds },
    Target { name: "lock", run: cluster_files::lock, seeds: cluster_files::lock_seeds },
    Target { name: "definition", run: cluster_files::definition, seeds: cluster_files::definition_seeds },
    Target { name: "enr", run: cluster_files::enr, seeds: cluster_files::enr_seeds },
    Target { name: "keystore", run: key_files::keystore, seeds: key_files::keystore_seeds },
    Target { name: "interchange", run: key_files::interchange, seeds: key_files::interchange_seeds },
    Target { name: "engine", run: engine::liar, seeds: engine::seeds },
];

/// The target of that name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}

/// Runs a target on some bytes, with its memory counted; says how long it took.
pub fn run(target: &Target, bytes: &[u8]) -> Duration {
    let begin = Instant::now();
    memory::limited(|| (target.run)(bytes));
    begin.elapsed()
}
