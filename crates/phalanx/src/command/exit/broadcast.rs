//! `phalanx exit broadcast`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use bls::ShareIndex;
use cluster::{GroupKey, Lock};
use duty::{Combine, Signed, Verify};
use eth::{SignedVoluntaryExit, VoluntaryExit};
use node::chain_view::ChainView;
use node::cluster_files;
use node::worker::KeyTable;

use super::file::{self, PartialExit};
use crate::arguments::ExitBroadcast;
use crate::terminal;

/// The partial exits of one validator.
type Gathered = Vec<(PathBuf, PartialExit)>;

/// Combines partial exits and publishes the complete ones.
pub(crate) fn broadcast(arguments: ExitBroadcast) -> anyhow::Result<ExitCode> {
    let lock = cluster_files::load_lock(&arguments.lock_file)?;
    let keys = cluster_files::key_table(&lock, &arguments.lock_file)?;
    let partials = file::read_all(&arguments.from, arguments.from_dir.as_deref())?;
    if partials.is_empty() {
        bail!("there is no partial exit. `phalanx exit sign --output-dir DIR` makes one at each operator");
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(async {
        let chain = ChainView::ask(super::endpoints(&arguments.beacon), &lock).await?;
        // All are combined before the first is published: a wrong file stops everything.
        let complete: Vec<_> = by_validator(partials)
            .into_iter()
            .map(|(key, gathered)| Ok((key, combine(&chain, &lock, &keys, key, &gathered)?)))
            .collect::<anyhow::Result<_>>()?;
        for (key, exit) in complete {
            publish(&arguments, &chain, key, exit).await?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn by_validator(partials: Gathered) -> BTreeMap<GroupKey, Gathered> {
    let mut gathered: BTreeMap<GroupKey, Gathered> = BTreeMap::new();
    for (path, partial) in partials {
        gathered.entry(GroupKey(partial.public_key)).or_default().push((path, partial));
    }
    gathered
}

fn combine(
    chain: &ChainView,
    lock: &Lock,
    keys: &KeyTable,
    key: GroupKey,
    gathered: &Gathered,
) -> anyhow::Result<SignedVoluntaryExit> {
    let message = message(chain, key, gathered)?;
    let root = Signed::Exit(message).signing_root(&chain.spec);
    let mut partials = BTreeMap::new();
    for (path, partial) in gathered {
        let share = ShareIndex::new(partial.share_index)
            .with_context(|| format!("{}: there is no share 0", path.display()))?;
        let signature = partial.signed_exit.signature;
        let claim = Verify { key, share: Some(share), signing_root: root, signature };
        if keys.verify(&[claim]) != [true] {
            bail!("{}: the signature is not by share {share} of {key}", path.display());
        }
        partials.insert(share, signature);
    }
    let threshold = lock.definition.threshold as usize;
    if partials.len() < threshold {
        let have: Vec<String> = partials.keys().map(ToString::to_string).collect();
        let missing = threshold - partials.len();
        bail!(
            "{key}: {missing} more operators must sign; shares {} of {threshold} are here",
            have.join(", ")
        );
    }
    let item = Combine { key, signing_root: root, partials: partials.into_iter().collect() };
    let complete = keys.combine(&[item]).into_iter().next().and_then(|combination| combination.signature);
    let signature = complete.with_context(|| format!("{key}: the signatures do not combine"))?;
    Ok(SignedVoluntaryExit { message, signature })
}

/// What all operators signed.
fn message(chain: &ChainView, key: GroupKey, gathered: &Gathered) -> anyhow::Result<VoluntaryExit> {
    let Some(validator) = chain.validators.get(&key) else {
        bail!("{key} is no validator of this cluster on the chain");
    };
    let messages: BTreeMap<VoluntaryExit, &PathBuf> =
        gathered.iter().map(|(path, partial)| (partial.signed_exit.message, path)).collect();
    let mut messages = messages.into_iter();
    let Some((message, path)) = messages.next() else { bail!("{key}: no partial exit") };
    if let Some((other, other_path)) = messages.next() {
        bail!(
            "{key}: the operators signed different exits, so they do not combine: epoch {} in {}, epoch {} in {}. \
             Agree on one epoch and sign again",
            message.epoch,
            path.display(),
            other.epoch,
            other_path.display()
        );
    }
    if message.validator_index != validator.index {
        bail!(
            "{}: {key} has index {} on the chain, not {}",
            path.display(),
            validator.index,
            message.validator_index
        );
    }
    Ok(message)
}

async fn publish(
    arguments: &ExitBroadcast,
    chain: &ChainView,
    key: GroupKey,
    exit: SignedVoluntaryExit,
) -> anyhow::Result<()> {
    if let Some(directory) = &arguments.output_dir {
        let path = file::write(directory, &format!("exit-{key}.json"), &exit)?;
        terminal::say(&path.display().to_string())?;
    }
    let index = exit.message.validator_index;
    if arguments.dry_run {
        return terminal::say(&format!(
            "validator {index}: the exit is complete and good; nothing was published"
        ));
    }
    let published = chain.submit_exit(&exit).await;
    published.with_context(|| format!("validator {index}: no beacon node took the exit"))?;
    terminal::say(&format!("validator {index}: the exit is published"))
}
