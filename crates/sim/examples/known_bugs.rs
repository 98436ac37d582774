//! How many random worlds it takes until a known bug breaks a sentence: the measure of what the simulator finds.
//!
//! ```sh
//! cargo run --release -p sim --features known-bugs --example known_bugs -- 2000 [PART OF A NAME]
//! ```

#![allow(clippy::print_stdout, reason = "a command line tool speaks on its terminal")]

use std::sync::atomic::{AtomicUsize, Ordering};

use sim::checker::Violation;
use sim::known_bugs::KnownBug;
use sim::plan::Plan;
use sim::run::run;

/// Slots of a world, as `cargo sim` has them.
const SLOTS: u64 = 32;

/// Worlds in which a bug is looked for, unless the first argument says otherwise.
const WORLDS: u64 = 2_000;

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut arguments = std::env::args().skip(1);
    let worlds = arguments.next().and_then(|worlds| worlds.parse().ok()).unwrap_or(WORLDS);
    let part = arguments.next().unwrap_or_default();
    let bugs: Vec<KnownBug> = KnownBug::all().filter(|bug| bug.to_string().contains(&part)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    println!("{}", line(*bug, worlds));
                }
            });
        }
    });
}

fn line(bug: KnownBug, worlds: u64) -> String {
    match search(bug, worlds) {
        Some((seed, Violation { sentence, .. })) => {
            format!("{bug}: {sentence:?} after {} worlds", seed + 1)
        }
        None => format!("{bug}: nothing in {worlds} worlds"),
    }
}

/// The first seed whose world breaks with the bug, and only with it.
fn search(bug: KnownBug, worlds: u64) -> Option<(u64, Violation)> {
    (0..worlds).find_map(|seed| {
        let plan = Plan::new(seed, SLOTS);
        let violation = bug.during(|| run(&plan, false)).violation?;
        run(&plan, false).violation.is_none().then_some((seed, violation))
    })
}
