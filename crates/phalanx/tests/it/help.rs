//! The command line's shape: what exists, and what is wrong usage.

use crate::program::{phalanx, run};

/// The commands with their arguments.
pub(crate) const COMMANDS: [&[&str]; 14] = [
    &["run"],
    &["create", "cluster"],
    &["create", "enr"],
    &["enr"],
    &["slashing", "init"],
    &["slashing", "import"],
    &["slashing", "export"],
    &["slashing", "show"],
    &["replay"],
    &["exit", "sign"],
    &["exit", "broadcast"],
    &["exit", "list"],
    &["devnet"],
    &["version"],
];

/// The long flags that a command's help lists.
pub(crate) fn flags(command: &[&str]) -> Vec<String> {
    let said = run(command.iter().chain(&["--help"])).well();
    let names = said.stdout.lines().filter_map(|line| {
        let line = line.trim_start().trim_start_matches("-h, ").trim_start_matches("-V, ");
        let name = line.strip_prefix("--")?;
        Some(name.split([' ', '=', '[']).next().unwrap_or_default().to_owned())
    });
    names.collect()
}

#[test]
fn every_command_explains_itself() {
    for command in COMMANDS {
        assert!(flags(command).contains(&"help".to_owned()), "{command:?}");
    }
}

#[test]
fn the_flags_of_run_are_these() {
    let expected = [
        "lock-file",
        "private-key-file",
        "slashing-ledger-file",
        "trust-ledger",
        "no-verify",
        "record-minutes",
        "nickname",
        "help",
        "beacon-node-endpoints",
        "fallback-beacon-node-endpoints",
        "beacon-node-timeout",
        "beacon-node-submit-timeout",
        "beacon-node-headers",
        "builder-api",
        "graffiti",
        "validator-api-address",
        "vc-tls-cert-file",
        "vc-tls-key-file",
        "vc-tls-client-ca-file",
        "monitoring-address",
        "p2p-tcp-address",
        "p2p-external-ip",
        "p2p-external-hostname",
        "p2p-peers",
        "log-format",
        "log-level",
        "log-color",
        "log-output-path",
    ];
    let (mut found, mut expected) = (flags(&["run"]), expected.map(str::to_owned).to_vec());
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_flags_of_devnet_are_these() {
    let expected = [
        "beacon-node",
        "blobs",
        "builder",
        "dir",
        "exit",
        "help",
        "kill",
        "log-color",
        "log-format",
        "log-level",
        "log-output-path",
        "nodes",
        "preset",
        "reorg",
        "restart",
        "slot-ms",
        "slots",
        "validators",
    ];
    let found: std::collections::BTreeSet<String> = flags(&["devnet"]).into_iter().collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn help_shows_no_value_of_the_environment() {
    let mut command = phalanx();
    command.args(["run", "--help"]).env("PHALANX_BEACON_NODE_ENDPOINTS", "http://user:secret@node:5052");
    let said = crate::program::finish(&mut command).well();
    assert!(said.stdout.contains("PHALANX_BEACON_NODE_ENDPOINTS") && !said.stdout.contains("secret"));
}

#[test]
fn wrong_usage_exits_with_two() {
    for arguments in [&["run", "--no-such-flag"][..], &["run"], &[], &["sing"], &["slashing"], &["create"]] {
        let said = run(arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.stderr);
    }
}

#[test]
fn the_version_is_told() {
    let expected = format!("phalanx {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(["version"]).well().stdout, expected);
    assert_eq!(run(["--version"]).well().stdout, expected);
}

#[test]
fn a_reader_that_hangs_up_is_no_error() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = phalanx().arg("version").stdout(writer).output().expect("the program starts");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
