//! The page of reasons: made from the code, so that it cannot lie.

use std::fmt::Write;
use std::path::Path;

use crate::read;

/// Where the page is.
pub(crate) const PAGE: &str = "docs/operate/reasons.md";

/// The page.
pub(crate) fn render() -> String {
    let mut page = String::from(
        "# Reasons\n\nWhy a value was refused, a request ended without an answer, or a duty was missed. The code stands \
         in logs, metrics\nand answers; the step is where a duty stops for it. Made by `cargo xtask reasons`.\n\n\
         | code | step | what it means and what to do |\n|---|---|---|\n",
    );
    for reason in duty::Reason::ALL {
        writeln!(page, "| `{}` | {} | {} |", reason.code(), reason.step().name(), reason.text())
            .expect("a string takes all");
    }
    page.push_str(
        "\n## Refusals of the slashing ledger\n\nThe ledger's own codes, beside `ledger_refused` and \
         `ledger_unavailable`:\n\n",
    );
    for code in slashing::Refusal::CODES {
        writeln!(page, "- `{code}`").expect("a string takes all");
    }
    page
}

pub(crate) fn check(root: &Path, complaints: &mut Vec<String>) {
    if read(&root.join(PAGE)) != render() {
        complaints.push(format!("{PAGE} is out of date: run `cargo xtask reasons`"));
    }
}
