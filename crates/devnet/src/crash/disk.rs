//! The victim's ledger after a kill: as it is, and as a power cut would have left it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cluster::GroupKey;
use eth::Root;
use signer::SqliteStore;
use slashing::Ledger;

use super::call::{Call, Target};
use crate::Error;

/// The end of the name of the ledger's log.
const LOG: &str = "-wal";

/// What a power cut writes at once.
const SECTOR_BYTES: usize = 512;

/// A copy of a ledger's files.
pub(super) struct Image {
    database: Vec<u8>,
    log: Option<Vec<u8>>,
}

/// Parts of a file, by offset and length.
type Ranges = Vec<(u64, u64)>;

/// What was written and not synced.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    database: Ranges,
    log: Ranges,
}

/// Everything an opened ledger has a record of.
pub(super) type Records = BTreeSet<(GroupKey, Root)>;

impl Image {
    /// Copies the files. Nobody may be writing them.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn of(ledger: &Path) -> Result<Image, Error> {
        let read =
            |path: &Path| std::fs::read(path).map_err(|why| Error::File { path: path.to_owned(), why });
        let log = log_of(ledger);
        let log = if log.exists() { Some(read(&log)?) } else { None };
        Ok(Image { database: read(ledger)?, log })
    }

    /// Without anything that was not synced.
    pub(super) fn after_power_cut(&self, unsynced: &Unsynced) -> Image {
        self.without(unsynced, |_| true)
    }

    /// With every other sector of what was not synced.
    pub(super) fn torn(&self, unsynced: &Unsynced) -> Image {
        self.without(unsynced, |at| at / SECTOR_BYTES % 2 == 0)
    }

    /// Opens a copy, as a start of the node would, and reads it.
    ///
    /// # Errors
    /// What the ledger says why it refuses the files.
    pub(super) fn records(&self, directory: &Path) -> Result<Records, String> {
        let copy = tempfile::tempdir_in(directory).map_err(|why| why.to_string())?;
        let path = copy.path().join("ledger.sqlite");
        std::fs::write(&path, &self.database).map_err(|why| why.to_string())?;
        if let Some(log) = &self.log {
            std::fs::write(log_of(&path), log).map_err(|why| why.to_string())?;
        }
        let store = SqliteStore::open_unowned(&path).map_err(|why| why.to_string())?;
        let history = Ledger::open(store).map_err(|why| why.to_string())?.export();
        let mut records = Records::new();
        for validator in history.data {
            let key = GroupKey(validator.pubkey);
            let votes = validator.signed_attestations.iter().filter_map(|vote| vote.signing_root);
            let blocks = validator.signed_blocks.iter().filter_map(|block| block.signing_root);
            records.extend(votes.chain(blocks).map(|root| (key, root)));
        }
        Ok(records)
    }

    fn without(&self, unsynced: &Unsynced, is_lost: impl Fn(usize) -> bool) -> Image {
        let blank = |bytes: &[u8], ranges: &Ranges| {
            let mut bytes = bytes.to_vec();
            for (offset, length) in ranges {
                let begin = usize::try_from(*offset).unwrap_or(usize::MAX).min(bytes.len());
                let end =
                    begin.saturating_add(usize::try_from(*length).unwrap_or(usize::MAX)).min(bytes.len());
                (begin..end).filter(|at| is_lost(*at)).for_each(|at| bytes[at] = 0);
            }
            bytes
        };
        let log = self.log.as_ref().map(|log| blank(log, &unsynced.log));
        Image { database: blank(&self.database, &unsynced.database), log }
    }
}

impl Unsynced {
    /// What the calls of the ledger's thread left. What was written before the first of them has been synced: a
    /// commit is over when its sync is.
    pub(super) fn after(calls: &[Call], ledger: &Path) -> Unsynced {
        let log = log_of(ledger);
        let mut pending: BTreeMap<&Path, Ranges> = BTreeMap::new();
        for call in calls {
            let Target::File(path) = &call.target else { continue };
            let path = match path {
                path if path == ledger => ledger,
                path if *path == log => log.as_path(),
                _ => continue,
            };
            if let (Some(range), true) = (call.range(), call.returned != Some(-1)) {
                pending.entry(path).or_default().push(range);
            } else if matches!(call.name.as_str(), "fsync" | "fdatasync") && call.returned == Some(0) {
                pending.remove(path);
            }
        }
        let mut of = |path: &Path| pending.remove(path).unwrap_or_default();
        Unsynced { database: of(ledger), log: of(&log) }
    }

    /// Bytes that a power cut would lose.
    pub(super) fn bytes(&self) -> u64 {
        self.database.iter().chain(&self.log).map(|(_, length)| length).sum()
    }
}

/// The ledger's log.
pub(super) fn log_of(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(LOG);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_synced_survives_a_power_cut() {
        let ledger = Path::new("/d/ledger.sqlite");
        let calls = Call::all_in(concat!(
            "1.1 pwrite64(9</d/ledger.sqlite-wal>, \"\"..., 24, 32) = 24\n",
            "1.2 fdatasync(9</d/ledger.sqlite-wal>) = 0\n",
            "1.3 pwrite64(9</d/ledger.sqlite-wal>, \"\"..., 1024, 1024) = 1024\n",
            "1.4 pwrite64(8</d/ledger.sqlite>, \"\"..., 4, 2) = 4\n",
            "1.4 pwrite64(8</d/ledger.sqlite>, \"\"..., 4, 6) = -1 ENOSPC (No space left on device)\n",
            "1.5 fdatasync(9</d/ledger.sqlite-wal>) = -1 EIO (Input/output error) (INJECTED)\n",
        ));
        let unsynced = Unsynced::after(&calls, ledger);
        assert_eq!((unsynced.log.clone(), unsynced.database.clone()), (vec![(1024, 1024)], vec![(2, 4)]));
        assert_eq!(unsynced.bytes(), 1028);
        let image = Image { database: vec![7; 10], log: Some(vec![9; 1536]) };
        let left = image.after_power_cut(&unsynced);
        assert_eq!(left.database, [7, 7, 0, 0, 0, 0, 7, 7, 7, 7]);
        let log = left.log.expect("a log");
        assert!(log[..1024].iter().all(|byte| *byte == 9) && log[1024..].iter().all(|byte| *byte == 0));
        let torn = image.torn(&unsynced).log.expect("a log");
        assert!(torn[1024..].iter().all(|byte| *byte == 0), "an even sector");
        assert_eq!(torn.len(), 1536);
    }
}
