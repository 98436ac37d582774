//! Architecture invariants as a test, and the pages that are made from the code.
//!
//! `cargo xtask tidy` fails when the house is not as ARCHITECTURE.md says; `cargo xtask reasons` writes
//! `docs/operate/reasons.md`; `cargo xtask crash-sweep` builds the program and what kills it, and does so
//! (`docs/operate/crash-safety.md`).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod arrows;
mod crash_sweep;
mod known_bugs;
mod pages;
mod reasons;
mod sources;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned();
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy(&root),
        Some("reasons") => write_reasons(&root),
        Some("crash-sweep") => crash_sweep::run(&root, std::env::args().skip(2)),
        _ => {
            eprintln!("usage: cargo xtask tidy | reasons | crash-sweep [--every N] [--help]");
            ExitCode::from(2)
        }
    }
}

/// Checks every invariant and names all that is broken.
fn tidy(root: &Path) -> ExitCode {
    let mut complaints = Vec::new();
    arrows::check(root, &mut complaints);
    known_bugs::check(root, &mut complaints);
    sources::check(root, &mut complaints);
    pages::check(root, &mut complaints);
    reasons::check(root, &mut complaints);
    for complaint in &complaints {
        eprintln!("tidy: {complaint}");
    }
    if complaints.is_empty() {
        println!("tidy: the house is in order");
        ExitCode::SUCCESS
    } else {
        eprintln!("tidy: {} complaints", complaints.len());
        ExitCode::FAILURE
    }
}

fn write_reasons(root: &Path) -> ExitCode {
    match std::fs::write(root.join(reasons::PAGE), reasons::render()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {}: {error}", reasons::PAGE);
            ExitCode::FAILURE
        }
    }
}

/// The directories of all rooms.
fn rooms(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("crates")).expect("the workspace has crates");
    let mut rooms: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    rooms.sort();
    rooms
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
