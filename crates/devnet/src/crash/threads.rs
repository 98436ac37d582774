//! The victim's threads, by what they do.

use std::path::PathBuf;

use crate::Error;

/// Threads of a node with one worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads {
    /// The first thread, and the process: the loop around the engine.
    pub(super) body: u32,
    /// Everything on sockets.
    pub(super) network: u32,
    /// The ledger.
    pub(super) ledger: u32,
}

impl Threads {
    /// Finds them.
    ///
    /// # Errors
    /// The process is gone, or its threads have other names.
    pub(super) fn of(process: u32) -> Result<Threads, Error> {
        let tasks = PathBuf::from(format!("/proc/{process}/task"));
        let entries = std::fs::read_dir(&tasks).map_err(|why| Error::File { path: tasks.clone(), why })?;
        let named = |entry: std::fs::DirEntry| {
            let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, name.trim().to_owned()))
        };
        let mut threads: Vec<(u32, String)> = entries.flatten().filter_map(named).collect();
        threads.sort();
        let find = |wanted: &str| {
            let found = threads.iter().find(|(id, name)| *id != process && name.starts_with(wanted));
            found.map(|(id, _)| *id).ok_or_else(|| {
                Error::Tracing(format!("the victim has no thread {wanted}*, only {threads:?}"))
            })
        };
        // The worker comes first; later ones of that name do what blocks.
        Ok(Threads { body: process, network: find("tokio-")?, ledger: find("ledger")? })
    }
}
