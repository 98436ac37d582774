//! Running the program, and clusters for it to run.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An address nobody has.
pub(crate) const ADDRESS: &str = "0x00000000219ab540356cbb839cbe05303d7705fa";

/// The program, without anything of the surrounding environment.
pub(crate) fn phalanx() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// What a finished run said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes text");
        Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Said {
    /// Asserts success.
    #[track_caller]
    pub(crate) fn well(self) -> Said {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts a failure whose message has all these parts, and is no panic.
    #[track_caller]
    pub(crate) fn refused(self, parts: &[&str]) -> Said {
        assert_eq!(self.code, Some(1), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        assert!(self.stderr.contains("error: ") && !self.stderr.contains("panicked"), "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "expected {part:?} in: {}", self.stderr);
        }
        self
    }
}

/// Runs the program to its end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Said {
    phalanx().args(arguments).output().expect("the program starts").into()
}

/// The arguments of `create cluster` for four nodes on hoodi.
pub(crate) fn create_arguments(directory: &Path) -> Vec<String> {
    let mut arguments = vec!["create".to_owned(), "cluster".to_owned(), "--cluster-dir".to_owned()];
    arguments.push(directory.display().to_string());
    arguments.extend(["--network=hoodi", "--insecure-keys", "--name=proof"].map(str::to_owned));
    arguments.push(format!("--fee-recipient-addresses={ADDRESS}"));
    arguments.push(format!("--withdrawal-addresses={ADDRESS}"));
    arguments
}

/// A directory with `cluster/node0` to `node3`, two validators.
pub(crate) fn create(more: &[&str]) -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a temporary directory");
    let directory = place.path().join("cluster");
    let mut arguments = create_arguments(&directory);
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    run(arguments).well();
    (place, directory)
}

/// The directory of node 0 of a cluster of two validators that have never signed, for this test alone.
pub(crate) fn node_directory() -> TempDir {
    static CLUSTER: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, cluster) = CLUSTER.get_or_init(|| create(&["--num-validators=2"]));
    copy(&cluster.join("node0"))
}

/// The directory of a node of another cluster.
pub(crate) fn foreign_directory() -> TempDir {
    static CLUSTER: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, cluster) = CLUSTER.get_or_init(|| create(&[]));
    copy(&cluster.join("node0"))
}

fn copy(from: &Path) -> TempDir {
    let place = tempfile::tempdir().expect("a temporary directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            fs::copy(entry.path(), place.path().join(entry.file_name())).expect("a copy");
        }
    }
    place
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("the file is there")).expect("it is JSON")
}

/// A validator's group key, and the share keys of all nodes.
pub(crate) fn keys(directory: &Path, validator: usize) -> (String, Vec<String>) {
    let lock = json(&directory.join("cluster-lock.json"));
    let validator = &lock["distributed_validators"][validator];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let shares = validator["public_shares"].as_array().expect("a list").iter().map(text).collect();
    (text(&validator["distributed_public_key"]), shares)
}

/// A node that runs until it is told to stop.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        let mut child =
            command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)).ok();
        });
        Running { child, lines, heard: Vec::new() }
    }

    /// Waits until a line has this in it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.heard.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!("never heard {part:?}, but:\n{}", self.heard.join("\n")),
            }
        }
    }

    /// Everything heard so far.
    pub(crate) fn heard(&self) -> String {
        self.heard.join("\n")
    }

    /// Sends a signal by name and waits for the end; what the process returned, and all it said.
    pub(crate) fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().expect("kill is there");
        assert!(sent.success(), "the process was still there");
        let status = self.child.wait().expect("it ends");
        let rest: Vec<String> = self.lines.iter().collect();
        self.heard.extend(rest);
        (status.code(), self.heard())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `phalanx run` in that directory, with free ports.
pub(crate) fn run_in(directory: &Path, beacon_node: &str) -> Command {
    let mut command = phalanx();
    let file = |name: &str| directory.join(name).display().to_string();
    command.arg("run").args(["--beacon-node-endpoints", beacon_node]);
    command.args(["--lock-file", &file("cluster-lock.json")]);
    command.args(["--private-key-file", &file("charon-enr-private-key")]);
    // Flags win over these.
    for service in ["VALIDATOR_API", "MONITORING"] {
        command.env(format!("PHALANX_{service}_ADDRESS"), "127.0.0.1:0");
    }
    command
}

/// Runs a command that must end by itself.
pub(crate) fn finish(command: &mut Command) -> Said {
    command.output().expect("the program starts").into()
}

/// The program with a ledger command for that directory.
pub(crate) fn slashing(directory: &Path, arguments: &[&str]) -> Said {
    let lock = directory.join("cluster-lock.json").display().to_string();
    finish(phalanx().arg("slashing").args(arguments).args(["--lock-file", &lock]))
}
