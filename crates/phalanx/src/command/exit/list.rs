//! `phalanx exit list`.

use std::process::ExitCode;

use anyhow::Context;
use cluster::{GroupKey, Lock};
use eth::{Epoch, PublicKeyBytes, ValidatorIndex};
use node::chain_view::{ChainView, ValidatorStatus};
use node::cluster_files;
use serde::Serialize;

use super::file::{self, PartialExit};
use crate::arguments::ExitList;
use crate::terminal;

#[derive(Serialize)]
struct Row {
    public_key: PublicKeyBytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<ValidatorIndex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ValidatorStatus>,
    partial_exits: Vec<Signer>,
}

#[derive(Serialize)]
struct Signer {
    share_index: u8,
    epoch: Epoch,
}

/// Lists the cluster's validators.
pub(crate) fn list(arguments: ExitList) -> anyhow::Result<ExitCode> {
    let lock = cluster_files::load_lock(&arguments.lock_file)?;
    let partials = file::read_all(&[], arguments.from_dir.as_deref())?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let chain = runtime.block_on(ChainView::ask(super::endpoints(&arguments.beacon), &lock))?;
    let partials: Vec<PartialExit> = partials.into_iter().map(|(_, partial)| partial).collect();
    let rows: Vec<Row> =
        lock.validators.iter().map(|validator| row(&chain, validator.group_key, &partials)).collect();
    if arguments.json {
        terminal::say(&serde_json::to_string_pretty(&rows)?)?;
    } else {
        terminal::say(&table(&rows, &lock))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(chain: &ChainView, key: GroupKey, partials: &[PartialExit]) -> Row {
    let known = chain.validators.get(&key);
    let signed = partials.iter().filter(|partial| partial.public_key == key.0);
    let signer = |partial: &PartialExit| Signer {
        share_index: partial.share_index,
        epoch: partial.signed_exit.message.epoch,
    };
    Row {
        public_key: key.0,
        index: known.map(|validator| validator.index),
        status: known.map(|validator| validator.status),
        partial_exits: signed.map(signer).collect(),
    }
}

fn table(rows: &[Row], lock: &Lock) -> String {
    let mut lines = vec![format!("{:>10}  {:<20}  {:<18}  validator", "index", "status", "signed by shares")];
    for row in rows {
        let index = row.index.map_or_else(|| "-".to_owned(), |index| index.to_string());
        let status = row.status.and_then(|status| serde_json::to_value(status).ok());
        let status = status.as_ref().and_then(|status| status.as_str()).unwrap_or("not on the chain");
        let shares: Vec<String> =
            row.partial_exits.iter().map(|signer| signer.share_index.to_string()).collect();
        let signed = format!("{} ({} of {})", shares.join(","), shares.len(), lock.definition.threshold);
        let signed = if shares.is_empty() { "-" } else { &signed };
        lines.push(format!("{index:>10}  {status:<20}  {signed:<18}  {}", row.public_key));
    }
    lines.join("\n")
}
