//! A whole cluster made on one machine: what a key ceremony would give its operators, from one hand.

mod artefact;
mod deposit;
mod options;
mod timestamp;

use bls::{SecretKey, Signature};
use eth::{
    Container, DepositData, DepositMessage, PublicKeyBytes, Root, SignatureBytes,
    SignedValidatorRegistration, ValidatorRegistration, deposit_domain, registration_domain, signing_root,
};

use crate::{
    Addresses, Creator, Definition, Enr, Error, FormatVersion, GroupKey, Lock, Network, NodeKey,
    OperatorEntry, ShareKey, Validator, ValidatorAddresses,
};

pub use artefact::Artefact;
pub use options::{DEFAULT_GAS_LIMIT, Endpoint, Options, Secrets};

/// A source of bytes nobody can predict; it fills its whole argument.
pub type Randomness<'a> = &'a mut dyn FnMut(&mut [u8]);

/// A new cluster, all of it secret but the lock and the deposits.
#[derive(Debug)]
pub struct NewCluster {
    /// The lock, verified.
    pub lock: Lock,
    /// The nodes, in operators' order.
    pub nodes: Vec<NewNode>,
    network: Network,
}

/// What one node gets.
#[derive(Debug)]
pub struct NewNode {
    /// Its identity.
    pub key: NodeKey,
    /// The record of it, as in the lock.
    pub enr: Enr,
    /// Its share of each validator, in the lock's order.
    pub shares: Vec<SecretKey>,
}

/// Makes a cluster of version v1.10: keys, records, deposits, registrations and a lock signed by all of them.
///
/// The lock's own checks run over it before it is handed out, so a broken random source shows here.
pub fn create(options: &Options, secrets: Secrets, randomness: Randomness<'_>) -> Result<NewCluster, Error> {
    options.check()?;
    let threshold = options.threshold()?;
    let with_deposits = matches!(secrets, Secrets::New(_));
    let amounts = deposit::amounts(&options.deposit_amounts, options.compounding)?;
    let secrets = secrets.into_keys(randomness)?;
    let mut nodes = make_nodes(options, randomness)?;
    let definition = define(options, threshold, secrets.len(), &nodes, randomness)?;
    let validators = secrets
        .iter()
        .enumerate()
        .map(|(position, secret)| {
            let shares = share_out(secret, threshold, &mut nodes, randomness)?;
            let pair = definition.addresses_of(position).cloned().unwrap_or_default();
            let amounts = if with_deposits { amounts.as_slice() } else { &[] };
            Ok(validator(options, secret, shares, &pair, amounts))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let lock = seal(definition, validators, &nodes)?;
    lock.verify()?;
    Ok(NewCluster { lock, nodes, network: options.network.clone() })
}

fn make_nodes(options: &Options, randomness: Randomness<'_>) -> Result<Vec<NewNode>, Error> {
    (0..usize::from(options.nodes))
        .map(|position| {
            let key = NodeKey::generate(randomness)?;
            let endpoint = options.endpoints.get(position);
            let enr = Enr::new(&key, endpoint.map(|at| at.ip), endpoint.map(|at| at.tcp));
            Ok(NewNode { key, enr, shares: Vec::new() })
        })
        .collect()
}

fn define(
    options: &Options,
    threshold: u8,
    validators: usize,
    nodes: &[NewNode],
    randomness: Randomness<'_>,
) -> Result<Definition, Error> {
    let operators = nodes
        .iter()
        .map(|node| OperatorEntry { enr: node.enr.to_string(), ..OperatorEntry::default() })
        .collect();
    let definition = Definition {
        name: options.name.clone(),
        creator: Creator::default(),
        operators,
        uuid: uuid(randomness),
        version: FormatVersion::V1_10,
        timestamp: timestamp::rfc3339(options.timestamp),
        validator_count: validators as u64,
        threshold: u64::from(threshold),
        addresses: Addresses::Each(options.addresses(validators)?),
        dkg_algorithm: "default".to_owned(),
        fork_version: options.network.genesis_fork_version,
        deposit_amounts: options.deposit_amounts.clone(),
        consensus_protocol: options.consensus_protocol.clone(),
        target_gas_limit: options.gas_limit,
        compounding: options.compounding,
        config_hash: Root::ZERO,
        definition_hash: Root::ZERO,
    };
    definition.with_hashes()
}

/// A random UUID (RFC 9562, version 4) in the upper case of cluster files.
fn uuid(randomness: Randomness<'_>) -> String {
    let mut bytes = [0; 16];
    randomness(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = const_hex::encode_upper(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// Splits a secret and gives each node its share.
fn share_out(
    secret: &SecretKey,
    threshold: u8,
    nodes: &mut [NewNode],
    randomness: Randomness<'_>,
) -> Result<Vec<ShareKey>, Error> {
    let count = u8::try_from(nodes.len()).map_err(|_| Error::NodeCount(u8::MAX))?;
    let shares = bls::split(secret, threshold, count, randomness).map_err(Error::Split)?;
    let keys =
        shares.iter().map(|(_, share)| ShareKey(PublicKeyBytes(share.public_key().to_bytes()))).collect();
    for (node, (_, share)) in nodes.iter_mut().zip(shares) {
        node.shares.push(share);
    }
    Ok(keys)
}

fn validator(
    options: &Options,
    secret: &SecretKey,
    shares: Vec<ShareKey>,
    addresses: &ValidatorAddresses,
    deposit_amounts: &[u64],
) -> Validator {
    let pubkey = PublicKeyBytes(secret.public_key().to_bytes());
    let fee_recipient = addresses.fee_recipient.address();
    let withdrawal = addresses.withdrawal.address();
    let credentials = deposit::credentials(withdrawal.unwrap_or_default(), options.compounding);
    let deposits = deposit_amounts
        .iter()
        .map(|amount| DepositMessage { pubkey, withdrawal_credentials: credentials, amount: *amount })
        .map(|message| sign_deposit(options, secret, message))
        .collect();
    let message = ValidatorRegistration {
        fee_recipient: fee_recipient.unwrap_or_default(),
        gas_limit: options.gas_limit,
        timestamp: options.network.genesis_time,
        pubkey,
    };
    let builder_registration = Some(sign_registration(options, secret, message));
    Validator {
        group_key: GroupKey(pubkey),
        shares,
        fee_recipient,
        withdrawal,
        deposits,
        builder_registration,
    }
}

fn sign_deposit(options: &Options, secret: &SecretKey, message: DepositMessage) -> DepositData {
    let root = signing_root(message.root(), deposit_domain(options.network.genesis_fork_version));
    message.sign(SignatureBytes(secret.sign(root.as_bytes()).to_bytes()))
}

fn sign_registration(
    options: &Options,
    secret: &SecretKey,
    message: ValidatorRegistration,
) -> SignedValidatorRegistration {
    let root = signing_root(message.root(), registration_domain(options.network.genesis_fork_version));
    let signature = SignatureBytes(secret.sign(root.as_bytes()).to_bytes());
    SignedValidatorRegistration { message, signature }
}

/// Hashes the lock and has every share and every node sign the hash.
fn seal(definition: Definition, validators: Vec<Validator>, nodes: &[NewNode]) -> Result<Lock, Error> {
    let unsigned = Lock {
        definition,
        validators,
        signature_aggregate: Vec::new(),
        lock_hash: Root::ZERO,
        node_signatures: Vec::new(),
    };
    let mut lock = unsigned.with_hash()?;
    let hash = lock.lock_hash.as_bytes();
    let signatures: Vec<Signature> =
        nodes.iter().flat_map(|node| &node.shares).map(|share| share.sign(hash)).collect();
    lock.signature_aggregate = bls::aggregate(&signatures).map_err(Error::Split)?.to_bytes().to_vec();
    lock.node_signatures = nodes.iter().map(|node| node.key.sign(hash).to_vec()).collect();
    Ok(lock)
}
