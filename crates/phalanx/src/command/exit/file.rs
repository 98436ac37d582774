//! Partial exits as files that operators bring together by hand.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use eth::{PublicKeyBytes, SignedVoluntaryExit};
use serde::{Deserialize, Serialize};

/// Longest file that is read.
const MAX_BYTES: u64 = 4_096;

/// One operator's signature under an exit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PartialExit {
    /// The validator.
    pub(super) public_key: PublicKeyBytes,
    /// The share that signed, from 1.
    pub(super) share_index: u8,
    /// The exit, signed with the share.
    pub(super) signed_exit: SignedVoluntaryExit,
}

impl PartialExit {
    /// Writes it as `exit-<validator>-share<index>.json`; an older one of the same share gives way.
    pub(super) fn write(&self, directory: &Path) -> anyhow::Result<PathBuf> {
        let name = format!("exit-{}-share{}.json", self.public_key, self.share_index);
        write(directory, &name, self)
    }
}

/// Writes a file whole or not at all.
pub(super) fn write(directory: &Path, name: &str, content: &impl Serialize) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let path = directory.join(name);
    let draft = directory.join(format!(".{name}.draft-{}", std::process::id()));
    let json = serde_json::to_vec_pretty(content).context("cannot write JSON")?;
    node::directory::write_file(&draft, &json, 0o644)?;
    fs::rename(&draft, &path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Reads the partial exits of these files, and of every `exit-*.json` of the directory.
pub(super) fn read_all(
    files: &[PathBuf],
    directory: Option<&Path>,
) -> anyhow::Result<Vec<(PathBuf, PartialExit)>> {
    let mut paths = files.to_vec();
    if let Some(directory) = directory {
        let entries =
            fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
        let found = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_partial_exit(path));
        paths.extend(found);
    }
    paths.sort();
    paths.dedup();
    paths.into_iter().map(|path| Ok((path.clone(), read(&path)?))).collect()
}

fn is_partial_exit(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("exit-") && name.contains("-share") && name.ends_with(".json")
}

fn read(path: &Path) -> anyhow::Result<PartialExit> {
    let cannot_read = || format!("cannot read {}", path.display());
    let length = fs::metadata(path).with_context(cannot_read)?.len();
    if length > MAX_BYTES {
        bail!("{} is no partial exit: it has {length} bytes", path.display());
    }
    let json = fs::read(path).with_context(cannot_read)?;
    let explain = || format!("{} is no partial exit made by `phalanx exit sign`", path.display());
    serde_json::from_slice(&json).with_context(explain)
}
