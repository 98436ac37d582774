//! Clusters made on one machine.

use std::net::Ipv4Addr;

use bls::{SecretKey, SharePublicKey, Signature};
use cluster::create::{Endpoint, Options, Secrets, create};
use cluster::{Error, GroupKey, Lock, Network, NewCluster, NodeKey};
use eth::{Address, Container, PublicKeyBytes, deposit_domain, signing_root};
use serde_json::Value;

use crate::sample::{cluster, options, randomness};

const ETH: u64 = 1_000_000_000;

fn secret(number: u8) -> SecretKey {
    SecretKey::from_wide_be(&[number]).expect("small numbers but zero are keys")
}

fn artefact(cluster: &NewCluster, node: usize, path: &str) -> Vec<u8> {
    let artefacts = cluster.artefacts(&cluster.nodes[node]);
    let found = artefacts.iter().find(|artefact| artefact.path == path);
    found.expect("the node has this file").bytes.to_vec()
}

#[test]
fn a_created_cluster_verifies() {
    for (nodes, threshold, validators) in [(3, 2, 1), (4, 3, 3), (7, 5, 2)] {
        let created = cluster(nodes, validators);
        let lock = Lock::parse(&created.lock.to_json()).expect("what was written is read");
        assert_eq!(lock, created.lock);
        let keys = lock.verify().expect("a created lock verifies");
        assert_eq!(lock.definition.threshold, threshold);
        assert_eq!((keys.len(), keys[0].shares.len()), (validators, usize::from(nodes)));
    }
}

#[test]
fn nodes_hold_the_shares_the_lock_says() {
    let created = cluster(4, 2);
    let keys = created.lock.keys().expect("the keys are points");
    for (position, node) in created.nodes.iter().enumerate() {
        let index = created.lock.share_index(&node.key.public_key()).expect("the node is an operator's");
        assert_eq!(usize::from(index.number()), position + 1);
        for (share, keys) in node.shares.iter().zip(&keys) {
            assert_eq!(SharePublicKey(share.public_key()), keys.shares[position]);
        }
    }
    let operators = created.lock.operators().expect("the records are good");
    assert!(created.nodes.iter().zip(&operators).all(|(node, operator)| node.enr == operator.enr));
}

#[test]
fn strangers_have_no_share() {
    let stranger = NodeKey::from_bytes(&[1; 32]).expect("a key").public_key();
    let refusal = cluster(4, 1).lock.share_index(&stranger);
    assert_eq!(refusal, Err(Error::NotAnOperator(stranger.to_string())));
}

#[test]
fn threshold_many_shares_make_up_the_split_key() {
    let created = create(&options(4), Secrets::Existing(vec![secret(7), secret(9)]), &mut randomness(2));
    let created = created.expect("these options are good");
    for (position, whole) in [secret(7), secret(9)].iter().enumerate() {
        assert_eq!(
            created.lock.validators[position].group_key,
            GroupKey(PublicKeyBytes(whole.public_key().to_bytes()))
        );
        let shares: Vec<_> = (1..4)
            .map(|node: u8| {
                let index = bls::ShareIndex::new(node + 1).expect("not zero");
                (index, created.nodes[usize::from(node)].shares[position].clone())
            })
            .collect();
        assert_eq!(&bls::recover(&shares).expect("three distinct shares"), whole);
    }
}

#[test]
fn the_same_randomness_makes_the_same_cluster() {
    assert_eq!(cluster(4, 1).lock, cluster(4, 1).lock);
}

#[test]
fn records_tell_where_nodes_are_reached() {
    let endpoints: Vec<_> =
        (0..4).map(|node| Endpoint { ip: Ipv4Addr::new(10, 0, 0, node), tcp: 3610 }).collect();
    let options = Options { endpoints: endpoints.clone(), ..options(4) };
    let created = create(&options, Secrets::New(1), &mut randomness(3)).expect("these options are good");
    for (operator, endpoint) in created.lock.operators().expect("the records are good").iter().zip(endpoints)
    {
        assert_eq!((operator.enr.ip, operator.enr.tcp), (Some(endpoint.ip), Some(endpoint.tcp)));
    }
}

#[test]
fn deposits_are_signed_by_the_whole_key() {
    let options = Options { deposit_amounts: vec![31 * ETH, ETH, ETH], ..options(4) };
    let created = create(&options, Secrets::New(2), &mut randomness(4)).expect("these options are good");
    let keys = created.lock.keys().expect("the keys are points");
    let domain = deposit_domain(options.network.genesis_fork_version);
    for (validator, keys) in created.lock.validators.iter().zip(&keys) {
        let amounts: Vec<u64> = validator.deposits.iter().map(|deposit| deposit.amount).collect();
        assert_eq!(amounts, [ETH, 31 * ETH]);
        for deposit in &validator.deposits {
            let root = signing_root(deposit.message().root(), domain);
            let signature = Signature::from_bytes(deposit.signature.as_bytes()).expect("a signature");
            assert!(signature.verify(root.as_bytes(), &keys.group.0));
        }
    }
}

#[test]
fn deposit_files_are_what_the_launchpad_takes() {
    let created = cluster(4, 3);
    let file: Value = serde_json::from_slice(&artefact(&created, 0, "deposit-data.json")).expect("JSON");
    let entries = file.as_array().expect("a list");
    assert_eq!(entries.len(), 3);
    assert!(entries.is_sorted_by_key(|entry| entry["pubkey"].as_str().expect("a key")));
    let entry = &entries[0];
    let deposit = created
        .lock
        .validators
        .iter()
        .flat_map(|validator| &validator.deposits)
        .find(|deposit| deposit.amount == 32 * ETH && entry["pubkey"] == deposit.pubkey.to_string()[2..])
        .expect("the deposit is in the lock");
    assert_eq!(entry["amount"], 32 * ETH);
    assert_eq!(entry["withdrawal_credentials"], format!("010000000000000000000000{}", "ad".repeat(20)));
    assert_eq!(entry["signature"], deposit.signature.to_string()[2..]);
    assert_eq!(entry["deposit_data_root"], deposit.root().to_string()[2..]);
    assert_eq!(entry["deposit_message_root"], deposit.message().root().to_string()[2..]);
    assert_eq!(entry["fork_version"], "10000910");
    assert_eq!(entry["network_name"], "hoodi");
}

#[test]
fn compounding_validators_have_other_credentials_and_amounts() {
    let options = Options { compounding: true, ..options(4) };
    let created = create(&options, Secrets::New(1), &mut randomness(5)).expect("these options are good");
    let deposits = &created.lock.validators[0].deposits;
    let amounts: Vec<u64> = deposits.iter().map(|deposit| deposit.amount / ETH).collect();
    assert_eq!(amounts, [1, 8, 32, 256]);
    assert_eq!(deposits[0].withdrawal_credentials.as_bytes()[0], 0x02);
    let names: Vec<_> =
        created.artefacts(&created.nodes[0]).into_iter().map(|artefact| artefact.path).collect();
    let expected = [
        "charon-enr-private-key",
        "cluster-lock.json",
        "deposit-data-1eth.json",
        "deposit-data-8eth.json",
        "deposit-data.json",
        "deposit-data-256eth.json",
    ];
    assert_eq!(names, expected);
}

#[test]
fn existing_validators_get_no_second_deposit() {
    let created =
        create(&options(4), Secrets::Existing(vec![secret(5)]), &mut randomness(6)).expect("good options");
    assert!(created.lock.validators[0].deposits.is_empty());
    assert_eq!(created.artefacts(&created.nodes[0]).len(), 2);
}

#[test]
fn a_node_key_file_gives_the_key_back() {
    let created = cluster(4, 1);
    let file = artefact(&created, 2, "charon-enr-private-key");
    let key = NodeKey::from_text(std::str::from_utf8(&file).expect("hex")).expect("a key");
    assert_eq!(key.public_key(), created.nodes[2].key.public_key());
    let modes: Vec<u32> =
        created.artefacts(&created.nodes[2]).iter().take(2).map(|artefact| artefact.mode).collect();
    assert_eq!(modes, [0o600, 0o444]);
}

#[test]
fn secrets_are_never_printed() {
    let created = cluster(3, 1);
    let node = &created.nodes[0];
    let key = node.key.to_text();
    let share = const_hex::encode(node.shares[0].to_bytes().as_slice());
    let printed = format!("{created:?} {:?}", created.artefacts(node));
    assert!(!printed.contains(key.as_str()) && !printed.contains(&share));
}

#[test]
fn registrations_carry_the_gas_limit_and_genesis_time() {
    let created = cluster(4, 1);
    let registration = created.lock.validators[0].builder_registration.expect("v1.10 has one");
    assert_eq!(registration.message.gas_limit, 60_000_000);
    assert_eq!(registration.message.timestamp, 1_742_213_400);
    assert_eq!(registration.message.fee_recipient, Address([0xfe; 20]));
}

#[test]
fn a_network_nobody_knows_will_do() {
    let network = Network {
        name: "devnet".into(),
        genesis_fork_version: eth::Version([9, 9, 9, 9]),
        capella_fork_version: eth::Version([9, 9, 9, 12]),
        chain_id: 1337,
        genesis_time: 1_700_000_000,
    };
    let options = Options { network, ..options(4) };
    let created = create(&options, Secrets::New(1), &mut randomness(9)).expect("these options are good");
    assert_eq!(created.lock.definition.network(), None);
    let registration = created.lock.validators[0].builder_registration.expect("v1.10 has one");
    assert_eq!(registration.message.timestamp, 1_700_000_000);
}

#[test]
fn impossible_options_are_refused() {
    let good = || options(4);
    let two = || vec![Address([1; 20]), Address([2; 20])];
    let endpoint = Endpoint { ip: Ipv4Addr::LOCALHOST, tcp: 1 };
    let cases = [
        (Options { nodes: 2, ..good() }, Error::NodeCount(2)),
        (Options { nodes: 0, ..good() }, Error::NodeCount(0)),
        (Options { threshold: Some(2), ..good() }, Error::Threshold { threshold: 2, nodes: 4, minimum: 3 }),
        (Options { threshold: Some(5), ..good() }, Error::Threshold { threshold: 5, nodes: 4, minimum: 3 }),
        (
            Options { fee_recipients: two(), ..good() },
            Error::NewAddressCount { what: "fee recipient", found: 2, validators: 3 },
        ),
        (
            Options { withdrawals: vec![], ..good() },
            Error::NewAddressCount { what: "withdrawal", found: 0, validators: 3 },
        ),
        (Options { withdrawals: vec![Address::ZERO], ..good() }, Error::ZeroAddress { what: "withdrawal" }),
        (Options { endpoints: vec![endpoint], ..good() }, Error::EndpointCount { found: 1, nodes: 4 }),
        (Options { deposit_amounts: vec![ETH], ..good() }, Error::DepositSum { gwei: ETH }),
        (Options { name: "x".repeat(257), ..good() }, Error::TooLong { field: "name", limit: 256 }),
    ];
    for (options, expected) in cases {
        let refusal = create(&options, Secrets::New(3), &mut randomness(7)).map(|created| created.lock);
        assert_eq!(refusal, Err(expected));
    }
}

#[test]
fn impossible_secrets_are_refused() {
    let attempt = |secrets| create(&options(4), secrets, &mut randomness(8)).map(|created| created.lock);
    assert_eq!(attempt(Secrets::New(0)), Err(Error::NewValidatorCount(0)));
    assert_eq!(attempt(Secrets::New(65_537)), Err(Error::NewValidatorCount(65_537)));
    let key = PublicKeyBytes(secret(5).public_key().to_bytes());
    assert_eq!(attempt(Secrets::Existing(vec![secret(5), secret(5)])), Err(Error::SameSecret { key }));
}

#[test]
fn a_broken_random_source_is_seen() {
    let constant = |byte: u8| create(&options(4), Secrets::New(1), &mut |bytes: &mut [u8]| bytes.fill(byte));
    assert!(constant(0).is_err());
    // The nodes' keys all come out alike.
    assert_eq!(constant(1).map(|created| created.lock), Err(Error::SameNode { first: 0, second: 1 }));
}
