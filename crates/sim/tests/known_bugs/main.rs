//! Bugs that other clients had, each with a test that finds it: docs/protocol/known-bugs.md.
//!
//! The tests state what holds. With the feature `known-bugs` every one of them is run once more with its bug switched
//! on, and must fail.

#[cfg_attr(not(feature = "known-bugs"), allow(dead_code, reason = "only the proof reads all of a case"))]
mod cases;
mod clients;
mod instance;
mod leaders;
mod ledgers;
mod liars;
mod page;
mod partials;
#[cfg(feature = "known-bugs")]
mod proof;
mod rounds;
mod votes;

use duty::Duty;
use sim::world::{Settings, World};

/// The slot in which things go wrong.
const SLOT: u64 = 9;

/// The duty that is in danger.
const fn duty() -> Duty {
    Duty::new(eth::Slot(SLOT), duty::DutyKind::Attester)
}

/// A world that only attests, and whose nodes all begin when that is due. Eight validators attest one in each slot.
fn quiet(nodes: usize, validators: u8) -> World {
    World::new(Settings {
        nodes,
        validators,
        propose_every: 0,
        sync_members: 0,
        head_ms: None,
        ..Settings::default()
    })
}
