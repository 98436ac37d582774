//! `phalanx create cluster` with new keys.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::program::{ADDRESS, create, create_arguments, finish, json, phalanx, run};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn a_new_cluster_is_complete_and_private() {
    let (_place, cluster) = create(&["--num-validators=2", "--nodes=4"]);
    assert_eq!(names(&cluster), ["node0", "node1", "node2", "node3"]);
    for node in names(&cluster) {
        let node = cluster.join(node);
        assert_eq!(
            names(&node),
            [
                "charon-enr-private-key",
                "cluster-lock.json",
                "deposit-data-1eth.json",
                "deposit-data.json",
                "signing-history.json",
                "validator_keys",
            ]
        );
        assert_eq!(mode(&node), 0o700);
        assert_eq!(mode(&node.join("validator_keys")), 0o700);
        assert_eq!(mode(&node.join("charon-enr-private-key")), 0o600);
        assert_eq!(mode(&node.join("validator_keys/keystore-insecure-0.txt")), 0o400);
    }
}

#[test]
fn the_lock_verifies_and_the_keystores_hold_its_shares() {
    let (_place, cluster) = create(&["--num-validators=2"]);
    let text = fs::read(cluster.join("node0/cluster-lock.json")).expect("a lock");
    let lock = cluster::Lock::parse(&text).expect("a lock");
    lock.verify().expect("hashes and signatures are right");
    assert_eq!(lock.definition.threshold, 3);
    assert_eq!(lock.definition.name, "proof");
    for node in 0..4 {
        let directory = cluster.join(format!("node{node}"));
        assert_eq!(fs::read(directory.join("cluster-lock.json")).expect("a lock"), text);
        let keystores = signer::load_directory(&directory.join("validator_keys")).expect("they decrypt");
        let held: Vec<_> = keystores.iter().map(|found| found.secret.public_key().to_bytes()).collect();
        let shares: Vec<_> = lock.validators.iter().map(|validator| validator.shares[node].0.0).collect();
        assert_eq!(held, shares, "node {node}");
        let key = fs::read_to_string(directory.join("charon-enr-private-key")).expect("a key");
        let key = cluster::NodeKey::from_text(key.trim()).expect("a key");
        let share = lock.share_index(&key.public_key()).expect("an operator");
        assert_eq!(usize::from(share.number()), node + 1);
    }
}

#[test]
fn deposits_are_for_the_validators_and_their_owner() {
    let (_place, cluster) = create(&["--num-validators=2", "--deposit-amounts=8,24"]);
    let lock = json(&cluster.join("node0/cluster-lock.json"));
    for (file, amount) in
        [("deposit-data-8eth.json", 8_000_000_000_u64), ("deposit-data-24eth.json", 24_000_000_000)]
    {
        let deposits = json(&cluster.join("node3").join(file));
        let deposits = deposits.as_array().expect("a list");
        assert_eq!(deposits.len(), 2);
        let validators = lock["distributed_validators"].as_array().expect("a list").iter();
        let mut keys: Vec<_> =
            validators.map(|validator| validator["distributed_public_key"].as_str().expect("text")).collect();
        keys.sort();
        for (deposit, key) in deposits.iter().zip(keys) {
            assert_eq!(deposit["pubkey"].as_str(), key.strip_prefix("0x"));
            assert_eq!(deposit["amount"], amount);
            assert_eq!(deposit["network_name"], "hoodi");
            let credentials = format!("010000000000000000000000{}", ADDRESS.trim_start_matches("0x"));
            assert_eq!(deposit["withdrawal_credentials"], credentials);
        }
    }
}

#[test]
fn the_terminal_gets_the_summary_and_nothing_else() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let said = run(create_arguments(&place.path().join("cluster"))).well();
    assert!(said.stdout.starts_with("cluster 0x"), "{}", said.stdout);
    assert!(said.stdout.contains("4 nodes, 3 of which make a signature"), "{}", said.stdout);
    assert!(!said.stdout.contains("writing nodes"), "progress is for standard error: {}", said.stdout);
}

#[test]
fn an_existing_cluster_is_never_overwritten() {
    let (_place, cluster) = create(&[]);
    let before = fs::read(cluster.join("node0/cluster-lock.json")).expect("a lock");
    run(create_arguments(&cluster)).refused(&["exists and is not empty", "Name another directory"]);
    assert_eq!(fs::read(cluster.join("node0/cluster-lock.json")).expect("a lock"), before);
}

#[test]
fn an_empty_directory_is_filled() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let cluster = place.path().join("cluster");
    fs::create_dir(&cluster).expect("a directory");
    run(create_arguments(&cluster)).well();
    assert_eq!(names(&cluster).len(), 4);
}

#[test]
fn where_nothing_can_be_written_nothing_is_left() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let file = place.path().join("file");
    fs::write(&file, "in the way").expect("a file");
    run(create_arguments(&file.join("cluster"))).refused(&["cannot", "file/cluster"]);
    assert_eq!(names(place.path()), ["file"]);
    run(create_arguments(&file)).refused(&["file"]);
    assert_eq!(fs::read_to_string(&file).expect("a file"), "in the way");
}

#[test]
fn a_directory_needs_a_name() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let mut command = phalanx();
    command.current_dir(place.path()).args(create_arguments(Path::new(".")));
    finish(&mut command).refused(&["--cluster-dir", "not the name of a new directory"]);
    assert!(names(place.path()).is_empty());
}

#[test]
fn options_that_make_no_cluster_are_refused_before_anything_is_written() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let cluster = place.path().join("cluster");
    let zero = "--fee-recipient-addresses=0x0000000000000000000000000000000000000000";
    let cases: &[(&[&str], &[&str])] = &[
        (&["--threshold=2"], &["threshold is 2 of 4 nodes", "threshold of 3"]),
        (&["--threshold=5"], &["threshold is 5 of 4 nodes"]),
        (&["--nodes=2"], &["cannot have 2 nodes", "choose from 3"]),
        (&["--num-validators=0"], &["cannot have 0 validators"]),
        (&["--deposit-amounts=8"], &["less than the 32 ETH"]),
        (&["--deposit-amounts=0,32"], &["deposit of 0 Gwei is refused"]),
        (&["--p2p-addresses=10.0.0.1:3610"], &["1 node addresses for 4 nodes"]),
        (&["--split-keys-dir=/nowhere"], &["--split-keys-dir", "--split-existing-keys"]),
        (&["--signing-history=/nowhere"], &["--signing-history", "--split-existing-keys"]),
    ];
    for (more, parts) in cases {
        let mut arguments = create_arguments(&cluster);
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        run(arguments).refused(parts);
    }
    let others: [(&str, &str, &[&str]); 3] = [
        (
            "--network=",
            "--network=atlantis",
            &["--network", "\"atlantis\" is not one of mainnet", "--testnet-fork-version"],
        ),
        ("--network=", "--network=mainnet", &["--insecure-keys", "mainnet"]),
        ("--fee-recipient-addresses=", zero, &["fee recipient address is zero"]),
    ];
    for (prefix, instead, parts) in others {
        let arguments = create_arguments(&cluster);
        let swapped =
            arguments.iter().map(|argument| if argument.starts_with(prefix) { instead } else { argument });
        run(swapped).refused(parts);
    }
    assert!(names(place.path()).is_empty(), "{:?}", names(place.path()));
}

#[test]
fn a_network_of_ones_own_is_told_by_its_fork_version() {
    let (_place, cluster) = create(&["--testnet-fork-version=0x00000042", "--testnet-name=home"]);
    let lock = json(&cluster.join("node0/cluster-lock.json"));
    assert_eq!(lock["cluster_definition"]["fork_version"], "0x00000042");
    assert_eq!(json(&cluster.join("node0/deposit-data.json"))[0]["network_name"], "home");
}
