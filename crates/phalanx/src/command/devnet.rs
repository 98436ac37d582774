//! `phalanx devnet`.

use std::process::ExitCode;

use anyhow::Context;
use devnet::run::{Options, Progress, Report};
use eth::{Preset, Slot, ValidatorIndex};
use tokio_util::sync::CancellationToken;

use crate::arguments::{Devnet, Log, PresetName};
use crate::signals::Ending;
use crate::terminal;

/// Runs a cluster and reports. The code is 0 only if nothing was missed or wrong.
pub(crate) fn run(arguments: Devnet) -> anyhow::Result<ExitCode> {
    super::run::start_log(&terminal_log(&arguments.log))?;
    let options = options(arguments)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let report = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        tokio::spawn(Ending::listen()?.cancel(shutdown.clone()));
        devnet::run::run(options, shutdown, tell).await.map_err(anyhow::Error::from)
    })?;
    terminal::say(&format!("\n{report}"))?;
    Ok(code(&report))
}

/// A line of progress. A terminal that is gone stops nothing: the report's code still counts.
fn tell(progress: Progress) {
    let _ = terminal::say(&progress.to_string());
}

/// The nodes log into files as told; among the lines of progress only errors have a place.
fn terminal_log(log: &Log) -> Log {
    let is_default = log.log_level == "info";
    Log { log_level: if is_default { "error".to_owned() } else { log.log_level.clone() }, ..log.clone() }
}

fn code(report: &Report) -> ExitCode {
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(arguments: Devnet) -> anyhow::Result<Options> {
    let program = std::env::current_exe().context("cannot find this program, to start it as nodes")?;
    let mut options = Options::new(program);
    options.nodes = arguments.nodes.parse().context("--nodes is a number")?;
    options.validators = arguments.validators.unwrap_or(options.validators);
    options.slots = arguments.slots.unwrap_or(options.slots);
    options.preset = match arguments.preset {
        PresetName::Minimal => Preset::Minimal,
        PresetName::Mainnet => Preset::Mainnet,
    };
    options.builder = arguments.builder;
    options.blobs = arguments.blobs;
    options.kills = at_slots(arguments.kill);
    options.restarts = at_slots(arguments.restart);
    options.reorg = arguments.reorg.map(Slot);
    options.slot_ms = arguments.slot_ms.unwrap_or_else(|| Options::default_slot_ms(options.most_dead()));
    options.dir = arguments.dir;
    options.beacon_node = arguments.beacon_node;
    options.exits = exits(arguments.exit, &options);
    options.log_level = arguments.log.log_level;
    Ok(options)
}

/// As told; otherwise a run on the embedded chain shows one.
fn exits(told: Vec<(u64, u64)>, options: &Options) -> Vec<(ValidatorIndex, Slot)> {
    if told.is_empty() && options.beacon_node.is_none() && options.validators > 1 {
        let (last, middle) = (options.validators.saturating_sub(1), options.slots.div_ceil(2));
        return vec![(ValidatorIndex(last), Slot(middle))];
    }
    told.into_iter().map(|(validator, slot)| (ValidatorIndex(validator), Slot(slot))).collect()
}

fn at_slots(events: Vec<(usize, u64)>) -> Vec<(usize, Slot)> {
    events.into_iter().map(|(node, slot)| (node, Slot(slot))).collect()
}
