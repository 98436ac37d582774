//! The cluster's files.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use bls::SecretKey;
use cluster::{GroupKey, Network, NewCluster, Secrets};
use eth::{Address, Version};
use node::directory::{self, Writing};
use signer::Protection;
use tempfile::TempDir;

use super::Options;
use super::remote::Remote;
use crate::chain::ChainConfig;
use crate::{Error, interop_key};

/// Who gets the fees: an address easy to recognise.
pub(crate) const FEE_RECIPIENT: Address = Address([0xFE; 20]);
const WITHDRAWAL: Address = Address([0xDD; 20]);

/// The cluster's directory and what is not on disk.
pub(crate) struct Files {
    directory: PathBuf,
    group_keys: Vec<GroupKey>,
    shares: Mutex<Vec<Vec<SecretKey>>>,
    /// Removed when dropped.
    _temporary: Option<TempDir>,
}

/// Makes a cluster with interop keys and writes it. Takes seconds, off the event loop.
pub(crate) async fn create(options: &Options, remote: Option<&Remote>) -> Result<Files, Error> {
    let fork_version = match remote {
        Some(remote) => remote.spec().genesis.genesis_fork_version,
        None => ChainConfig::genesis_fork_version(options.preset),
    };
    let options = options.clone();
    let work = move || write(&options, fork_version);
    tokio::task::spawn_blocking(work).await.expect("writing files does not panic")
}

impl Files {
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn node(&self, node: usize) -> PathBuf {
        self.directory.join(format!("node{node}"))
    }

    /// The validators, in the order of their interop keys.
    pub(crate) fn group_keys(&self) -> &[GroupKey] {
        &self.group_keys
    }

    /// The key shares, by node; given out once.
    pub(crate) fn take_shares(&self) -> Vec<Vec<SecretKey>> {
        std::mem::take(&mut self.shares.lock().expect("nothing panics while holding the shares"))
    }
}

fn write(options: &Options, fork_version: Version) -> Result<Files, Error> {
    let keys = (0..options.validators).map(interop_key).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let network = Network {
        name: "devnet".into(),
        genesis_fork_version: fork_version,
        capella_fork_version: fork_version,
        chain_id: 0,
        genesis_time: now,
    };
    let wishes = cluster::Options {
        name: "devnet".to_owned(),
        timestamp: now,
        ..cluster::Options::new(network, options.nodes, FEE_RECIPIENT, WITHDRAWAL)
    };
    let mut randomness =
        |bytes: &mut [u8]| getrandom::fill(bytes).expect("the operating system has randomness");
    let mut cluster = cluster::create(&wishes, Secrets::Existing(keys), &mut randomness)?;
    let (directory, temporary) = directory(options)?;
    write_cluster(&directory, &cluster)?;
    let shares = cluster.nodes.iter_mut().map(|node| std::mem::take(&mut node.shares)).collect();
    let group_keys = cluster.lock.validators.iter().map(|validator| validator.group_key).collect();
    Ok(Files { directory, group_keys, shares: Mutex::new(shares), _temporary: temporary })
}

fn directory(options: &Options) -> Result<(PathBuf, Option<TempDir>), Error> {
    if let Some(directory) = &options.dir {
        return Ok((directory.clone(), None));
    }
    let temporary = tempfile::Builder::new().prefix("phalanx-devnet-").tempdir();
    let temporary = temporary.map_err(|why| Error::File { path: std::env::temp_dir(), why })?;
    Ok((temporary.path().join("cluster"), Some(temporary)))
}

/// Nothing here is worth a strong password.
fn write_cluster(directory: &Path, cluster: &NewCluster) -> Result<(), Error> {
    let history = directory::empty_history();
    let writing = Writing { history: &history, protection: Protection::Insecure, progress: &mut |_, _| true };
    Ok(directory::write_cluster(directory, cluster, writing)?)
}
