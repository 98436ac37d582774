//! What keeps a cluster from running is said plainly, and nothing is left behind.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use devnet::Error;
use devnet::run::{Options, Progress, run};
use eth::Slot;
use tokio_util::sync::CancellationToken;

fn options(program: &str) -> Options {
    Options { validators: 1, slots: 1, ..Options::new(PathBuf::from(program)) }
}

async fn refused(options: Options) -> Error {
    run(options, CancellationToken::new(), |_| {}).await.expect_err("it cannot run")
}

#[tokio::test]
async fn options_are_checked_before_anything_is_done() {
    let directory = tempfile::tempdir().expect("a directory");
    let dir = directory.path().join("cluster");
    let error =
        refused(Options { dir: Some(dir.clone()), kills: vec![(9, Slot(1))], ..options("phalanx") }).await;
    assert!(matches!(error, Error::Options(_)), "{error}");
    assert!(!dir.exists());
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let error = refused(options("/no/such/program")).await;
    assert!(error.to_string().contains("/no/such/program"), "{error}");
}

#[tokio::test]
async fn a_node_that_ends_at_once_is_named_with_its_log() {
    let error = refused(options("false")).await;
    assert!(matches!(error, Error::NotReady(_)), "{error}");
    assert!(error.to_string().contains("node.log"), "{error}");
}

#[tokio::test]
async fn a_directory_in_use_is_not_touched() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("mine"), "precious").expect("writable");
    let dir = Some(directory.path().to_owned());
    let error = refused(Options { dir, ..options("false") }).await;
    assert!(matches!(error, Error::Files(_)), "{error}");
    assert_eq!(std::fs::read_dir(directory.path()).expect("readable").count(), 1);
}

#[tokio::test]
async fn a_beacon_node_that_does_not_answer_is_named() {
    let url = "http://127.0.0.1:1/".parse().expect("a URL");
    let error = refused(Options { beacon_node: Some(url), ..options("false") }).await;
    assert!(error.to_string().contains("http://127.0.0.1:1/"), "{error}");
}

#[tokio::test]
async fn an_interrupted_start_ends_the_nodes_and_removes_the_files() {
    let shutdown = CancellationToken::new();
    let mut directory = None;
    let interrupt = |progress: Progress| {
        if let Progress::Starting { directory: made, .. } = progress {
            directory = Some(made);
            shutdown.cancel();
        }
    };
    let scripts = tempfile::tempdir().expect("a directory");
    let result = run(options(&stubborn(scripts.path())), shutdown.clone(), interrupt).await;
    assert!(matches!(result, Err(Error::Interrupted)));
    let directory = directory.expect("it had started");
    assert!(!directory.exists(), "{} is left", directory.display());
    if cfg!(target_os = "linux") {
        assert_eq!(running_in(&directory), 0);
    }
}

/// A program that never gets ready and never ends by itself: it stops at once.
fn stubborn(directory: &Path) -> String {
    let script = directory.join("stubborn");
    std::fs::write(&script, "#!/bin/sh\nkill -STOP $$\n").expect("writable");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("ours");
    script.display().to_string()
}

/// Processes with an argument in a directory.
fn running_in(directory: &Path) -> usize {
    let directory = directory.display().to_string();
    let processes = std::fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
    let command = |entry: std::fs::DirEntry| std::fs::read(entry.path().join("cmdline")).ok();
    let commands = processes.filter_map(command);
    commands.filter(|command| String::from_utf8_lossy(command).contains(&directory)).count()
}
