//! `phalanx run` as long as it runs: waiting, ready or not, and a clean end.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::beacon_node::{self, HOODI};
use crate::documents::document;
use crate::program::{Running, node_directory, run_in};

/// A port that was free a moment ago.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string()
}

/// Status code and body of a GET.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let code = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (code, body.to_owned())
}

#[test]
fn a_beacon_node_that_is_away_is_waited_for_until_a_signal() {
    for signal in ["TERM", "INT"] {
        let place = node_directory();
        let address = free_address();
        let mut command = run_in(place.path(), &beacon_node::nowhere());
        let mut running = Running::start(command.arg(format!("--monitoring-address={address}")));
        let line = running.wait_for("waiting for a beacon node");
        assert!(line.contains("unreachable") && line.contains("check that it runs"), "{line}");
        assert_eq!(get(&address, "/livez"), (200, "ok".to_owned()));
        let (code, why) = get(&address, "/readyz");
        assert_eq!((code, why.contains("--beacon-node-endpoints")), (503, true), "{why}");
        let metrics = get(&address, "/metrics").1;
        assert!(
            metrics.lines().any(|line| line.starts_with("app_monitoring_readyz{") && line.ends_with(" 2"))
        );
        let (code, said) = running.end(signal);
        assert_eq!(code, Some(0), "{said}");
        assert!(!place.path().join("slashing-ledger.sqlite").exists(), "nothing was made without a network");
    }
}

#[test]
fn a_node_starts_makes_its_ledger_once_and_ends_cleanly() {
    let place = node_directory();
    let address = free_address();
    let url = beacon_node::start(HOODI);
    for _ in 0..2 {
        let mut command = run_in(place.path(), &url);
        command.args([&format!("--monitoring-address={address}"), "--nickname=nick", "--log-format=logfmt"]);
        let mut running = Running::start(&mut command);
        running.wait_for("the node is running");
        assert_eq!(get(&address, "/livez"), (200, "ok".to_owned()));
        let metrics = get(&address, "/metrics").1;
        let undocumented: Vec<_> = metrics_on(&metrics).difference(&documented_metrics()).cloned().collect();
        assert!(undocumented.is_empty(), "{undocumented:?}");
        assert!(metrics_on(&metrics).len() > 15, "{metrics}");
        let labelled =
            metrics.lines().find(|line| line.starts_with("cluster_threshold{")).expect("a threshold");
        for label in
            ["cluster_hash=", "cluster_name=\"proof\"", "cluster_network=\"hoodi\"", "nickname=\"nick\""]
        {
            assert!(labelled.contains(label), "{label} in {labelled}");
        }
        let (code, said) = running.end("TERM");
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("the node has stopped"), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        assert!(place.path().join("signing-history.json.imported").exists());
        assert!(!place.path().join("signing-history.json").exists());
    }
}

/// Names and kinds on a metrics page; counters end in `_total`, as dashboards ask for them.
fn metrics_on(page: &str) -> BTreeSet<(String, String)> {
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .map(|(name, kind)| {
            (if kind == "counter" { format!("{name}_total") } else { name.to_owned() }, kind.to_owned())
        })
        .collect()
}

/// The same from the table in `docs/operate/metrics.md`.
fn documented_metrics() -> BTreeSet<(String, String)> {
    let text = document("metrics.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        (cells[1].to_owned(), cells[2].to_owned())
    })
    .collect()
}

#[test]
fn a_ledger_that_was_deleted_does_not_look_new() {
    let place = node_directory();
    let url = beacon_node::start(HOODI);
    let mut running = Running::start(&mut run_in(place.path(), &url));
    running.wait_for("the node is running");
    assert_eq!(running.end("TERM").0, Some(0));
    fs::remove_file(place.path().join("slashing-ledger.sqlite")).expect("it was there");
    crate::program::finish(&mut run_in(place.path(), &url)).refused(&["no slashing ledger", "restore it"]);
}
