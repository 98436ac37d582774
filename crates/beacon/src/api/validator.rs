//! Validators as `/eth/v1/beacon/states/{state_id}/validators` lists them.

use eth::{PublicKeyBytes, ValidatorIndex};
use serde::{Deserialize, Serialize};

/// A validator of the beacon state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Position in the registry.
    pub index: ValidatorIndex,
    /// Its public key, as the chain knows it.
    pub pubkey: PublicKeyBytes,
    /// Where it stands in its life.
    pub status: ValidatorStatus,
    /// Balance in Gwei.
    pub balance: u64,
}

/// Where a validator stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the Beacon API's, explained in types/validator.yaml")]
pub enum ValidatorStatus {
    PendingInitialized,
    PendingQueued,
    ActiveOngoing,
    ActiveExiting,
    ActiveSlashed,
    ExitedUnslashed,
    ExitedSlashed,
    WithdrawalPossible,
    WithdrawalDone,
}

impl ValidatorStatus {
    /// Whether it has attestation and block duties now.
    pub fn is_active(self) -> bool {
        matches!(self, Self::ActiveOngoing | Self::ActiveExiting | Self::ActiveSlashed)
    }
}

/// The entry as JSON has it; fields we do not need are left out.
#[derive(Deserialize)]
pub(crate) struct ValidatorEntry {
    index: ValidatorIndex,
    #[serde(with = "eth::quoted_u64")]
    balance: u64,
    status: ValidatorStatus,
    validator: ValidatorRecord,
}

#[derive(Deserialize)]
struct ValidatorRecord {
    pubkey: PublicKeyBytes,
}

impl From<ValidatorEntry> for Validator {
    fn from(entry: ValidatorEntry) -> Self {
        let ValidatorEntry { index, balance, status, validator } = entry;
        Validator { index, pubkey: validator.pubkey, status, balance }
    }
}
