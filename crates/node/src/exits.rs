//! This node's own partial exits, on disk: they may wait days for the other operators' to come.

use std::fs;
use std::path::{Path, PathBuf};

use cluster::GroupKey;
use duty::{PartialSet, Signed};
use eth::{Epoch, SignedVoluntaryExit};

use crate::{Error, directory};

/// The directory, beside the slashing ledger.
pub(crate) const DIRECTORY: &str = "exits";

/// Longest file that is read: an exit has some three hundred bytes.
const MAX_BYTES: u64 = 4_096;

/// The store. Clones share the directory.
#[derive(Clone, Debug)]
pub(crate) struct Exits {
    directory: PathBuf,
}

impl Exits {
    /// The store beside the ledger. Nothing is made before there is something to keep.
    pub(crate) fn beside(ledger: &Path) -> Exits {
        Exits { directory: ledger.with_file_name(DIRECTORY) }
    }

    /// What is kept. A file that is no exit stays where it is and is named in the log; it holds up nobody.
    pub(crate) fn load(&self) -> Vec<SignedVoluntaryExit> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
        paths.sort();
        let mut exits = Vec::new();
        for path in paths {
            match read(&path) {
                Ok(exit) => exits.push(exit),
                Err(why) => {
                    tracing::warn!(topic = "exit", path = %path.display(), why, "this is no partial exit; it is left alone");
                }
            }
        }
        exits
    }

    /// Keeps the exits of a set that this node sends.
    pub(crate) fn keep(&self, set: &PartialSet) {
        for (key, partial) in &set.partials {
            let Signed::Exit(message) = partial.signed else { continue };
            let exit = SignedVoluntaryExit { message, signature: partial.signature };
            if let Err(error) = self.write(key, exit) {
                tracing::error!(topic = "exit", %key, %error, "the partial exit will be forgotten when the node stops");
            }
        }
    }

    fn write(&self, key: &GroupKey, exit: SignedVoluntaryExit) -> Result<(), Error> {
        let path = self.path(key, exit.message.epoch);
        if path.exists() {
            return Ok(());
        }
        let made = fs::create_dir_all(&self.directory);
        made.map_err(|cause| Error::Write { path: self.directory.clone(), cause })?;
        let draft = path.with_extension("draft");
        // What a crash left behind is of no use: its rename never came.
        let _ = fs::remove_file(&draft);
        let json = serde_json::to_vec(&exit).expect("an exit always makes JSON");
        directory::write_file(&draft, &json, 0o600)?;
        fs::rename(&draft, &path).map_err(|cause| Error::Write { path: path.clone(), cause })?;
        directory::sync_directory(&self.directory)
    }

    /// Forgets an exit that the chain has, or will never take.
    pub(crate) fn forget(&self, key: &GroupKey, epoch: Epoch) {
        // Where there is none, another node's exit was published.
        let _ = fs::remove_file(self.path(key, epoch));
    }

    fn path(&self, key: &GroupKey, epoch: Epoch) -> PathBuf {
        self.directory.join(format!("{key}-{epoch}.json"))
    }
}

fn read(path: &Path) -> Result<SignedVoluntaryExit, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_BYTES {
        return Err(format!("it has {length} bytes"));
    }
    let json = fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use duty::{Duty, DutyKind, Partial};
    use eth::{PublicKeyBytes, SignatureBytes, Slot, ValidatorIndex, VoluntaryExit};

    use super::*;

    const KEY: GroupKey = GroupKey(PublicKeyBytes([7; 48]));

    fn set(epoch: u64) -> PartialSet {
        let message = VoluntaryExit { epoch: Epoch(epoch), validator_index: ValidatorIndex(3) };
        let share = bls::ShareIndex::new(1).expect("not zero");
        let partial = Partial { share, signed: Signed::Exit(message), signature: SignatureBytes([9; 96]) };
        PartialSet::single(Duty::new(Slot(8 * epoch), DutyKind::Exit), KEY, partial)
    }

    #[test]
    fn an_exit_is_kept_over_a_restart_until_the_chain_has_it() {
        let place = tempfile::tempdir().expect("a directory");
        let exits = Exits::beside(&place.path().join("ledger"));
        assert_eq!(exits.load(), []);
        exits.keep(&set(5));
        exits.keep(&set(5));
        exits.keep(&set(6));
        let again = Exits::beside(&place.path().join("ledger"));
        let epochs: Vec<u64> = again.load().iter().map(|exit| exit.message.epoch.0).collect();
        assert_eq!(epochs, [5, 6]);
        assert_eq!(again.load()[0].signature, SignatureBytes([9; 96]));
        again.forget(&KEY, Epoch(5));
        again.forget(&KEY, Epoch(5));
        assert_eq!(again.load().len(), 1);
    }

    #[test]
    fn a_damaged_file_is_left_alone_and_costs_the_others_nothing() {
        let place = tempfile::tempdir().expect("a directory");
        let exits = Exits::beside(&place.path().join("ledger"));
        exits.keep(&set(5));
        let damaged = place.path().join(DIRECTORY).join("damaged.json");
        fs::write(&damaged, "{").expect("written");
        fs::write(damaged.with_file_name("huge.json"), vec![b' '; 5_000]).expect("written");
        assert_eq!(exits.load().len(), 1);
        assert!(damaged.exists());
    }
}
