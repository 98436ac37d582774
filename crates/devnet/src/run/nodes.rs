//! The nodes: child processes of the real program.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use url::Url;

use super::files::Files;
use super::{Options, Progress, ports};
use crate::Error;

/// All nodes of the cluster. Those that run are killed when this is dropped.
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    mishaps: Vec<String>,
}

impl Drop for Nodes {
    /// Whoever drops the nodes may remove their files next, so they must be gone, not just told to go. That takes
    /// milliseconds: nobody can refuse this signal.
    fn drop(&mut self) {
        let mut children: Vec<Child> = self.nodes.iter_mut().filter_map(|node| node.child.take()).collect();
        for child in &mut children {
            // An error says that it has ended already.
            let _ = child.start_kill();
        }
        for child in &mut children {
            let mut attempts = 0..REAP_ATTEMPTS;
            while matches!(child.try_wait(), Ok(None)) && attempts.next().is_some() {
                std::thread::sleep(REAP_PAUSE);
            }
        }
    }
}

struct Node {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    directory: PathBuf,
    validator_api: SocketAddr,
    monitoring: SocketAddr,
    peer: SocketAddr,
    child: Option<Child>,
}

/// How long a killed process is waited for.
const REAP_PAUSE: Duration = Duration::from_millis(2);
const REAP_ATTEMPTS: usize = 1000;

/// File that a node logs to, in its directory.
const LOG: &str = "node.log";

impl Nodes {
    /// Finds ports and puts the command lines together.
    pub(crate) fn prepare(options: &Options, files: &Files, beacon_node: Url) -> Result<Nodes, Error> {
        let count = usize::from(options.nodes);
        let addresses = ports::free(3 * count)?;
        let (peers, served) = addresses.split_at(count);
        let (apis, monitors) = served.split_at(count);
        let all_peers: Vec<String> =
            peers.iter().enumerate().map(|(node, address)| format!("{node}={address}")).collect();
        let node = |index: usize| {
            let directory = files.node(index);
            let arguments = arguments(&Arguments {
                options,
                index,
                directory: &directory,
                beacon_node: &beacon_node,
                validator_api: apis[index],
                monitoring: monitors[index],
                peer: peers[index],
                all_peers: &all_peers,
            });
            Node {
                program: options.node_program.clone(),
                arguments,
                environment: Vec::new(),
                directory,
                validator_api: apis[index],
                monitoring: monitors[index],
                peer: peers[index],
                child: None,
            }
        };
        Ok(Nodes { nodes: (0..count).map(node).collect(), mishaps: Vec::new() })
    }

    pub(crate) fn start_all(&mut self) -> Result<(), Error> {
        self.nodes.iter_mut().try_for_each(Node::start)
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Nodes that run.
    pub(crate) fn up(&self) -> usize {
        self.nodes.iter().filter(|node| node.child.is_some()).count()
    }

    pub(crate) fn validator_api(&self, node: usize) -> Url {
        url(self.nodes[node].validator_api)
    }

    /// As [`Nodes::validator_api`].
    pub(crate) fn validator_api_address(&self, node: usize) -> SocketAddr {
        self.nodes[node].validator_api
    }

    /// Where the metrics and health of the nodes that run are.
    pub(crate) fn monitors(&self) -> Vec<(usize, Url)> {
        let running = self.nodes.iter().enumerate().filter(|(_, node)| node.child.is_some());
        running.map(|(index, node)| (index, url(node.monitoring))).collect()
    }

    /// Ends a node as a power cut would.
    pub(crate) async fn kill(&mut self, node: usize) {
        if let Some(mut child) = self.nodes[node].child.take() {
            // It may have ended by itself, which comes to the same.
            let _ = child.kill().await;
        }
    }

    pub(crate) async fn kill_all(&mut self) {
        for node in 0..self.nodes.len() {
            self.kill(node).await;
        }
    }

    /// Starts a node that was killed, on the files it left.
    pub(crate) fn restart(&mut self, node: usize) -> Result<(), Error> {
        self.nodes[node].start()
    }

    /// Adds to a node's command line from its next start on. A flag that is there gets the new value.
    pub(crate) fn set_flag(&mut self, node: usize, flag: &str, value: &str) {
        let arguments = &mut self.nodes[node].arguments;
        match arguments.iter().position(|argument| argument == flag) {
            Some(at) => arguments[at + 1] = value.to_owned(),
            None => arguments.extend([flag.to_owned(), value.to_owned()]),
        }
    }

    /// Sets a variable of a node's environment from its next start on.
    pub(crate) fn set_variable(&mut self, node: usize, name: &str, value: &str) {
        self.nodes[node].environment.push((name.to_owned(), value.to_owned()));
    }

    /// The process of a node that runs.
    pub(crate) fn process(&mut self, node: usize) -> Option<&mut Child> {
        self.nodes[node].child.as_mut()
    }

    /// Waits until a node that runs has ended.
    pub(crate) async fn ended(&mut self, node: usize) -> Option<ExitStatus> {
        let status = self.nodes[node].child.as_mut()?.wait().await.ok()?;
        self.nodes[node].child = None;
        Some(status)
    }

    /// Where a node's peers call.
    pub(crate) fn peer_address(&self, node: usize) -> SocketAddr {
        self.nodes[node].peer
    }

    /// Where a node serves its metrics and health.
    pub(crate) fn monitor(&self, node: usize) -> Url {
        url(self.nodes[node].monitoring)
    }

    /// Nodes that ended though nobody killed them.
    pub(crate) fn notice_exits(&mut self, progress: &mut impl FnMut(Progress)) {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let Some(status) = node.exited() else { continue };
            let log = node.log();
            self.mishaps.push(format!("node {index} ended by itself ({status}), see {}", log.display()));
            progress(Progress::Exited { node: index, status, log });
        }
    }

    /// What should not have happened to nodes.
    pub(crate) fn mishaps(&self) -> &[String] {
        &self.mishaps
    }

    pub(crate) fn log(&self, node: usize) -> PathBuf {
        self.nodes[node].log()
    }
}

impl Node {
    fn start(&mut self) -> Result<(), Error> {
        if self.child.is_some() {
            return Ok(());
        }
        let log = open_log(&self.log())?;
        let errors = log.try_clone().map_err(|why| Error::File { path: self.log(), why })?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(log).stderr(errors).kill_on_drop(true);
        // A group of its own: Ctrl-C in the terminal is for the devnet, which then ends its nodes.
        command.process_group(0);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("PHALANX_") || name.starts_with("CHARON_") {
                command.env_remove(name.as_ref());
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let spawned = command.spawn();
        self.child = Some(spawned.map_err(|why| Error::Spawn { program: self.program.clone(), why })?);
        Ok(())
    }

    /// The status of a node that ended; it counts as down from then on.
    fn exited(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok()??;
        self.child = None;
        Some(status.to_string())
    }

    fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }
}

struct Arguments<'a> {
    options: &'a Options,
    index: usize,
    directory: &'a Path,
    beacon_node: &'a Url,
    validator_api: SocketAddr,
    monitoring: SocketAddr,
    peer: SocketAddr,
    all_peers: &'a [String],
}

fn arguments(with: &Arguments<'_>) -> Vec<String> {
    let file = |name: &str| with.directory.join(name).display().to_string();
    let others = with.all_peers.iter().enumerate().filter(|(index, _)| *index != with.index);
    let others: Vec<&str> = others.map(|(_, peer)| peer.as_str()).collect();
    let flags = [
        ("--lock-file", file(node::directory::LOCK)),
        ("--private-key-file", file(node::directory::PRIVATE_KEY)),
        ("--beacon-node-endpoints", with.beacon_node.to_string()),
        ("--validator-api-address", with.validator_api.to_string()),
        ("--monitoring-address", with.monitoring.to_string()),
        ("--p2p-tcp-address", with.peer.to_string()),
        ("--p2p-peers", others.join(",")),
        ("--nickname", format!("node{}", with.index)),
        ("--log-level", with.options.log_level.clone()),
    ];
    let flags = flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
    let builder = format!("--builder-api={}", with.options.builder);
    ["run".to_owned(), builder].into_iter().chain(flags).collect()
}

fn url(address: SocketAddr) -> Url {
    Url::parse(&format!("http://{address}/")).expect("an address makes a URL")
}

fn open_log(path: &Path) -> Result<File, Error> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|why| Error::File { path: path.to_owned(), why })
}
