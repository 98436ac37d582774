//! `phalanx create cluster`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use cluster::create::Endpoint;
use cluster::{Network, Options, Secrets};
use indicatif::{ProgressBar, ProgressStyle};
use node::directory::{self, Writing};
use node::first_start;
use signer::Protection;
use slashing::Interchange;

use crate::arguments::{CreateCluster, Testnet};
use crate::{signals, terminal};

/// One ETH in Gwei.
const GWEI: u64 = 1_000_000_000;

/// Makes all files of a cluster.
pub(crate) fn run(arguments: CreateCluster) -> anyhow::Result<ExitCode> {
    let network = network(&arguments.network, &arguments.testnet)?;
    if arguments.insecure_keys && network.name == "mainnet" {
        bail!("--insecure-keys: keystores on mainnet are always encrypted fully");
    }
    directory::require_free(&arguments.cluster_dir)?;
    let secrets = secrets(&arguments)?;
    let options = options(&arguments, network)?;
    let mut randomness = randomness();
    let cluster = cluster::create(&options, secrets, &mut randomness)?;
    let history = history(&arguments, &cluster)?;

    let stopped = signals::mark()?;
    let bar = ProgressBar::new(cluster.nodes.len() as u64).with_style(style());
    bar.tick();
    directory::write_cluster(
        &arguments.cluster_dir,
        &cluster,
        Writing {
            history: &history,
            protection: if arguments.insecure_keys { Protection::Insecure } else { Protection::Pbkdf2 },
            progress: &mut |done, _| {
                bar.set_position(done as u64);
                !stopped.load(Ordering::Relaxed)
            },
        },
    )?;
    bar.finish_and_clear();
    tell(&arguments, &cluster)?;
    Ok(ExitCode::SUCCESS)
}

/// Randomness of the operating system.
pub(crate) fn randomness() -> impl FnMut(&mut [u8]) {
    |bytes: &mut [u8]| getrandom::fill(bytes).expect("the operating system has randomness")
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("writing nodes {bar:40} {pos}/{len}").unwrap_or(ProgressStyle::default_bar())
}

fn network(name: &str, testnet: &Testnet) -> anyhow::Result<Network> {
    let Some(version) = testnet.testnet_fork_version else {
        return Network::from_name(name).with_context(|| {
            let known: Vec<_> =
                cluster::network::KNOWN.iter().map(|network| network.name.to_string()).collect();
            format!(
                "--network: {name:?} is not one of {}; for another one use --testnet-fork-version",
                known.join(", ")
            )
        });
    };
    Ok(Network {
        name: testnet.testnet_name.clone().unwrap_or_else(|| "testnet".to_owned()).into(),
        genesis_fork_version: version,
        capella_fork_version: testnet.testnet_capella_hard_fork.unwrap_or(version),
        chain_id: testnet.testnet_chain_id.unwrap_or(1337),
        genesis_time: testnet.testnet_genesis_timestamp.unwrap_or(0),
    })
}

fn secrets(arguments: &CreateCluster) -> anyhow::Result<Secrets> {
    refuse_lone_flags(arguments)?;
    if !arguments.split_existing_keys {
        return Ok(Secrets::New(arguments.num_validators.unwrap_or(1)));
    }
    let Some(directory) = &arguments.split_keys_dir else {
        bail!("--split-existing-keys needs --split-keys-dir")
    };
    if arguments.signing_history.is_none() && !arguments.no_signing_history {
        bail!(
            "existing keys need their signing history: stop every validator client that holds them, export its \
             slashing protection (EIP-3076) and name the file with --signing-history. Only for keys that have never \
             signed anything, say --no-signing-history. Validators were slashed for want of this"
        );
    }
    let keys = load_keys(directory)?;
    if keys.is_empty() {
        bail!("there are no keystores (keystore-*.json) in {}", directory.display());
    }
    Ok(Secrets::Existing(keys))
}

/// Flags that say something only together: without the other, the operator expects what does not happen.
fn refuse_lone_flags(arguments: &CreateCluster) -> anyhow::Result<()> {
    let splits = arguments.split_existing_keys;
    for (flag, is_given) in [
        ("--split-keys-dir", arguments.split_keys_dir.is_some()),
        ("--signing-history", arguments.signing_history.is_some()),
    ] {
        if is_given && !splits {
            bail!("{flag} is for existing keys: say --split-existing-keys too, or leave it out");
        }
    }
    if splits && arguments.num_validators.is_some() {
        bail!("--num-validators is for new keys: leave it out, all keys in --split-keys-dir are split");
    }
    if splits && !arguments.deposit_amounts.is_empty() {
        bail!("--deposit-amounts is for new keys: existing validators have their deposit");
    }
    Ok(())
}

fn load_keys(directory: &Path) -> anyhow::Result<Vec<bls::SecretKey>> {
    let loaded = signer::load_directory(directory)?;
    Ok(loaded.into_iter().map(|found| found.secret).collect())
}

fn options(arguments: &CreateCluster, network: Network) -> anyhow::Result<Options> {
    let endpoints = arguments.p2p_addresses.iter();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(Options {
        name: arguments.name.clone(),
        nodes: arguments.nodes,
        threshold: arguments.threshold,
        fee_recipients: arguments.fee_recipient_addresses.clone(),
        withdrawals: arguments.withdrawal_addresses.clone(),
        network,
        deposit_amounts: arguments.deposit_amounts.iter().map(|eth| eth.saturating_mul(GWEI)).collect(),
        gas_limit: arguments.target_gas_limit,
        compounding: arguments.compounding,
        consensus_protocol: String::new(),
        timestamp: now.as_secs(),
        endpoints: endpoints.map(|address| Endpoint { ip: *address.ip(), tcp: address.port() }).collect(),
    })
}

/// What the validators have signed: as told for existing keys, nothing for new ones.
fn history(arguments: &CreateCluster, cluster: &cluster::NewCluster) -> anyhow::Result<Interchange> {
    let Some(path) = &arguments.signing_history else { return Ok(directory::empty_history()) };
    let history = first_start::read_history(path)?;
    let known = |key: &cluster::GroupKey| history.data.iter().any(|validator| validator.pubkey == key.0);
    for validator in &cluster.lock.validators {
        if !known(&validator.group_key) {
            bail!(
                "{} has nothing of validator {}: export the history with all keys that are split, or split the \
                 others on their own",
                path.display(),
                validator.group_key
            );
        }
    }
    Ok(history)
}

fn tell(arguments: &CreateCluster, cluster: &cluster::NewCluster) -> anyhow::Result<()> {
    let definition = &cluster.lock.definition;
    let (nodes, threshold) = (cluster.nodes.len(), definition.threshold);
    let mut lines = vec![
        format!("cluster {} is in {}", cluster.lock.lock_hash, arguments.cluster_dir.display()),
        format!("  {nodes} nodes, {threshold} of which make a signature"),
    ];
    lines.extend(
        cluster.lock.validators.iter().map(|validator| format!("  validator {}", validator.group_key)),
    );
    let moving =
        "Move each node directory to its machine and delete it here: together they are the whole keys.";
    lines.push(moving.to_owned());
    if arguments.split_existing_keys {
        let never = "Never run the split keys anywhere else again: delete them wherever they are, and start this \
                     cluster only after two epochs of silence.";
        lines.push(never.to_owned());
    }
    terminal::say(&lines.join("\n"))
}
