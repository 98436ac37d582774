//! `phalanx slashing init|import|export|show`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use cluster::{GroupKey, Lock};
use node::{cluster_files, directory, first_start};
use signer::{Owner, SqliteStore};
use slashing::{Interchange, Ledger, Strategy, Watermark};

use crate::arguments::{LedgerFile, SlashingExport, SlashingImport, SlashingInit, SlashingShow};

/// Declares that the validators have never signed. The first start makes the ledger, for it knows the network.
pub(crate) fn init(arguments: &SlashingInit) -> anyhow::Result<ExitCode> {
    let ledger = arguments.file.ledger();
    let declaration = arguments.file.lock_file.with_file_name(directory::SIGNING_HISTORY);
    refuse_existing(&ledger, "a ledger is never overwritten")?;
    refuse_existing(&declaration, "there is a declared signing history already")?;
    let lock = cluster_files::load_lock(&arguments.file.lock_file)?;
    directory::write_file(&declaration, directory::empty_history().to_json().as_bytes(), 0o644)?;
    println!("declared: {} validators that have never signed. The next start makes the ledger", lock.validators.len());
    Ok(ExitCode::SUCCESS)
}

/// Takes a signing history into the ledger.
pub(crate) fn import(arguments: &SlashingImport) -> anyhow::Result<ExitCode> {
    let lock = cluster_files::load_lock(&arguments.file.lock_file)?;
    let history = by_group_key(first_start::read_history(&arguments.history)?, &lock);
    let path = arguments.file.ledger();
    let owner = Owner {
        genesis_validators_root: history.metadata.genesis_validators_root,
        lock_hash: lock.lock_hash,
        validators: lock.validators.iter().map(|validator| validator.group_key).collect(),
    };
    let is_new = !path.try_exists().with_context(|| format!("cannot look for {}", path.display()))?;
    if is_new {
        require_all(&history, &lock)?;
    }
    let mut ledger =
        if is_new { first_start::create(&path, &owner)? } else { first_start::open(&path, &owner)? };
    let strategy = if arguments.minimal { Strategy::Minimal } else { Strategy::Complete };
    let imported = ledger.import(&history, strategy)?;
    let made = if is_new { ", newly made" } else { "" };
    println!("{} validators' histories are in {}{made}", imported.validators.len(), path.display());
    for key in &imported.unknown {
        eprintln!("warning: {key} is not of this cluster; its history was left out");
    }
    for conflict in &imported.conflicts {
        eprintln!("warning: {}: {}. Conflicting signatures may exist already", conflict.key, conflict.why);
    }
    Ok(ExitCode::SUCCESS)
}

/// A ledger made from a file that lacks a validator would start that validator empty.
fn require_all(history: &Interchange, lock: &Lock) -> anyhow::Result<()> {
    let known = |key: &GroupKey| history.data.iter().any(|validator| validator.pubkey == key.0);
    match lock.validators.iter().find(|validator| !known(&validator.group_key)) {
        None => Ok(()),
        Some(missing) => bail!(
            "the history has nothing of validator {}: a new ledger needs all of the cluster's validators. Export it \
             with all keys, or declare a key that never signed with empty lists",
            missing.group_key
        ),
    }
}

/// A validator client of a cluster exports its history by share keys; the ledger goes by group keys.
fn by_group_key(mut history: Interchange, lock: &Lock) -> Interchange {
    let shares = lock.validators.iter();
    let groups: BTreeMap<_, _> = shares
        .flat_map(|validator| validator.shares.iter().map(|share| (share.0, validator.group_key.0)))
        .collect();
    for validator in &mut history.data {
        if let Some(group) = groups.get(&validator.pubkey) {
            validator.pubkey = *group;
        }
    }
    history
}

/// Writes the ledger's content as an EIP-3076 file.
pub(crate) fn export(arguments: &SlashingExport) -> anyhow::Result<ExitCode> {
    let json = open(&arguments.file)?.export().to_json();
    if arguments.output == Path::new("-") {
        println!("{json}");
        return Ok(ExitCode::SUCCESS);
    }
    refuse_existing(&arguments.output, "an existing file is not overwritten")?;
    directory::write_file(&arguments.output, json.as_bytes(), 0o644)?;
    eprintln!("written to {}. Stop this node for good before another one uses it", arguments.output.display());
    Ok(ExitCode::SUCCESS)
}

/// Shows what the ledger holds.
pub(crate) fn show(arguments: &SlashingShow) -> anyhow::Result<ExitCode> {
    let ledger = open(&arguments.file)?;
    let validators: Vec<(GroupKey, Watermark)> = ledger
        .validators()
        .map(|key| (*key, ledger.watermark(key).unwrap_or_default()))
        .collect();
    if arguments.json {
        println!("{}", as_json(&ledger, &validators));
        return Ok(ExitCode::SUCCESS);
    }
    println!("genesis validators root  {}", ledger.genesis_validators_root());
    println!("{:<98}  {:>8}  {:>8}  {:>10}", "validator", "source", "target", "block slot");
    for (key, watermark) in &validators {
        let [source, target, block] = columns(watermark);
        println!("{:<98}  {source:>8}  {target:>8}  {block:>10}", key.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

fn columns(watermark: &Watermark) -> [String; 3] {
    let never = || "-".to_owned();
    [
        watermark.vote.map_or_else(never, |vote| vote.source.to_string()),
        watermark.vote.map_or_else(never, |vote| vote.target.to_string()),
        watermark.block.map_or_else(never, |slot| slot.to_string()),
    ]
}

fn as_json(ledger: &Ledger<SqliteStore>, validators: &[(GroupKey, Watermark)]) -> String {
    let entries: Vec<_> = validators
        .iter()
        .map(|(key, watermark)| {
            serde_json::json!({
                "pubkey": key.to_string(),
                "source_epoch": watermark.vote.map(|vote| vote.source.to_string()),
                "target_epoch": watermark.vote.map(|vote| vote.target.to_string()),
                "block_slot": watermark.block.map(|slot| slot.to_string()),
            })
        })
        .collect();
    let root = ledger.genesis_validators_root().to_string();
    format!("{:#}", serde_json::json!({ "genesis_validators_root": root, "validators": entries }))
}

fn open(file: &LedgerFile) -> anyhow::Result<Ledger<SqliteStore>> {
    Ok(Ledger::open(SqliteStore::open_unowned(&file.ledger())?)?)
}

fn refuse_existing(path: &Path, why: &str) -> anyhow::Result<()> {
    if path.try_exists().with_context(|| format!("cannot look for {}", path.display()))? {
        bail!("{} exists: {why}", path.display());
    }
    Ok(())
}
