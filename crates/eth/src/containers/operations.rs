//! What blocks carry besides attestations and payload: the same in every preset.

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use crate::collection::{List, Vector};
use crate::primitives::quoted_u64;
use crate::{
    Address, DepositData, Hash32, PublicKeyBytes, Root, SignatureBytes, SignedBeaconBlockHeader,
    ValidatorIndex,
};

/// A vote on the deposit contract's state, unused since Electra's deposits come as requests.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct Eth1Data {
    /// Root of the deposit contract's tree.
    pub deposit_root: Root,
    /// Deposits in the tree.
    #[serde(with = "quoted_u64")]
    pub deposit_count: u64,
    /// The execution block voted for.
    pub block_hash: Hash32,
}

/// The proof that a proposer signed two blocks for one slot.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct ProposerSlashing {
    /// One block.
    pub signed_header_1: SignedBeaconBlockHeader,
    /// The other.
    pub signed_header_2: SignedBeaconBlockHeader,
}

/// A deposit proved against [`Eth1Data`].
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct Deposit {
    /// The branch of the deposit contract's tree, and the number of leaves.
    pub proof: Vector<Root, 33>,
    /// The deposit.
    pub data: DepositData,
}

/// A change from BLS to execution withdrawal credentials.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct BlsToExecutionChange {
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// The withdrawal key that gives way.
    pub from_bls_pubkey: PublicKeyBytes,
    /// The address that takes its place.
    pub to_execution_address: Address,
}

/// A signed change of credentials.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct SignedBlsToExecutionChange {
    /// The change.
    pub message: BlsToExecutionChange,
    /// Signature of the withdrawal key.
    pub signature: SignatureBytes,
}

/// A payment from the beacon chain to an address.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct Withdrawal {
    /// The withdrawal's number.
    #[serde(with = "quoted_u64")]
    pub index: u64,
    /// The validator paid out.
    pub validator_index: ValidatorIndex,
    /// Where to.
    pub address: Address,
    /// How much, Gwei.
    #[serde(with = "quoted_u64")]
    pub amount: u64,
}

/// A deposit seen by the execution layer (EIP-6110).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct DepositRequest {
    /// The validator's key.
    pub pubkey: PublicKeyBytes,
    /// Where withdrawals go.
    pub withdrawal_credentials: Hash32,
    /// How much, Gwei.
    #[serde(with = "quoted_u64")]
    pub amount: u64,
    /// Signature over the deposit message.
    pub signature: SignatureBytes,
    /// The deposit's number.
    #[serde(with = "quoted_u64")]
    pub index: u64,
}

/// A withdrawal or exit asked for by the execution layer (EIP-7002).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct WithdrawalRequest {
    /// Who asks.
    pub source_address: Address,
    /// The validator.
    pub validator_pubkey: PublicKeyBytes,
    /// How much, Gwei; zero for an exit.
    #[serde(with = "quoted_u64")]
    pub amount: u64,
}

/// A merger of two validators asked for by the execution layer (EIP-7251).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct ConsolidationRequest {
    /// Who asks.
    pub source_address: Address,
    /// The validator that goes.
    pub source_pubkey: PublicKeyBytes,
    /// The validator that stays.
    pub target_pubkey: PublicKeyBytes,
}

/// What the execution layer asks of the beacon chain (EIP-7685).
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct ExecutionRequests {
    /// Deposits; `MAX_DEPOSIT_REQUESTS_PER_PAYLOAD`.
    pub deposits: List<DepositRequest, 8192>,
    /// Withdrawals and exits; `MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD`.
    pub withdrawals: List<WithdrawalRequest, 16>,
    /// Mergers; `MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD`.
    pub consolidations: List<ConsolidationRequest, 2>,
}
