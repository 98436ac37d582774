//! What a chain is started with.

use std::net::SocketAddr;

use bls::PublicKey;
use eth::{Fork, Genesis, Preset, PublicKeyBytes, Root, Spec, Version};
use sha2::{Digest, Sha256};

use super::constants::VALIDATORS_AT_MOST;
use super::scenario::Scenario;
use crate::Error;
use crate::keys::interop_key;

/// What a chain is started with.
#[derive(Clone, Debug)]
pub struct ChainConfig {
    /// Sizes and slots per epoch.
    pub preset: Preset,
    /// Duration of a slot, milliseconds.
    pub slot_ms: u64,
    /// Unix time of slot 0, seconds.
    pub genesis_time: u64,
    /// The validators, in the order of their indices; all are active from genesis.
    pub validators: Vec<PublicKeyBytes>,
    /// Where the Beacon API listens; port 0 for any that is free.
    pub listen: SocketAddr,
    /// What happens beyond the plain course of things.
    pub scenario: Scenario,
}

impl ChainConfig {
    /// A chain on a free port of loopback, whose validators have interop keys.
    pub fn interop(preset: Preset, slot_ms: u64, genesis_time: u64, validators: u64) -> ChainConfig {
        let key = |index| PublicKeyBytes(interop_key(index).public_key().to_bytes());
        ChainConfig {
            preset,
            slot_ms,
            genesis_time,
            validators: (0..validators).map(key).collect(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            scenario: Scenario::default(),
        }
    }

    /// The version of the first fork, by which deposits and cluster files name the network.
    pub fn genesis_fork_version(preset: Preset) -> Version {
        match preset {
            Preset::Mainnet => Version([0, 0, 0, 0]),
            Preset::Minimal => Version([0, 0, 0, 1]),
        }
    }

    /// The chain's configuration: Fulu from genesis on.
    pub fn spec(&self) -> Spec {
        let genesis = Genesis {
            genesis_time: self.genesis_time,
            genesis_validators_root: self.validators_root(),
            genesis_fork_version: ChainConfig::genesis_fork_version(self.preset),
        };
        Spec::local(self.preset, genesis, self.slot_ms, Fork::Fulu)
    }

    pub(crate) fn registry(&self) -> Result<Vec<PublicKey>, Error> {
        if self.slot_ms == 0 {
            return Err(Error::Options("a slot must last a millisecond at least".to_owned()));
        }
        if self.validators.is_empty() || self.validators.len() > VALIDATORS_AT_MOST {
            let count = self.validators.len();
            return Err(Error::Options(format!(
                "{count} validators; a chain takes 1 to {VALIDATORS_AT_MOST}"
            )));
        }
        let decode = |key: &PublicKeyBytes| {
            PublicKey::from_bytes(key.as_bytes())
                .map_err(|why| Error::Options(format!("validator {key}: {why}")))
        };
        self.validators.iter().map(decode).collect()
    }

    /// Opaque to everybody else; differs where the validators or the start do.
    fn validators_root(&self) -> Root {
        let mut hash = Sha256::new();
        hash.update(b"genesis validators");
        hash.update(self.genesis_time.to_le_bytes());
        for key in &self.validators {
            hash.update(key.0);
        }
        Root(hash.finalize().into())
    }
}
