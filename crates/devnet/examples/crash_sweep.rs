//! Kills a real node at each system call of a signing slot, and lets its disk fail, see `devnet::crash`.
//! `crash_sweep --program target/release/phalanx [--every N] …`; `cargo xtask crash-sweep` builds both.
//!
//! The exit code is 0 when nothing was violated, 1 when something was or the machine failed, and 77 when this machine
//! cannot do it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example speaks on its terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use devnet::crash::{Options, Outcome, Part, sweep};
use tokio::signal::unix::{SignalKind, signal};

/// The code of test programs that were skipped.
const SKIPPED: u8 = 77;

/// Kills a real node at each system call of a signing slot, and lets its disk fail.
#[derive(Parser)]
#[command(name = "crash-sweep")]
struct Arguments {
    /// The phalanx program
    #[arg(long, default_value = "target/release/phalanx")]
    program: PathBuf,
    /// Kill or fail at every how many system calls
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// Do everything so often
    #[arg(long, value_name = "N", default_value_t = 1)]
    rounds: usize,
    /// Kill at these system calls only
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    syscalls: Vec<String>,
    /// Do these parts only
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    parts: Vec<PartName>,
    /// Duration of a slot, milliseconds
    #[arg(long, default_value_t = 2000)]
    slot_ms: u64,
    /// Keep the cluster's files here; it must not exist, or be empty
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PartName {
    /// Kills at system calls
    Kills,
    /// System calls on the ledger's files that fail
    Faults,
    /// A disk that is full or read only
    Disk,
}

fn main() -> ExitCode {
    let options = options(Arguments::parse());
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    let ended = runtime.block_on(async {
        // Whoever ends the sweep ends its nodes, and gives its disks back.
        tokio::select! {
            ended = sweep(&options, |line| println!("{line}")) => Some(ended),
            () = told_to_end() => None,
        }
    });
    let Some(ended) = ended else {
        eprintln!("error: it was ended early");
        return ExitCode::FAILURE;
    };
    match ended {
        Ok(Outcome::Done(report)) => {
            println!("\n{report}");
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Ok(Outcome::Skipped(why)) => {
            println!("SKIPPED: {why}. Nothing was shown.");
            ExitCode::from(SKIPPED)
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Waits for Ctrl-C or the signal to terminate.
async fn told_to_end() {
    let mut terminate = signal(SignalKind::terminate()).expect("the system has signals");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn options(arguments: Arguments) -> Options {
    let part = |name: &PartName| match name {
        PartName::Kills => Part::Kills,
        PartName::Faults => Part::Faults,
        PartName::Disk => Part::Disk,
    };
    let mut options = Options::new(arguments.program);
    if !arguments.parts.is_empty() {
        options.parts = arguments.parts.iter().map(part).collect();
    }
    Options {
        every: arguments.every,
        rounds: arguments.rounds,
        system_calls: arguments.syscalls,
        slot_ms: arguments.slot_ms,
        dir: arguments.dir,
        ..options
    }
}
