//! What a sweep is to be like.

use std::path::PathBuf;

use crate::run;

/// What a sweep is to be like.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `phalanx` program.
    pub program: PathBuf,
    /// Every how many system calls it kills or lets fail; 1 for each.
    pub every: usize,
    /// How often the whole sweep is done, on one cluster.
    pub rounds: usize,
    /// System calls to do it at; all that carry anything out of the process or onto the disk if there are none.
    pub system_calls: Vec<String>,
    /// Which parts are done.
    pub parts: Vec<Part>,
    /// Duration of a slot, milliseconds.
    pub slot_ms: u64,
    /// Where files are kept; must not exist or be empty. Without, they are gone at the end.
    pub dir: Option<PathBuf>,
}

/// A part of the sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Kills at system calls.
    Kills,
    /// System calls on the ledger's files that fail.
    Faults,
    /// A disk that is full or read only.
    Disk,
}

impl Options {
    /// Everything, at every system call.
    pub fn new(program: PathBuf) -> Options {
        let parts = vec![Part::Kills, Part::Faults, Part::Disk];
        Options { program, every: 1, rounds: 1, system_calls: Vec::new(), parts, slot_ms: 2000, dir: None }
    }

    /// The same for the cluster.
    pub(super) fn run(&self, nodes: u8, validators: u64) -> run::Options {
        run::Options {
            nodes,
            validators,
            slot_ms: self.slot_ms,
            dir: self.dir.clone(),
            ..run::Options::new(self.program.clone())
        }
    }
}
