//! How many random worlds it takes until a known bug breaks a sentence: the measure of what the simulator finds.
//!
//! ```sh
//! cargo run --release -p sim --features known-bugs --example known_bugs -- 2000 [PART OF A NAME]
//! ```

#![allow(clippy::print_stdout, reason = "a command line tool speaks on its terminal")]

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sim::checker::Violation;
use sim::known_bugs::KnownBug;
use sim::plan::Plan;
use sim::run::run;

/// Slots of a world, as `cargo sim` has them.
const SLOTS: u64 = 32;

/// Worlds in which a bug is looked for, unless the first argument says otherwise.
const WORLDS: u64 = 2_000;

/// Worlds that are searched for all bugs before any is searched further.
const BLOCK: u64 = 20;

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut arguments = std::env::args().skip(1);
    let worlds = arguments.next().and_then(|worlds| worlds.parse().ok()).unwrap_or(WORLDS);
    let part = arguments.next().unwrap_or_default();
    let mut hidden: Vec<KnownBug> = KnownBug::all().filter(|bug| bug.to_string().contains(&part)).collect();
    let mut searched = 0;
    while searched < worlds && !hidden.is_empty() {
        let block = searched..worlds.min(searched + BLOCK);
        searched = block.end;
        let found = search_all(&hidden, &block);
        hidden.retain(|bug| !found.contains(bug));
        println!("{searched} worlds: {} bugs are still hidden", hidden.len());
    }
    hidden.iter().for_each(|bug| println!("{bug}: nothing in {worlds} worlds"));
}

/// Those of the bugs that a world of the block shows.
fn search_all(hidden: &[KnownBug], block: &Range<u64>) -> Vec<KnownBug> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(bug) = hidden.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some((seed, violation)) = search(*bug, block) else { continue };
                    println!("{bug}: {:?} after {} worlds", violation.sentence, seed + 1);
                    found.lock().expect("nobody panics").push(*bug);
                }
            });
        }
    });
    found.into_inner().expect("nobody panics")
}

/// The first world that breaks with the bug, and only with it.
fn search(bug: KnownBug, block: &Range<u64>) -> Option<(u64, Violation)> {
    block.clone().find_map(|seed| {
        let plan = Plan::new(seed, SLOTS);
        let violation = bug.during(|| run(&plan, false)).violation?;
        run(&plan, false).violation.is_none().then_some((seed, violation))
    })
}
