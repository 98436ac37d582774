//! What a new cluster is to be like, and which wishes are refused.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use bls::SecretKey;
use eth::{Address, PublicKeyBytes};

use super::Randomness;
use crate::definition::MAX_VALIDATORS;
use crate::{Error, Network, ValidatorAddresses};

/// The gas limit of builder registrations unless told otherwise.
pub const DEFAULT_GAS_LIMIT: u64 = 60_000_000;
/// Fewest nodes of a cluster: with fewer, no node may fail.
const MIN_NODES: u8 = 3;

/// What a new cluster is to be like.
#[derive(Clone, Debug)]
pub struct Options {
    /// What people call it; may be empty.
    pub name: String,
    /// How many nodes run it, from 3.
    pub nodes: u8,
    /// How many of them make a signature; the quorum unless told otherwise, and never fewer.
    pub threshold: Option<u8>,
    /// Who gets the fees of blocks: one address for all validators, or one for each.
    pub fee_recipients: Vec<Address>,
    /// Who gets stakes back: one address for all validators, or one for each.
    pub withdrawals: Vec<Address>,
    /// The chain.
    pub network: Network,
    /// Deposits to sign for each new validator, in Gwei. Empty means the default; 32 ETH is among them.
    pub deposit_amounts: Vec<u64>,
    /// The gas limit of builder registrations.
    pub gas_limit: u64,
    /// Whether validators compound their rewards (0x02 withdrawal credentials).
    pub compounding: bool,
    /// The consensus protocol to prefer; may be empty.
    pub consensus_protocol: String,
    /// Now, in Unix seconds.
    pub timestamp: u64,
    /// Where each node is reached, to be told in its record: one for each node, or none.
    pub endpoints: Vec<Endpoint>,
}

/// Where a node accepts connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its TCP port.
    pub tcp: u16,
}

/// The validators' secret keys.
#[derive(Debug)]
pub enum Secrets {
    /// That many fresh ones, with deposits to activate them.
    New(usize),
    /// These. They have deposits already, so none are signed: a second one by mistake would lock up funds.
    Existing(Vec<SecretKey>),
}

impl Options {
    /// A cluster of that many nodes whose validators all pay to these addresses; the rest by default.
    pub fn new(network: Network, nodes: u8, fee_recipient: Address, withdrawal: Address) -> Options {
        Options {
            name: String::new(),
            nodes,
            threshold: None,
            fee_recipients: vec![fee_recipient],
            withdrawals: vec![withdrawal],
            network,
            deposit_amounts: Vec::new(),
            gas_limit: DEFAULT_GAS_LIMIT,
            compounding: false,
            consensus_protocol: String::new(),
            timestamp: 0,
            endpoints: Vec::new(),
        }
    }

    /// The number of shares that make a signature.
    pub(super) fn threshold(&self) -> Result<u8, Error> {
        let nodes = usize::from(self.nodes);
        let minimum = qbft::minimum_threshold(nodes);
        let threshold = self.threshold.map_or(minimum, usize::from);
        match u8::try_from(threshold) {
            Ok(fits) if (minimum..=nodes).contains(&threshold) => Ok(fits),
            _ => Err(Error::Threshold { threshold: threshold as u64, nodes, minimum }),
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.nodes < MIN_NODES {
            return Err(Error::NodeCount(self.nodes));
        }
        let (found, nodes) = (self.endpoints.len(), usize::from(self.nodes));
        if found != 0 && found != nodes {
            return Err(Error::EndpointCount { found, nodes });
        }
        Ok(())
    }

    pub(super) fn addresses(&self, validators: usize) -> Result<Vec<ValidatorAddresses>, Error> {
        let fee_recipients = one_for_each("fee recipient", &self.fee_recipients, validators)?;
        let withdrawals = one_for_each("withdrawal", &self.withdrawals, validators)?;
        let pairs = fee_recipients.into_iter().zip(withdrawals);
        Ok(pairs
            .map(|(fee_recipient, withdrawal)| ValidatorAddresses {
                fee_recipient: fee_recipient.into(),
                withdrawal: withdrawal.into(),
            })
            .collect())
    }
}

impl Secrets {
    pub(super) fn into_keys(self, randomness: Randomness<'_>) -> Result<Vec<SecretKey>, Error> {
        let count = match &self {
            Secrets::New(count) => *count,
            Secrets::Existing(keys) => keys.len(),
        };
        if !(1..=MAX_VALIDATORS).contains(&count) {
            return Err(Error::NewValidatorCount(count));
        }
        match self {
            Secrets::New(_) => {
                (0..count).map(|_| SecretKey::random(randomness).map_err(Error::Split)).collect()
            }
            Secrets::Existing(keys) => refuse_twins(keys),
        }
    }
}

fn refuse_twins(keys: Vec<SecretKey>) -> Result<Vec<SecretKey>, Error> {
    let mut seen = BTreeSet::new();
    for key in &keys {
        let key = PublicKeyBytes(key.public_key().to_bytes());
        if !seen.insert(key) {
            return Err(Error::SameSecret { key });
        }
    }
    Ok(keys)
}

fn one_for_each(what: &'static str, given: &[Address], validators: usize) -> Result<Vec<Address>, Error> {
    if given.contains(&Address::ZERO) {
        return Err(Error::ZeroAddress { what });
    }
    match given {
        [one] => Ok(vec![*one; validators]),
        each if each.len() == validators => Ok(each.to_vec()),
        _ => Err(Error::NewAddressCount { what, found: given.len(), validators }),
    }
}
