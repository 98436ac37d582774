//! `phalanx exit sign`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use cluster::{GroupKey, Lock};
use duty::Signed;
use eth::{Epoch, SignatureBytes, SignedVoluntaryExit, ValidatorIndex, VoluntaryExit};
use node::chain_view::{ChainView, Endpoints, hand_in_exit};
use node::cluster_files;

use super::file::PartialExit;
use crate::arguments::ExitSign;
use crate::terminal;

/// A share's secret, and whose it is.
struct Share {
    validator: GroupKey,
    index: u8,
    secret: bls::SecretKey,
}

/// Signs exits and hands them to the own node, or writes them into files.
pub(crate) fn sign(arguments: ExitSign) -> anyhow::Result<ExitCode> {
    let lock = cluster_files::load_lock(&arguments.lock_file)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    runtime.block_on(sign_all(&arguments, &lock))?;
    Ok(ExitCode::SUCCESS)
}

async fn sign_all(arguments: &ExitSign, lock: &Lock) -> anyhow::Result<()> {
    let chain = ChainView::ask(super::endpoints(&arguments.beacon), lock).await?;
    let wanted = wanted(arguments, lock, &chain)?;
    let epoch = match arguments.exit_epoch.map(Epoch) {
        Some(epoch) if epoch > chain.epoch() => {
            bail!(
                "epoch {epoch} has not come; the current one is {}. Beacon nodes take no exits for later",
                chain.epoch()
            )
        }
        Some(epoch) => epoch,
        None => chain.epoch(),
    };
    let shares = shares(arguments, lock)?;
    let missing: Vec<String> = wanted
        .iter()
        .filter(|(key, _)| !shares.iter().any(|share| share.validator == *key))
        .map(|(key, _)| key.to_string())
        .collect();
    if !missing.is_empty() {
        let directory = arguments.validator_keys_dir.display();
        bail!(
            "{directory} has no key share of {}. Name the node's keystores with --validator-keys-dir",
            missing.join(", ")
        );
    }
    confirm(arguments, &wanted, epoch)?;
    for (key, index) in wanted {
        for share in shares.iter().filter(|share| share.validator == key) {
            let partial = signed(&chain, share, index, epoch);
            hand_over(arguments, lock, &partial).await?;
        }
    }
    if arguments.output_dir.is_none() {
        let threshold = lock.definition.threshold;
        terminal::say(&format!(
            "The node publishes an exit as soon as {threshold} operators have signed it for epoch {epoch}"
        ))?;
    }
    Ok(())
}

/// The validators to exit, with their indices.
fn wanted(
    arguments: &ExitSign,
    lock: &Lock,
    chain: &ChainView,
) -> anyhow::Result<Vec<(GroupKey, ValidatorIndex)>> {
    let is_wanted = |key: &GroupKey, index: ValidatorIndex| {
        arguments.all
            || arguments.validator_public_key.is_some_and(|wanted| wanted == key.0)
            || arguments.validator_index.is_some_and(|wanted| wanted == index.0)
    };
    let found = chain.validators.iter().filter(|(key, validator)| is_wanted(key, validator.index));
    let active = found.filter(|(_, validator)| validator.status.is_active());
    let active: Vec<_> = active.map(|(key, validator)| (*key, validator.index)).collect();
    if active.is_empty() {
        let count = lock.validators.len();
        bail!(
            "none of the cluster's {count} validators fits and is active on the chain; `phalanx exit list` shows them"
        );
    }
    Ok(active)
}

fn shares(arguments: &ExitSign, lock: &Lock) -> anyhow::Result<Vec<Share>> {
    let loaded = signer::load_directory(&arguments.validator_keys_dir)?;
    let share = |loaded: signer::LoadedKeystore| {
        let public = loaded.secret.public_key().to_bytes();
        let place = lock.validators.iter().find_map(|validator| {
            let index = validator.shares.iter().position(|share| share.0.0 == public)?;
            Some((validator.group_key, index))
        });
        let Some((validator, position)) = place else {
            bail!(
                "{} holds a key that is no share of this cluster. Name the node's own keystores with \
                 --validator-keys-dir",
                loaded.path.display()
            );
        };
        Ok(Share { validator, index: u8::try_from(position + 1)?, secret: loaded.secret })
    };
    loaded.into_iter().map(share).collect()
}

/// Makes sure that the operator means it.
fn confirm(arguments: &ExitSign, wanted: &[(GroupKey, ValidatorIndex)], epoch: Epoch) -> anyhow::Result<()> {
    eprintln!("An exit cannot be undone. These validators stop earning for ever, from epoch {epoch} on:");
    wanted.iter().for_each(|(key, index)| eprintln!("  {index}  {key}"));
    if arguments.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("nobody is there to confirm it: say --yes if it is meant");
    }
    eprint!("Sign? Type \"exit\" to go on: ");
    std::io::stderr().flush().ok();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    if answer.trim() == "exit" { Ok(()) } else { bail!("nothing was signed") }
}

fn signed(chain: &ChainView, share: &Share, validator_index: ValidatorIndex, epoch: Epoch) -> PartialExit {
    let message = VoluntaryExit { epoch, validator_index };
    let root = Signed::Exit(message).signing_root(&chain.spec);
    let signature = SignatureBytes(share.secret.sign(root.as_bytes()).to_bytes());
    PartialExit {
        public_key: share.validator.0,
        share_index: share.index,
        signed_exit: SignedVoluntaryExit { message, signature },
    }
}

async fn hand_over(arguments: &ExitSign, lock: &Lock, partial: &PartialExit) -> anyhow::Result<()> {
    if let Some(directory) = &arguments.output_dir {
        let path = partial.write(directory)?;
        return terminal::say(&path.display().to_string());
    }
    let node = Endpoints { urls: vec![arguments.node.clone()], ..super::endpoints(&arguments.beacon) };
    let taken = hand_in_exit(node, lock, &partial.signed_exit).await;
    taken.with_context(|| {
        format!(
            "the node at {} did not take the exit. Is it running? --output-dir writes files instead",
            arguments.node
        )
    })?;
    let index = partial.signed_exit.message.validator_index;
    terminal::say(&format!("validator {index}: the node has this operator's signature"))
}
