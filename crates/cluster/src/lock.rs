//! The cluster lock: the definition, the keys that were made for it, and the proof that everybody holds theirs.

mod hashing;
mod text;
mod verify;

use bls::{GroupPublicKey, ShareIndex, SharePublicKey};
use eth::{Address, DepositData, Root, SignedValidatorRegistration};

use crate::json::to_json;
use crate::{Definition, Error, GroupKey, NodePublicKey, Operator, ShareKey};

use text::LockText;
pub use verify::Check;

/// A cluster lock as its file says, of any version; trust it only after [`Lock::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// What the operators agreed on.
    pub definition: Definition,
    /// The validators, in the order of the definition's addresses.
    pub validators: Vec<Validator>,
    /// The sum of all shares' BLS signatures of the lock hash.
    pub signature_aggregate: Vec<u8>,
    /// The stored hash of definition and validators: the cluster's identity.
    pub lock_hash: Root,
    /// Each node's signature of the lock hash, in operators' order (v1.7 and later).
    pub node_signatures: Vec<Vec<u8>>,
}

/// One distributed validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Its key, as the beacon chain knows it.
    pub group_key: GroupKey,
    /// Its share keys, by share number minus one.
    pub shares: Vec<ShareKey>,
    /// Who gets the fees of its blocks, as the definition says.
    pub fee_recipient: Option<Address>,
    /// Who gets its stake back, as the definition says.
    pub withdrawal: Option<Address>,
    /// Signed deposits that would activate it (v1.6 and later; one before v1.8).
    pub deposits: Vec<DepositData>,
    /// Its pre-signed registration with builders (v1.7 and later).
    pub builder_registration: Option<SignedValidatorRegistration>,
}

/// The keys of one validator, decoded and checked to be points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorKeys {
    /// The validator's key.
    pub group: GroupPublicKey,
    /// Its share keys, by share number minus one.
    pub shares: Vec<SharePublicKey>,
}

impl Lock {
    /// Reads a lock file of any version.
    pub fn parse(json: &[u8]) -> Result<Lock, Error> {
        let text: LockText = serde_json::from_slice(json)
            .map_err(|problem| Error::Json { file: "cluster lock", problem: problem.to_string() })?;
        Lock::try_from(text)
    }

    /// The lock file.
    pub fn to_json(&self) -> Vec<u8> {
        to_json(&LockText::from(self))
    }

    /// The operators' nodes in order; position `i` is peer `i` and holds share `i + 1`.
    pub fn operators(&self) -> Result<Vec<Operator>, Error> {
        self.definition.nodes()
    }

    /// The number of the shares that the node with this key holds.
    pub fn share_index(&self, node: &NodePublicKey) -> Result<ShareIndex, Error> {
        self.definition.share_index(node)
    }

    /// Decodes the keys of all validators, in order: about 40 µs each.
    pub fn keys(&self) -> Result<Vec<ValidatorKeys>, Error> {
        self.validators.iter().enumerate().map(|(position, validator)| validator.keys(position)).collect()
    }
}

impl Validator {
    fn keys(&self, validator: usize) -> Result<ValidatorKeys, Error> {
        let group = GroupPublicKey::from_bytes(self.group_key.0.as_bytes())
            .map_err(|problem| Error::GroupKey { validator, problem })?;
        let decode = |(position, key): (usize, &ShareKey)| {
            SharePublicKey::from_bytes(key.0.as_bytes()).map_err(|problem| Error::ShareKey {
                validator,
                share: position + 1,
                problem,
            })
        };
        let shares = self.shares.iter().enumerate().map(decode).collect::<Result<_, _>>()?;
        Ok(ValidatorKeys { group, shares })
    }
}
