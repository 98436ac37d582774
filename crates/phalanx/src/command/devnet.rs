//! `phalanx devnet`.

use std::process::ExitCode;

use anyhow::bail;

use crate::arguments::Devnet;

/// Runs a cluster on an embedded chain.
pub(crate) fn run(arguments: Devnet) -> anyhow::Result<ExitCode> {
    let _ = arguments;
    bail!("not in this build")
}
