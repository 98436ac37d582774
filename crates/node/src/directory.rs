//! A node's directory: what lies where, and how a new cluster is put on disk, all or nothing.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cluster::{Artefact, NewCluster};
use signer::Protection;
use slashing::Interchange;

use crate::Error;

/// The cluster lock.
pub const LOCK: &str = "cluster-lock.json";
/// The node's private key.
pub const PRIVATE_KEY: &str = "charon-enr-private-key";
/// Where the keystores of a node's shares are.
pub const KEYSTORES: &str = "validator_keys";
/// The slashing ledger.
pub const LEDGER: &str = "slashing-ledger.sqlite";
/// A declared signing history, taken into the ledger at the first start.
pub const SIGNING_HISTORY: &str = "signing-history.json";

/// How a new cluster is written.
pub struct Writing<'a> {
    /// What its validators have signed so far.
    pub history: &'a Interchange,
    /// How strongly keystores are encrypted.
    pub protection: Protection,
    /// Called after each node: done, and of how many. Says whether to go on.
    pub progress: &'a mut dyn FnMut(usize, usize) -> bool,
}

/// Writes `node0`, `node1`, … into a directory that must not exist, or be empty.
///
/// Everything is written beside it and moved into place in one rename, so that a cluster is there complete or not at
/// all.
pub fn write_cluster(directory: &Path, cluster: &NewCluster, writing: Writing<'_>) -> Result<(), Error> {
    let Some(name) = directory.file_name() else {
        let why = format!("{} is not the name of a new directory", directory.display());
        return Err(Error::Setting { flag: "--cluster-dir", why });
    };
    require_free(directory)?;
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(|cause| write_error(&parent, cause))?;
    let draft = Draft::new(parent.join(format!(".{}.draft-{}", name.to_string_lossy(), std::process::id())))?;
    if !fill(&draft.0, cluster, writing)? {
        return Err(Error::Stopped { path: directory.to_owned() });
    }
    fs::rename(&draft.0, directory).map_err(|cause| write_error(directory, cause))?;
    sync_directory(&parent)
}

/// A directory in the making: gone again unless it was moved into place.
struct Draft(PathBuf);

impl Draft {
    fn new(path: PathBuf) -> Result<Draft, Error> {
        match fs::create_dir(&path) {
            Ok(()) => Ok(Draft(path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Leftover { path }),
            Err(cause) => Err(write_error(&path, cause)),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is nothing here; otherwise what is left holds secrets.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Checks that the directory does not exist, or is empty.
pub fn require_free(directory: &Path) -> Result<(), Error> {
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(write_error(directory, cause)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Error::NotEmpty { path: directory.to_owned() }),
        },
    }
}

/// Writes all nodes; false if it was told to stop.
fn fill(draft: &Path, cluster: &NewCluster, writing: Writing<'_>) -> Result<bool, Error> {
    let Writing { history, protection, progress } = writing;
    let history = history.to_json();
    for (index, node) in cluster.nodes.iter().enumerate() {
        let directory = draft.join(format!("node{index}"));
        let keystores = directory.join(KEYSTORES);
        make_private(&directory)?;
        make_private(&keystores)?;
        for Artefact { path, mode, bytes } in cluster.artefacts(node) {
            write_file(&directory.join(path), &bytes, mode)?;
        }
        write_file(&directory.join(SIGNING_HISTORY), history.as_bytes(), 0o644)?;
        signer::write_directory(&keystores, &node.shares, protection)?;
        sync_directory(&directory)?;
        if !progress(index + 1, cluster.nodes.len()) {
            return Ok(false);
        }
    }
    sync_directory(draft).map(|()| true)
}

fn make_private(directory: &Path) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(|cause| write_error(directory, cause))?;
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(directory, private).map_err(|cause| write_error(directory, cause))
}

/// Writes a new file with these permissions and waits until it is on disk. An existing one is never overwritten, and
/// half a file is not left behind.
pub fn write_file(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.map_err(|cause| write_error(path, cause))?;
    let mut write = || {
        file.write_all(bytes)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()
    };
    write().map_err(|cause| {
        // What cannot be removed either is reported by the error that follows.
        let _ = fs::remove_file(path);
        write_error(path, cause)
    })
}

/// Waits until the names in a directory are on disk.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), Error> {
    fs::File::open(directory)
        .and_then(|opened| opened.sync_all())
        .map_err(|cause| write_error(directory, cause))
}

fn write_error(path: &Path, cause: io::Error) -> Error {
    Error::Write { path: path.to_owned(), cause }
}

/// The declaration that validators have never signed: an EIP-3076 file of no network and no validator.
pub fn empty_history() -> Interchange {
    Interchange::new(eth::Root::ZERO, Vec::new())
}

/// Whether this is that declaration.
pub fn is_empty_history(history: &Interchange) -> bool {
    history.metadata.genesis_validators_root.is_zero() && history.data.is_empty()
}
