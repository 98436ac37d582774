//! `phalanx slashing init|import|export|show`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use cluster::{GroupKey, Lock};
use node::{cluster_files, directory, first_start};
use signer::{Owner, SqliteStore};
use slashing::{Interchange, Ledger, Strategy, Watermark};

use crate::arguments::{LedgerFile, SlashingExport, SlashingImport, SlashingInit, SlashingShow};
use crate::terminal;

/// Declares that validators have never signed. The first start makes the ledger, for it knows the network.
pub(crate) fn init(arguments: &SlashingInit) -> anyhow::Result<ExitCode> {
    let declaration = declaration(&arguments.file);
    refuse_existing(
        &declaration,
        "there is a declared signing history already, and the next start takes it in",
    )?;
    let lock = cluster_files::load_lock(&arguments.file.lock_file)?;
    let undeclared = undeclared(&arguments.file, &lock)?;
    if undeclared == 0 {
        bail!(
            "{} knows all validators of the lock: there is nothing to declare, and a ledger is never overwritten",
            arguments.file.ledger().display()
        );
    }
    directory::write_file(&declaration, directory::empty_history().to_json().as_bytes(), 0o644)?;
    terminal::say(&format!(
        "declared: {undeclared} validators that have never signed. The next start takes it in"
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// How many of the lock's validators the ledger does not know.
fn undeclared(file: &LedgerFile, lock: &Lock) -> anyhow::Result<usize> {
    if !exists(&file.ledger())? {
        return Ok(lock.validators.len());
    }
    let ledger = open(file)?;
    let is_unknown = |validator: &&cluster::Validator| ledger.watermark(&validator.group_key).is_none();
    Ok(lock.validators.iter().filter(is_unknown).count())
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
    let is_new = !exists(&path)?;
    let strategy = if arguments.minimal { Strategy::Minimal } else { Strategy::Complete };
    let imported = first_start::import(&path, &declaration(&arguments.file), &owner, &history, strategy)
        .with_context(|| format!("cannot take in {}", arguments.history.display()))?;
    for key in &imported.unknown {
        eprintln!("warning: {key} is not of this cluster; its history was left out");
    }
    for conflict in &imported.conflicts {
        eprintln!("warning: {}: {}. Conflicting signatures may exist already", conflict.key, conflict.why);
    }
    let made = if is_new { ", newly made" } else { "" };
    let count = imported.validators.len();
    terminal::say(&format!("{count} validators' histories are in {}{made}", path.display()))?;
    Ok(ExitCode::SUCCESS)
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
        terminal::say(&json)?;
        return Ok(ExitCode::SUCCESS);
    }
    refuse_existing(&arguments.output, "an existing file is not overwritten")?;
    directory::write_file(&arguments.output, json.as_bytes(), 0o644)?;
    eprintln!(
        "written to {}. Stop this node for good before another one uses it",
        arguments.output.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Shows what the ledger holds.
pub(crate) fn show(arguments: &SlashingShow) -> anyhow::Result<ExitCode> {
    let ledger = open(&arguments.file)?;
    let validators: Vec<(GroupKey, Watermark)> =
        ledger.validators().map(|key| (*key, ledger.watermark(key).unwrap_or_default())).collect();
    if arguments.json {
        terminal::say(&as_json(&ledger, &validators))?;
        return Ok(ExitCode::SUCCESS);
    }
    terminal::say(&as_table(&ledger, &validators))?;
    Ok(ExitCode::SUCCESS)
}

fn as_table(ledger: &Ledger<SqliteStore>, validators: &[(GroupKey, Watermark)]) -> String {
    let root = format!("genesis validators root  {}", ledger.genesis_validators_root());
    let heading = format!("{:<98}  {:>8}  {:>8}  {:>10}", "validator", "source", "target", "block slot");
    let row = |(key, watermark): &(GroupKey, Watermark)| {
        let [source, target, block] = columns(watermark);
        format!("{:<98}  {source:>8}  {target:>8}  {block:>10}", key.to_string())
    };
    let lines: Vec<String> = [root, heading].into_iter().chain(validators.iter().map(row)).collect();
    lines.join("\n")
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

fn declaration(file: &LedgerFile) -> PathBuf {
    file.lock_file.with_file_name(directory::SIGNING_HISTORY)
}

fn refuse_existing(path: &Path, why: &str) -> anyhow::Result<()> {
    if exists(path)? {
        bail!("{} exists: {why}", path.display());
    }
    Ok(())
}

fn exists(path: &Path) -> anyhow::Result<bool> {
    path.try_exists().with_context(|| format!("cannot look for {}", path.display()))
}
