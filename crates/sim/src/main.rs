//! `cargo sim`: one world from one number, or many of them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod report;
mod sweep;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use sim::plan::{PEACE_SLOTS, Plan};
use sim::run::{minimise, run};

/// Worlds are made of small, short-lived things.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs a whole cluster with every fault at once, in one thread and from one number, and checks that every promise
/// holds after every event.
///
/// Without --seeds or --minutes it runs the world of SEED. A failure prints the broken sentence, the seed, the faults
/// that are needed for it, what happened, and the command that shows it again. Exit code 0: all held; 1: something did
/// not; 2: wrong usage.
#[derive(Parser)]
#[command(name = "cargo sim", version)]
struct Arguments {
    /// The world to run, or the first of many.
    #[arg(default_value_t = 0)]
    seed: u64,
    /// Run as many worlds, from SEED on.
    #[arg(long, conflicts_with = "only", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// Search for as many minutes, from SEED on.
    #[arg(long, conflicts_with_all = ["seeds", "only"], value_parser = clap::value_parser!(u64).range(1..))]
    minutes: Option<u64>,
    /// Slots of a world; the last of them are peaceful.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u64).range(PEACE_SLOTS + 2..=4096))]
    slots: u64,
    /// Of the world's faults only those of these numbers happen.
    #[arg(long, value_delimiter = ',')]
    only: Option<Vec<usize>>,
    /// Print everything that happens in the world.
    #[arg(long, conflicts_with_all = ["seeds", "minutes"])]
    trace: bool,
    /// Run every world twice and compare the two, event for event.
    #[arg(long)]
    twice: bool,
    /// Sign with BLS12-381 in place of made up signatures.
    #[arg(long)]
    real_bls: bool,
    /// Worlds at the same time.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    sweep::hush_panics();
    let found = match (arguments.seeds, arguments.minutes) {
        (None, None) => one(&arguments),
        (seeds, minutes) => sweep::sweep(&sweep::Range {
            first: arguments.seed,
            seeds,
            minutes,
            slots: arguments.slots,
            twice: arguments.twice,
            real_bls: arguments.real_bls,
            threads: arguments.threads.max(1),
        }),
    };
    if found { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs one world; says whether something was found.
fn one(arguments: &Arguments) -> bool {
    let mut plan = Plan::new(arguments.seed, arguments.slots);
    plan.settings.has_real_signatures = arguments.real_bls;
    if let Some(only) = &arguments.only {
        let faults = plan.faults.len();
        if let Some(unknown) = only.iter().find(|number| **number >= faults) {
            let why = format!("world {} has no fault {unknown}: it has {faults}, from 0 on", arguments.seed);
            Arguments::command().error(clap::error::ErrorKind::ValueValidation, why).exit();
        }
        plan = plan.only(only);
    }
    let outcome = run(&plan, arguments.trace);
    if arguments.twice && run(&plan, false).hash != outcome.hash {
        println!("seed {}: the same world took two ways", arguments.seed);
        return true;
    }
    outcome.lines.iter().for_each(|line| println!("{line}"));
    let Some(violation) = outcome.violation else {
        println!("{}", report::world(&plan, &outcome));
        return false;
    };
    eprintln!("looking for the least that breaks it…");
    let least = minimise(&plan, violation.sentence, |left| eprint!("\r{left} faults left   "));
    eprintln!();
    println!("{}", report::failure(&least, arguments.slots));
    true
}
