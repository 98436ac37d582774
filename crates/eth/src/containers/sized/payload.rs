//! The execution layer's part of a block (Deneb to Fulu).

use libssz_derive::{HashTreeRoot, SszDecode, SszEncode};
use serde::{Deserialize, Serialize};

use super::preset::WITHDRAWALS_PER_PAYLOAD;
use crate::collection::{ByteList, ByteVector, List};
use crate::containers::operations::Withdrawal;
use crate::primitives::quoted_u64;
use crate::{Address, Container, Hash32, Root, Uint256};

/// One transaction; `MAX_BYTES_PER_TRANSACTION`.
pub type Transaction = ByteList<1_073_741_824>;
/// A block's transactions; `MAX_TRANSACTIONS_PER_PAYLOAD`.
pub type Transactions = List<Transaction, 1_048_576>;
/// A block's withdrawals.
pub type Withdrawals = List<Withdrawal, WITHDRAWALS_PER_PAYLOAD>;

/// An execution block.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct ExecutionPayload {
    /// The execution block it builds on.
    pub parent_hash: Hash32,
    /// Where fees go.
    pub fee_recipient: Address,
    /// Root of the execution state after it.
    pub state_root: Hash32,
    /// Root of its receipts.
    pub receipts_root: Hash32,
    /// Filter of its logs; `BYTES_PER_LOGS_BLOOM`.
    pub logs_bloom: ByteVector<256>,
    /// The beacon chain's randomness before it.
    pub prev_randao: Hash32,
    /// Its number.
    #[serde(with = "quoted_u64")]
    pub block_number: u64,
    /// Gas it may use.
    #[serde(with = "quoted_u64")]
    pub gas_limit: u64,
    /// Gas it does use.
    #[serde(with = "quoted_u64")]
    pub gas_used: u64,
    /// Unix time, seconds.
    #[serde(with = "quoted_u64")]
    pub timestamp: u64,
    /// The builder's note; `MAX_EXTRA_DATA_BYTES`.
    pub extra_data: ByteList<32>,
    /// Wei burnt per gas.
    pub base_fee_per_gas: Uint256,
    /// Its hash.
    pub block_hash: Hash32,
    /// Its transactions.
    pub transactions: Transactions,
    /// Its withdrawals.
    pub withdrawals: Withdrawals,
    /// Gas its blobs use.
    #[serde(with = "quoted_u64")]
    pub blob_gas_used: u64,
    /// Gas that blobs before it used above the target.
    #[serde(with = "quoted_u64")]
    pub excess_blob_gas: u64,
}

/// An execution block without transactions and withdrawals. Its hash tree root is that of the whole.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, SszEncode, SszDecode, HashTreeRoot, Serialize, Deserialize,
)]
pub struct ExecutionPayloadHeader {
    /// The execution block it builds on.
    pub parent_hash: Hash32,
    /// Where fees go.
    pub fee_recipient: Address,
    /// Root of the execution state after it.
    pub state_root: Hash32,
    /// Root of its receipts.
    pub receipts_root: Hash32,
    /// Filter of its logs; `BYTES_PER_LOGS_BLOOM`.
    pub logs_bloom: ByteVector<256>,
    /// The beacon chain's randomness before it.
    pub prev_randao: Hash32,
    /// Its number.
    #[serde(with = "quoted_u64")]
    pub block_number: u64,
    /// Gas it may use.
    #[serde(with = "quoted_u64")]
    pub gas_limit: u64,
    /// Gas it does use.
    #[serde(with = "quoted_u64")]
    pub gas_used: u64,
    /// Unix time, seconds.
    #[serde(with = "quoted_u64")]
    pub timestamp: u64,
    /// The builder's note; `MAX_EXTRA_DATA_BYTES`.
    pub extra_data: ByteList<32>,
    /// Wei burnt per gas.
    pub base_fee_per_gas: Uint256,
    /// Its hash.
    pub block_hash: Hash32,
    /// Root of its transactions.
    pub transactions_root: Root,
    /// Root of its withdrawals.
    pub withdrawals_root: Root,
    /// Gas its blobs use.
    #[serde(with = "quoted_u64")]
    pub blob_gas_used: u64,
    /// Gas that blobs before it used above the target.
    #[serde(with = "quoted_u64")]
    pub excess_blob_gas: u64,
}

impl ExecutionPayload {
    /// The header, as a builder would show it.
    pub fn header(&self) -> ExecutionPayloadHeader {
        ExecutionPayloadHeader {
            parent_hash: self.parent_hash,
            fee_recipient: self.fee_recipient,
            state_root: self.state_root,
            receipts_root: self.receipts_root,
            logs_bloom: self.logs_bloom.clone(),
            prev_randao: self.prev_randao,
            block_number: self.block_number,
            gas_limit: self.gas_limit,
            gas_used: self.gas_used,
            timestamp: self.timestamp,
            extra_data: self.extra_data.clone(),
            base_fee_per_gas: self.base_fee_per_gas,
            block_hash: self.block_hash,
            transactions_root: self.transactions.root(),
            withdrawals_root: self.withdrawals.root(),
            blob_gas_used: self.blob_gas_used,
            excess_blob_gas: self.excess_blob_gas,
        }
    }
}
