//! Watching a running process's system calls, and having them fail, with `strace`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::call::Call;
use crate::Error;

/// How long an attachment may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What carries anything out of the process or onto the disk.
pub(super) const OUTGOING: &[&str] = &[
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "ftruncate",
    "fallocate",
];

/// What is watched, and what happens at it.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// A process or a thread.
    pub(super) id: u32,
    /// Whether all threads of the process are watched, or that thread alone.
    pub(super) whole_process: bool,
    /// Only what concerns these files; all if there are none.
    pub(super) files: Vec<PathBuf>,
    /// `SYSCALLS:WHAT:when=EXPRESSION`
    pub(super) inject: Option<String>,
}

/// An attached `strace`. It lets go when it is ended or dropped.
pub(super) struct Tracer {
    child: Child,
    trace: PathBuf,
}

impl Tracer {
    /// Attaches; returns when the calls are being watched.
    pub(super) async fn attach(watch: &Watch, trace: PathBuf) -> Result<Tracer, Error> {
        let program = || PathBuf::from("strace");
        let mut command = Command::new("strace");
        command.args(["-ttt", "-yy", "-s", "0", "-e", "signal=none"]);
        command.arg("-e").arg(format!("trace={}", OUTGOING.join(",")));
        command.arg("-o").arg(&trace).arg("-p").arg(watch.id.to_string());
        if watch.whole_process {
            command.arg("-f");
        }
        for file in &watch.files {
            command.arg("-P").arg(file);
        }
        if let Some(inject) = &watch.inject {
            command.arg("-e").arg(format!("inject={inject}"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        command.process_group(0);
        let mut child = command.spawn().map_err(|why| Error::Spawn { program: program(), why })?;
        attached(&mut child, watch.id).await?;
        Ok(Tracer { child, trace })
    }

    /// Lets go, unless the process is gone, and tells what was seen.
    pub(super) async fn end(mut self) -> Vec<Call> {
        if let Some(id) = self.child.id() {
            // Told to end, it puts right what it is in the middle of; killed, it would not.
            let _ = Command::new("sh").arg("-c").arg(format!("kill -TERM {id}")).status().await;
        }
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
        Call::all_in(&read(&self.trace))
    }

    /// Waits until it has seen the end of the process, and tells what was seen.
    pub(super) async fn ended(mut self) -> Vec<Call> {
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
        Call::all_in(&read(&self.trace))
    }
}

fn read(trace: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(trace).unwrap_or_default()).into_owned()
}

async fn attached(child: &mut Child, id: u32) -> Result<(), Error> {
    let stderr = child.stderr.take().expect("it was asked for");
    let mut lines = BufReader::new(stderr).lines();
    let first = timeout(PATIENCE, lines.next_line()).await;
    let said = match first {
        Ok(Ok(Some(line))) => line,
        _ => "it says nothing".to_owned(),
    };
    // Nobody reads the rest; an end of the pipe would be a signal to it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    if said.contains("attached") {
        return Ok(());
    }
    Err(Error::Tracing(format!("strace does not attach to {id}: {said}")))
}

/// Why there can be no sweep on this machine, if so: `strace` is missing, or may not watch and kill.
pub(super) async fn why_not(directory: &Path) -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("strace watches processes of Linux only".to_owned());
    }
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().await.is_err() {
        return Some("strace is not installed".to_owned());
    }
    let script = "while :; do echo; sleep 0.05; done";
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let Ok(mut victim) = command.spawn() else { return Some("there is no shell".to_owned()) };
    let id = victim.id().unwrap_or_default();
    let inject = Some("write:signal=SIGKILL:when=2".to_owned());
    let watch = Watch { id, whole_process: false, files: Vec::new(), inject };
    let tracer = match Tracer::attach(&watch, directory.join("probe.strace")).await {
        Ok(tracer) => tracer,
        Err(why) => return Some(why.to_string()),
    };
    let is_killed = timeout(PATIENCE, victim.wait()).await.is_ok();
    tracer.end().await;
    (!is_killed).then(|| "strace attaches, but cannot kill a process at a system call".to_owned())
}
