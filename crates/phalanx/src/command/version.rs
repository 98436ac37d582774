//! `phalanx version`.

use std::process::ExitCode;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    crate::terminal::say(concat!("phalanx ", env!("CARGO_PKG_VERSION")))?;
    Ok(ExitCode::SUCCESS)
}
