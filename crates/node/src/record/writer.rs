//! Writing inputs into files that take turns.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duty::Time;
use eth::{Genesis, Spec};
use net::wire::Codec;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::kept::Kept;
use super::line::Line;
use super::{DIRECTORY, FORMAT};

/// Inputs that may wait for the writer.
const WAITING: usize = 16_384;

/// Bytes after which the next file begins, whatever the time.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Files that are kept: the one being written, and those before it.
const FILES: usize = 2;

/// What a file says of the engine whose inputs it holds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) version: String,
    pub(crate) me: u8,
    pub(crate) takes_builders: bool,
    /// Whether the engine trusted its ledger at once, as one does in the middle of its life.
    #[serde(default)]
    pub(crate) trusts_ledger: bool,
    /// When the engine's life began, nanoseconds since genesis.
    pub(crate) began_ns: i64,
    /// The number of the first job after this line.
    pub(crate) next_job: u64,
    pub(crate) genesis: Genesis,
    pub(crate) spec: BTreeMap<String, String>,
    pub(crate) lock: Box<RawValue>,
}

/// One input with its time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Nanoseconds since genesis.
    pub(crate) at: i64,
    /// Inputs left out before this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) lost: u64,
    pub(crate) input: Line,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a recorder has to know.
pub(crate) struct About {
    pub(crate) ledger: PathBuf,
    /// How long a file is written.
    pub(crate) minutes: u64,
    pub(crate) version: String,
    pub(crate) me: qbft::PeerIndex,
    pub(crate) takes_builders: bool,
    pub(crate) trusts_ledger: bool,
    pub(crate) began: Time,
    pub(crate) spec: Arc<Spec>,
    pub(crate) lock: cluster::Lock,
    pub(crate) peers: Vec<cluster::NodePublicKey>,
}

/// The body's end of the recorder.
pub(crate) struct Recorder {
    sender: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
}

struct Message {
    at: Time,
    next_job: u64,
    input: Kept,
}

impl Recorder {
    /// Starts the writer; none when nothing is to be recorded.
    pub(crate) fn start(about: About) -> Option<Recorder> {
        if about.minutes == 0 {
            return None;
        }
        let (sender, messages) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        tokio::task::spawn_blocking(move || Writer::new(about, counted).run(messages));
        Some(Recorder { sender, lost })
    }

    /// Records an input before the engine sees it.
    pub(crate) fn record(&self, at: Time, next_job: u64, input: Kept) {
        if self.sender.try_send(Message { at, next_job, input }).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Writer {
    about: About,
    codec: Codec,
    directory: PathBuf,
    lost: Arc<AtomicU64>,
    file: Option<Open>,
    /// What every new file begins with, so that it can be replayed by itself: the latest duties of each epoch, who is
    /// connected, and what peers told.
    context: BTreeMap<String, String>,
}

struct Open {
    output: BufWriter<File>,
    began: Time,
    bytes: u64,
}

impl Writer {
    fn new(about: About, lost: Arc<AtomicU64>) -> Writer {
        let codec = Codec::new(about.peers.clone(), Arc::clone(&about.spec));
        let directory = about.ledger.with_file_name(DIRECTORY);
        Writer { about, codec, directory, lost, file: None, context: BTreeMap::new() }
    }

    fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut is_warned = false;
        while let Some(message) = messages.blocking_recv() {
            let is_last = messages.is_empty();
            if let Err(error) = self.write(message, is_last) {
                self.file = None;
                if !std::mem::replace(&mut is_warned, true) {
                    let directory = self.directory.display();
                    tracing::warn!(topic = "record", %directory, %error, "what happens is not recorded");
                }
            }
        }
    }

    fn write(&mut self, message: Message, flush: bool) -> io::Result<()> {
        let Message { at, next_job, input } = message;
        let entry =
            Entry { at: at.0, lost: self.lost.swap(0, Ordering::Relaxed), input: input.line(&self.codec) };
        let line = serde_json::to_string(&entry)?;
        let is_full = self.file.as_ref().is_none_or(|file| {
            let minutes = (at.0 - file.began.0) / 60_000_000_000;
            minutes >= self.about.minutes as i64 || file.bytes > MAX_FILE_BYTES
        });
        if is_full {
            self.file = Some(self.begin(at, next_job)?);
        }
        self.remember(&entry.input, &line);
        if let Some(file) = &mut self.file {
            writeln!(file.output, "{line}")?;
            file.bytes += line.len() as u64;
            if flush {
                file.output.flush()?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, at: Time, next_job: u64) -> io::Result<Open> {
        fs::create_dir_all(&self.directory)?;
        let path = self.directory.join(format!("{:020}.jsonl", at.0.max(0)));
        let mut output = BufWriter::new(File::create(&path)?);
        let About { version, me, takes_builders, trusts_ledger, began, spec, lock, .. } = &self.about;
        // In one line, unlike the file it comes from.
        let lock: serde_json::Value = serde_json::from_slice(&lock.to_json())?;
        let header = Header {
            format: FORMAT,
            version: version.clone(),
            me: me.0,
            takes_builders: *takes_builders,
            trusts_ledger: *trusts_ledger || next_job != 0,
            // A later file is of an engine that has lived for a while: it votes in what begins after.
            began_ns: if next_job == 0 { began.0 } else { at.0 },
            next_job,
            genesis: spec.genesis,
            spec: spec.to_api(),
            lock: serde_json::value::to_raw_value(&lock)?,
        };
        writeln!(output, "{}", serde_json::to_string(&header)?)?;
        for line in self.context.values() {
            writeln!(output, "{line}")?;
        }
        self.drop_old()?;
        Ok(Open { output, began: at, bytes: 0 })
    }

    fn drop_old(&self) -> io::Result<()> {
        let mut files = recordings(&self.directory)?;
        let surplus = files.len().saturating_sub(FILES);
        files.drain(..surplus).try_for_each(fs::remove_file)
    }

    fn remember(&mut self, input: &Line, line: &str) {
        match input {
            Line::Resolved(duties) => {
                self.context.insert(format!("duties {:020}", duties.epoch().0), line.to_owned());
                let epochs = self.context.keys().filter(|key| key.starts_with("duties")).count();
                if epochs > 3 {
                    let oldest = self.context.keys().find(|key| key.starts_with("duties")).cloned();
                    oldest.map(|oldest| self.context.remove(&oldest));
                }
            }
            Line::Connected(peer) => drop(self.context.insert(format!("peer {peer}"), line.to_owned())),
            Line::Disconnected(peer) => drop(self.context.remove(&format!("peer {peer}"))),
            Line::PeerTold { peer, .. } => drop(self.context.insert(format!("told {peer}"), line.to_owned())),
            _ => {}
        }
    }
}

/// The recordings in a directory, the oldest first.
pub(super) fn recordings(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
    files.sort();
    Ok(files)
}
