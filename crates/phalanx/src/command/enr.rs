//! `phalanx create enr` and `phalanx enr`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use cluster::{Enr, NodeKey};
use node::directory;

use crate::{arguments, terminal};

/// Makes the key of a node and shows its record.
pub(crate) fn create(arguments: &arguments::Enr) -> anyhow::Result<ExitCode> {
    let path = arguments.data_dir.join(directory::PRIVATE_KEY);
    if path.try_exists().with_context(|| format!("cannot look for {}", path.display()))? {
        bail!(
            "{} exists already: a node's key is never overwritten. Show its record with `phalanx enr`",
            path.display()
        );
    }
    let mut randomness = super::create_cluster::randomness();
    let key = NodeKey::generate(&mut randomness).context("cannot make a key")?;
    std::fs::create_dir_all(&arguments.data_dir)
        .with_context(|| format!("cannot make the directory {}", arguments.data_dir.display()))?;
    directory::write_file(&path, key.to_text().as_bytes(), 0o600)?;
    terminal::say(&Enr::new(&key, None, None).to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Shows the record of a node.
pub(crate) fn show(arguments: &arguments::Enr) -> anyhow::Result<ExitCode> {
    let path = arguments.data_dir.join(directory::PRIVATE_KEY);
    let key = node::cluster_files::load_key(&path)?;
    terminal::say(&Enr::new(&key, None, None).to_string())?;
    Ok(ExitCode::SUCCESS)
}
