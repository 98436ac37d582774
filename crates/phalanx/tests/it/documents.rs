//! What `docs/operate` says of flags is what the program has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::help::{COMMANDS, flags};

/// A guide's text.
pub(crate) fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_flag_is_in_the_table_of_its_command_and_no_other() {
    let text = document("flags.md");
    for command in COMMANDS.into_iter().filter(|command| *command != ["devnet"] && *command != ["version"]) {
        let heading = format!("## phalanx {}\n", command.join(" "));
        let (_, section) = text.split_once(&heading).unwrap_or_else(|| panic!("no section {heading:?}"));
        let section = section.split("\n## ").next().unwrap_or_default();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `--"));
        let written: BTreeSet<&str> = rows.filter_map(|row| row.split('`').next()).collect();
        let found = flags(command);
        let found: BTreeSet<&str> = found.iter().map(String::as_str).filter(|flag| *flag != "help").collect();
        assert_eq!(written, found, "{command:?}");
    }
}

#[test]
fn every_flag_that_the_guides_name_exists() {
    let known: BTreeSet<String> = COMMANDS.into_iter().flat_map(flags).collect();
    for name in ["backup-and-restore.md", "existing-keys.md", "exits.md", "ledger.md"] {
        let text = document(name);
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '`' | '(' | ')' | ',' | '='));
        for flag in words.filter_map(|word| word.strip_prefix("--")).filter(|flag| !flag.is_empty()) {
            let flag = flag.trim_end_matches(['.', ':', ';']);
            assert!(known.contains(flag), "{name} names --{flag}");
        }
    }
}

#[test]
fn every_metric_of_the_source_is_in_the_table_and_no_other() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = [
        "node/src/metrics.rs",
        "node/src/metrics/witness.rs",
        "node/src/logging.rs",
        "net/src/metrics.rs",
        "beacon/src/client/metrics.rs",
        "beacon/src/server/metrics.rs",
    ];
    let sources: String =
        files.iter().map(|file| fs::read_to_string(crates.join(file)).expect("a source file")).collect();
    let is_metric = |text: &&str| {
        ["app_", "cluster_", "core_", "p2p_", "phalanx_"].iter().any(|prefix| text.starts_with(prefix))
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named: BTreeSet<&str> = sources.split('"').filter(is_metric).collect();
    let text = document("metrics.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let written: BTreeSet<&str> =
        rows.filter_map(|row| row.split('`').next()).map(|name| name.trim_end_matches("_total")).collect();
    assert_eq!(written, named);
}
