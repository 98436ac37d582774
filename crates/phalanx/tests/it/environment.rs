//! The environment: `PHALANX_*` first, `CHARON_*` where a compose file still says so.

use std::process::Command;

use crate::beacon_node::{self, HOODI};
use crate::program::{Running, finish, node_directory, phalanx};

#[test]
fn charons_variables_count_and_our_own_win() {
    let mut command = phalanx();
    command.args(["create", "cluster", "--withdrawal-addresses=0x00000000219ab540356cbb839cbe05303d7705fa"]);
    command.env("CHARON_FEE_RECIPIENT_ADDRESSES", "0x00000000219ab540356cbb839cbe05303d7705fa");
    command.env("CHARON_NETWORK", "charonia");
    finish(&mut command).refused(&["\"charonia\" is not one of"]);
    command.env("PHALANX_NETWORK", "phalangia");
    finish(&mut command).refused(&["\"phalangia\" is not one of"]);
    command.arg("--network=flagland");
    finish(&mut command).refused(&["\"flagland\" is not one of"]);
}

#[test]
fn an_empty_variable_says_nothing() {
    let mut command = phalanx();
    command.args(["create", "cluster", "--withdrawal-addresses=0x00000000219ab540356cbb839cbe05303d7705fa"]);
    command.env("PHALANX_FEE_RECIPIENT_ADDRESSES", "");
    command.env("CHARON_FEE_RECIPIENT_ADDRESSES", "0x00000000219ab540356cbb839cbe05303d7705fa");
    command.env("PHALANX_NETWORK", "").env("CHARON_NETWORK", "charonia").env("CHARON_THRESHOLD", "");
    finish(&mut command).refused(&["\"charonia\" is not one of"]);
}

/// What a compose file of Charon's operators passes, whether its `.env` says anything or not.
fn compose(command: &mut Command, beacon_node: &str) {
    for (name, value) in [
        ("CHARON_BEACON_NODE_ENDPOINTS", beacon_node),
        ("CHARON_FALLBACK_BEACON_NODE_ENDPOINTS", ""),
        ("CHARON_BEACON_NODE_TIMEOUT", "3s"),
        ("CHARON_BEACON_NODE_SUBMIT_TIMEOUT", "1m0s"),
        ("CHARON_BEACON_NODE_HEADERS", ""),
        ("CHARON_EXECUTION_CLIENT_RPC_ENDPOINT", "http://nethermind:8545"),
        ("CHARON_LOG_LEVEL", "INFO"),
        ("CHARON_LOG_FORMAT", "logfmt"),
        ("CHARON_P2P_RELAYS", "https://0.relay.obol.tech,https://1.relay.obol.tech"),
        ("CHARON_P2P_EXTERNAL_HOSTNAME", ""),
        ("CHARON_P2P_EXTERNAL_IP", "203.0.113.7"),
        ("CHARON_P2P_TCP_ADDRESS", "127.0.0.1:0"),
        ("CHARON_VALIDATOR_API_ADDRESS", "localhost:0"),
        ("CHARON_MONITORING_ADDRESS", "127.0.0.1:0"),
        ("CHARON_BUILDER_API", "true"),
        ("CHARON_FEATURE_SET_ENABLE", "eager_double_linear"),
        ("CHARON_FEATURE_SET_DISABLE", ""),
        ("CHARON_LOKI_ADDRESSES", "http://loki:3100/loki/api/v1/push"),
        ("CHARON_LOKI_SERVICE", "charon"),
        ("CHARON_NICKNAME", ""),
        ("CHARON_NO_VERIFY", "false"),
        ("CHARON_PRIVATE_KEY_FILE_LOCK", "true"),
        ("CHARON_OTLP_ADDRESS", ""),
    ] {
        command.env(name, value);
    }
}

#[test]
fn a_compose_file_of_charon_starts_the_node_in_the_node_directory_it_has() {
    let place = node_directory();
    std::fs::create_dir(place.path().join(".charon")).expect("a directory");
    for name in ["cluster-lock.json", "charon-enr-private-key", "signing-history.json"] {
        std::fs::rename(place.path().join(name), place.path().join(".charon").join(name)).expect("moved");
    }
    let mut command = phalanx();
    command.current_dir(place.path()).arg("run");
    compose(&mut command, &beacon_node::start(HOODI));
    let mut running = Running::start(&mut command);
    running.wait_for("the node is running");
    let heard = running.heard();
    for name in [
        "P2P_RELAYS",
        "EXECUTION_CLIENT_RPC_ENDPOINT",
        "FEATURE_SET_ENABLE",
        "LOKI_ADDRESSES",
        "LOKI_SERVICE",
    ] {
        assert!(heard.contains(&format!("CHARON_{name} is ignored: ")), "{name} in {heard}");
    }
    for silent in ["FEATURE_SET_DISABLE", "OTLP_ADDRESS"] {
        assert!(!heard.contains(&format!("CHARON_{silent} ")), "empty: {silent} in {heard}");
    }
    assert!(heard.lines().all(|line| line.starts_with("ts=")), "warnings are log lines: {heard}");
    let (code, said) = running.end("TERM");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn flags_of_charon_without_effect_are_taken_and_named() {
    let mut command = phalanx();
    command.args(["run", "--beacon-node-endpoints=http://127.0.0.1:1", "--lock-file=/nowhere"]);
    command.args(["--p2p-relays=a", "--p2p-relays=b", "--private-key-file-lock", "--otlp-insecure"]);
    let said = finish(&mut command).refused(&["cannot read cluster lock"]);
    for flag in ["--p2p-relays", "--private-key-file-lock", "--otlp-insecure"] {
        assert_eq!(said.stderr.matches(&format!("{flag} is ignored: ")).count(), 1, "{}", said.stderr);
    }
}

#[test]
fn the_log_goes_to_a_file_in_the_format_that_was_asked_for() {
    let place = tempfile::tempdir().expect("a temporary directory");
    for (format, start, part) in [
        ("console", "20", "topic=\"cmd\""),
        ("logfmt", "ts=20", " level=warn msg=\"--p2p-relays is ignored"),
        ("json", "{", "\"topic\":\"cmd\""),
    ] {
        let path = place.path().join(format);
        let mut command = phalanx();
        command.args([
            "run",
            "--beacon-node-endpoints=http://127.0.0.1:1",
            "--lock-file=/nowhere",
            "--p2p-relays=a",
        ]);
        command.args([&format!("--log-format={format}"), &format!("--log-output-path={}", path.display())]);
        finish(&mut command).refused(&["cannot read cluster lock", "p2p-relays is ignored"]);
        let line = std::fs::read_to_string(&path).expect("a log");
        assert!(line.starts_with(start) && line.contains(part), "{format}: {line}");
    }
}
