//! Building the program and the sweep that kills it, and running both.

use std::path::Path;
use std::process::{Command, ExitCode};

/// Runs the sweep with these arguments. The exit code is the sweep's.
pub(crate) fn run(root: &Path, arguments: impl Iterator<Item = String>) -> ExitCode {
    if !cargo(root, ["build", "--release", "--package", "phalanx"])
        .status()
        .is_ok_and(|built| built.success())
    {
        return ExitCode::FAILURE;
    }
    let mut sweep =
        cargo(root, ["run", "--release", "--package", "devnet", "--example", "crash_sweep", "--"]);
    let ended = sweep.args(arguments).status();
    let code = ended.ok().and_then(|status| u8::try_from(status.code()?).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

fn cargo<const N: usize>(root: &Path, arguments: [&str; N]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    command
}
