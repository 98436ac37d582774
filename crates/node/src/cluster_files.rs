//! What a node reads of its cluster at the start.

use std::collections::BTreeMap;
use std::path::Path;

use cluster::{GroupKey, Lock, NodeKey, ShareKey};
use duty::ValidatorConfig;
use eth::Address;
use qbft::PeerIndex;

use crate::worker::{KeyTable, ValidatorKeys};
use crate::{Config, Error};

/// The cluster as this node sees it.
pub struct Membership {
    /// The lock, verified unless the operator said otherwise.
    pub lock: Lock,
    /// This node's key.
    pub key: NodeKey,
    /// This node among the operators.
    pub me: PeerIndex,
}

impl Membership {
    /// Reads lock and key, and finds this node among the operators.
    pub fn load(config: &Config) -> Result<Membership, Error> {
        let lock = load_lock(&config.lock_file)?;
        if config.no_verify {
            tracing::warn!(topic = "lock", "--no-verify: the cluster lock is taken on trust");
        } else {
            lock.verify().map_err(|error| invalid("cluster lock", &config.lock_file, error))?;
        }
        let (threshold, operators) = (lock.definition.threshold as usize, lock.definition.operators.len());
        let quorum = qbft::minimum_threshold(operators);
        if threshold < quorum {
            return Err(Error::UnsafeThreshold { threshold, quorum, operators });
        }
        if threshold > operators || operators > u8::MAX.into() {
            let why = format!("it wants {threshold} of {operators} operators to sign. Get an intact copy");
            return Err(invalid("cluster lock", &config.lock_file, why));
        }
        let key = load_key(&config.private_key_file)?;
        let share = lock.share_index(&key.public_key()).map_err(|why| Error::ForeignKey {
            key: config.private_key_file.clone(),
            lock: config.lock_file.clone(),
            why: why.to_string(),
        })?;
        Ok(Membership { lock, key, me: PeerIndex(share.number() - 1) })
    }

    /// The public keys of all validators, parsed.
    pub fn key_table(&self, path: &Path) -> Result<KeyTable, Error> {
        key_table(&self.lock, path)
    }

    /// What the engine has to know of each validator.
    pub fn validators(&self) -> BTreeMap<GroupKey, ValidatorConfig> {
        validators(&self.lock)
    }

    /// This node's share of each validator.
    pub fn shares(&self) -> Vec<(GroupKey, ShareKey)> {
        let own = usize::from(self.me.0);
        let shares = self.lock.validators.iter();
        shares.filter_map(|validator| Some((validator.group_key, *validator.shares.get(own)?))).collect()
    }
}

/// What an engine has to know of each validator of the lock.
pub(crate) fn validators(lock: &Lock) -> BTreeMap<GroupKey, ValidatorConfig> {
    let configured = lock.validators.iter().map(|validator| {
        let fee_recipient = validator.fee_recipient.unwrap_or(Address::ZERO);
        (validator.group_key, ValidatorConfig { fee_recipient })
    });
    configured.collect()
}

/// The public keys of all validators of the lock read from `path`, parsed.
pub fn key_table(lock: &Lock, path: &Path) -> Result<KeyTable, Error> {
    let keys = lock.keys().map_err(|error| invalid("cluster lock", path, error))?;
    let parsed = lock.validators.iter().zip(keys);
    let table = parsed.map(|(validator, keys)| {
        (validator.group_key, ValidatorKeys { group: keys.group, shares: keys.shares })
    });
    Ok(KeyTable::new(lock.definition.threshold as u8, table.collect()))
}

/// Reads a cluster lock; it is not verified.
pub fn load_lock(path: &Path) -> Result<Lock, Error> {
    let remedy = "Name the cluster lock with --lock-file; `phalanx create cluster` makes one";
    let json = read("cluster lock", path, remedy)?;
    Lock::parse(&json).map_err(|error| invalid("cluster lock", path, error))
}

/// Reads a node's private key.
pub fn load_key(path: &Path) -> Result<NodeKey, Error> {
    let remedy = "Name the node's key with --private-key-file";
    let text = String::from_utf8(read("private key", path, remedy)?)
        .map_err(|_| invalid("private key", path, "it is not text"))?;
    NodeKey::from_text(text.trim()).map_err(|error| invalid("private key", path, error))
}

fn read(what: &'static str, path: &Path, remedy: &'static str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|cause| Error::Read { what, path: path.to_owned(), cause, remedy })
}

fn invalid(what: &'static str, path: &Path, why: impl std::fmt::Display) -> Error {
    Error::Invalid { what, path: path.to_owned(), why: why.to_string() }
}
