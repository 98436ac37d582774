//! What a command has to say, on standard output.

use std::io::{self, Write};

use anyhow::Context;

/// Writes a line. Whoever reads may have heard enough (`| head`): that is no error.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
