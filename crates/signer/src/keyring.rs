//! A node's key shares, and the only way to sign with them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use bls::{PartialSignature, SecretKey, ShareIndex};
use cluster::{GroupKey, ShareKey};
use eth::{Domain, DomainType, PublicKeyBytes, Root};
use slashing::{Item, Permit};

use crate::Error;
use crate::keystore::load_directory;

/// The key shares of one node, by the validator they belong to.
pub struct Keyring {
    share: ShareIndex,
    secrets: BTreeMap<GroupKey, SecretKey>,
    missing: Vec<GroupKey>,
}

impl Keyring {
    /// Matches secrets with a lock's validators: `validators` pairs each validator with the public key of this node's
    /// share. A secret that fits none is an error; validators without a secret are [`missing`](Keyring::missing).
    pub fn new(
        share: ShareIndex,
        validators: &[(GroupKey, ShareKey)],
        secrets: impl IntoIterator<Item = SecretKey>,
    ) -> Result<Keyring, Error> {
        let lookup = Lookup::new(validators);
        let mut matched = BTreeMap::new();
        for secret in secrets {
            matched.insert(lookup.validator_of(&secret)?, secret);
        }
        let is_missing = |key: &GroupKey| !matched.contains_key(key);
        let missing = validators.iter().map(|(key, _)| *key).filter(is_missing).collect();
        Ok(Keyring { share, secrets: matched, missing })
    }

    /// Decrypts a directory of keystores and matches them likewise; an error names the file.
    pub fn load(
        share: ShareIndex,
        validators: &[(GroupKey, ShareKey)],
        directory: &Path,
    ) -> Result<Keyring, Error> {
        let loaded = load_directory(directory)?;
        let lookup = Lookup::new(validators);
        for keystore in &loaded {
            let why = lookup.validator_of(&keystore.secret).err();
            if let Some(why) = why {
                return Err(Error::InFile { path: keystore.path.clone(), why: Box::new(why) });
            }
        }
        Keyring::new(share, validators, loaded.into_iter().map(|keystore| keystore.secret))
    }

    /// The number of this node's shares.
    pub fn share(&self) -> ShareIndex {
        self.share
    }

    /// Validators of the lock of which there is no share.
    pub fn missing(&self) -> &[GroupKey] {
        &self.missing
    }

    /// Signs everything a permit grants and uses the permit up. One missing share does not keep the others from
    /// signing.
    pub fn sign(&self, permit: Permit) -> Vec<(Item, Result<PartialSignature, Error>)> {
        let sign = |item: &Item| (*item, self.sign_root(&item.key, item.signing_root));
        permit.granted().iter().map(sign).collect()
    }

    /// Signs what cannot be slashed (RANDAO reveals, selection proofs, sync committee messages, exits, registrations).
    /// Blocks and attestations are refused by their domain: they need a permit.
    pub fn sign_unslashable(
        &self,
        key: &GroupKey,
        object_root: Root,
        domain: Domain,
    ) -> Result<PartialSignature, Error> {
        let needs_permit = [DomainType::BeaconProposer, DomainType::BeaconAttester];
        if needs_permit.iter().any(|purpose| domain.0.starts_with(&purpose.bytes())) {
            return Err(Error::NeedsPermit { domain });
        }
        self.sign_root(key, eth::signing_root(object_root, domain))
    }

    fn sign_root(&self, key: &GroupKey, signing_root: Root) -> Result<PartialSignature, Error> {
        let secret = self.secrets.get(key).ok_or(Error::NoShare { key: *key })?;
        Ok(PartialSignature::new(self.share, secret.sign(signing_root.as_bytes())))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring of share {} for {} validators", self.share, self.secrets.len())
    }
}

/// Finds the validator of a secret by its public key.
struct Lookup {
    by_share: BTreeMap<PublicKeyBytes, GroupKey>,
    whole: BTreeMap<PublicKeyBytes, GroupKey>,
}

impl Lookup {
    fn new(validators: &[(GroupKey, ShareKey)]) -> Lookup {
        Lookup {
            by_share: validators.iter().map(|(key, share)| (share.0, *key)).collect(),
            whole: validators.iter().map(|(key, _)| (key.0, *key)).collect(),
        }
    }

    fn validator_of(&self, secret: &SecretKey) -> Result<GroupKey, Error> {
        let public = PublicKeyBytes(secret.public_key().to_bytes());
        match (self.by_share.get(&public), self.whole.get(&public)) {
            (Some(key), _) => Ok(*key),
            (None, Some(key)) => Err(Error::WholeKey { key: *key }),
            (None, None) => Err(Error::UnknownShare { share_key: ShareKey(public) }),
        }
    }
}
