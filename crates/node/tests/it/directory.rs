//! A new cluster on disk: all of it or nothing.

use std::fs;
use std::path::Path;

use cluster::{Network, NewCluster, Options, Secrets};
use node::Error;
use node::directory::{Writing, empty_history, write_cluster, write_file};
use signer::Protection;

fn new_cluster() -> NewCluster {
    let options = Options {
        name: "proof".to_owned(),
        nodes: 4,
        threshold: None,
        fee_recipients: vec![eth::Address([1; 20])],
        withdrawals: vec![eth::Address([1; 20])],
        network: Network::from_name("hoodi").expect("a known network"),
        deposit_amounts: vec![],
        gas_limit: 30_000_000,
        compounding: false,
        consensus_protocol: String::new(),
        timestamp: 0,
        endpoints: vec![],
    };
    let mut next = 1_u8;
    let mut randomness = |bytes: &mut [u8]| {
        bytes.fill(next);
        next += 1;
    };
    cluster::create(&options, Secrets::New(1), &mut randomness).expect("a cluster")
}

fn write(directory: &Path, go_on: bool) -> Result<(), Error> {
    let history = empty_history();
    let progress = &mut |done, of| {
        assert!(done <= of);
        go_on
    };
    write_cluster(
        directory,
        &new_cluster(),
        Writing { history: &history, protection: Protection::Insecure, progress },
    )
}

fn entries(directory: &Path) -> usize {
    fs::read_dir(directory).expect("a directory").count()
}

#[test]
fn a_cluster_appears_complete() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let directory = place.path().join("a/b/cluster");
    write(&directory, true).expect("it is written");
    assert_eq!(entries(&directory), 4);
    assert_eq!(entries(&place.path().join("a/b")), 1, "no draft is left");
    assert!(matches!(write(&directory, true), Err(Error::NotEmpty { .. })));
}

#[test]
fn a_stopped_run_leaves_nothing() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let error = write(&place.path().join("cluster"), false).expect_err("stopped");
    assert!(matches!(error, Error::Stopped { .. }), "{error}");
    assert_eq!(entries(place.path()), 0);
}

#[test]
fn what_a_killed_run_left_is_shown_and_kept() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let draft = place.path().join(format!(".cluster.draft-{}", std::process::id()));
    fs::create_dir(&draft).expect("a directory");
    let error = write(&place.path().join("cluster"), true).expect_err("a leftover");
    assert!(matches!(&error, Error::Leftover { path } if *path == draft), "{error}");
    assert!(draft.exists(), "it may be another run's");
}

#[test]
fn a_failure_on_the_way_leaves_nothing() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let directory = place.path().join("cluster");
    let history = empty_history();
    // Somebody else takes the place while the nodes are written.
    let progress = &mut |_, _| fs::write(&directory, "in the way").is_ok();
    let writing = Writing { history: &history, protection: Protection::Insecure, progress };
    let error = write_cluster(&directory, &new_cluster(), writing).expect_err("the place is taken");
    assert!(matches!(error, Error::Write { .. }), "{error}");
    assert_eq!(entries(place.path()), 1, "only what was in the way");
    assert_eq!(fs::read(&directory).expect("a file"), b"in the way");
}

#[test]
fn a_file_is_never_overwritten() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let path = place.path().join("key");
    write_file(&path, b"first", 0o600).expect("new");
    assert!(matches!(write_file(&path, b"second", 0o600), Err(Error::Write { .. })));
    assert_eq!(fs::read(&path).expect("a file"), b"first");
}
