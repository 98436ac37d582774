//! Deposits: which amounts, to whom they can be withdrawn, and the file the launchpad takes.

use eth::{Address, Container, DepositData, Hash32};
use serde::Serialize;

use crate::json::to_json;
use crate::{Error, Network};

pub(super) const GWEI_PER_ETH: u64 = 1_000_000_000;
/// What a validator needs to be activated, and the most it may hold without compounding.
pub(super) const FULL_DEPOSIT: u64 = 32 * GWEI_PER_ETH;
/// The most a compounding validator may hold (EIP-7251).
const COMPOUNDING_MAXIMUM: u64 = 2048 * GWEI_PER_ETH;
/// The version of the deposit tool whose file format this is.
const DEPOSIT_CLI_VERSION: &str = "2.7.0";

/// The amounts to sign deposits for, in Gwei, ascending and each once; the default ones when none are given.
pub(super) fn amounts(given: &[u64], compounding: bool) -> Result<Vec<u64>, Error> {
    let default: &[u64] = if compounding { &[1, 8, 32, 256] } else { &[1, 32] };
    if given.is_empty() {
        return Ok(default.iter().map(|eth| eth * GWEI_PER_ETH).collect());
    }
    let maximum = if compounding { COMPOUNDING_MAXIMUM } else { FULL_DEPOSIT };
    if let Some(&gwei) = given.iter().find(|amount| !(GWEI_PER_ETH..=maximum).contains(amount)) {
        return Err(Error::DepositAmount { gwei, maximum_eth: maximum / GWEI_PER_ETH });
    }
    let gwei = given.iter().fold(0, |sum: u64, amount| sum.saturating_add(*amount));
    if gwei < FULL_DEPOSIT {
        return Err(Error::DepositSum { gwei });
    }
    let mut amounts = given.to_vec();
    amounts.sort_unstable();
    amounts.dedup();
    Ok(amounts)
}

/// Withdrawal credentials of an execution address: 0x01, or 0x02 when rewards compound.
pub(super) fn credentials(address: Address, compounding: bool) -> Hash32 {
    let mut credentials = [0; 32];
    credentials[0] = if compounding { 0x02 } else { 0x01 };
    credentials[12..].copy_from_slice(address.as_bytes());
    Hash32(credentials)
}

/// The name of the file that holds the deposits of that amount.
pub(super) fn file_name(gwei: u64) -> String {
    if gwei == FULL_DEPOSIT {
        return "deposit-data.json".to_owned();
    }
    let (whole, rest) = (gwei / GWEI_PER_ETH, gwei % GWEI_PER_ETH);
    let fraction = format!("{rest:09}");
    match fraction.trim_end_matches('0') {
        "" => format!("deposit-data-{whole}eth.json"),
        fraction => format!("deposit-data-{whole}.{fraction}eth.json"),
    }
}

/// The file the launchpad takes: a list sorted by key, hex without `0x`.
pub(super) fn launchpad_json(deposits: &[DepositData], network: &Network) -> Vec<u8> {
    let mut entries: Vec<Entry> = deposits.iter().map(|deposit| Entry::new(deposit, network)).collect();
    entries.sort_by(|one, other| one.pubkey.cmp(&other.pubkey));
    to_json(&entries)
}

#[derive(Serialize)]
struct Entry {
    pubkey: String,
    withdrawal_credentials: String,
    amount: u64,
    signature: String,
    deposit_message_root: String,
    deposit_data_root: String,
    fork_version: String,
    network_name: String,
    deposit_cli_version: &'static str,
}

impl Entry {
    fn new(deposit: &DepositData, network: &Network) -> Entry {
        Entry {
            pubkey: const_hex::encode(deposit.pubkey.as_bytes()),
            withdrawal_credentials: const_hex::encode(deposit.withdrawal_credentials.as_bytes()),
            amount: deposit.amount,
            signature: const_hex::encode(deposit.signature.as_bytes()),
            deposit_message_root: const_hex::encode(deposit.message().root().as_bytes()),
            deposit_data_root: const_hex::encode(deposit.root().as_bytes()),
            fork_version: const_hex::encode(network.genesis_fork_version.as_bytes()),
            network_name: network.name.to_string(),
            deposit_cli_version: DEPOSIT_CLI_VERSION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_sorted_and_each_once() {
        let given = [31, 1, 31].map(|eth| eth * GWEI_PER_ETH);
        assert_eq!(amounts(&given, false), Ok(vec![GWEI_PER_ETH, 31 * GWEI_PER_ETH]));
    }

    #[test]
    fn amounts_out_of_bounds_are_refused() {
        let eth = |amount: u64| amount * GWEI_PER_ETH;
        assert!(matches!(amounts(&[eth(33)], false), Err(Error::DepositAmount { maximum_eth: 32, .. })));
        assert!(matches!(amounts(&[eth(2049)], true), Err(Error::DepositAmount { maximum_eth: 2048, .. })));
        assert!(matches!(amounts(&[eth(32), eth(1) - 1], false), Err(Error::DepositAmount { .. })));
        assert!(matches!(amounts(&[eth(31)], false), Err(Error::DepositSum { .. })));
        assert_eq!(amounts(&[eth(33)], true), Ok(vec![eth(33)]));
    }

    #[test]
    fn files_are_named_after_amounts() {
        assert_eq!(file_name(FULL_DEPOSIT), "deposit-data.json");
        assert_eq!(file_name(GWEI_PER_ETH), "deposit-data-1eth.json");
        assert_eq!(file_name(1_500_000_000), "deposit-data-1.5eth.json");
        assert_eq!(file_name(256 * GWEI_PER_ETH), "deposit-data-256eth.json");
    }
}
