//! What a run says while it goes on.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use eth::{Epoch, Slot, ValidatorIndex};
use url::Url;

use super::record::Share;
use crate::chain::Standing;

/// Something to tell whoever watches. `Display` gives one line.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Files are being made.
    Preparing {
        /// Nodes.
        nodes: u8,
        /// Validators.
        validators: u64,
    },
    /// Nodes and clients are starting.
    Starting {
        /// The chain's Beacon API.
        beacon_node: Url,
        /// Where the files are.
        directory: PathBuf,
    },
    /// All is ready.
    Ready {
        /// The first slot that counts.
        first: Slot,
        /// How long until then.
        until: Duration,
    },
    /// A slot is over.
    Slot(SlotLine),
    /// A node was killed.
    Killed {
        /// Which.
        node: usize,
    },
    /// A killed node was started again.
    Restarted {
        /// Which.
        node: usize,
    },
    /// The clients were told to hand a validator's exit in.
    Exiting {
        /// Which.
        validator: ValidatorIndex,
        /// By how many nodes it was taken.
        taken: usize,
    },
    /// The devnet itself was not woken in time: the machine has too much to do, or was suspended. What is missed now
    /// says nothing of the cluster.
    Stalled {
        /// In which slot it should have been woken.
        slot: Slot,
        /// How late it was.
        late: Duration,
    },
    /// A node ended though nobody killed it.
    Exited {
        /// Which.
        node: usize,
        /// How.
        status: String,
        /// What it said.
        log: PathBuf,
    },
}

/// What a slot brought.
#[derive(Clone, Debug)]
pub struct SlotLine {
    /// The slot.
    pub slot: Slot,
    /// Its epoch.
    pub epoch: Epoch,
    /// Whether the block came; none if it was not the cluster's turn.
    pub proposed: Option<bool>,
    /// Attestations that came.
    pub attestations: Share,
    /// Aggregates of them that came.
    pub aggregates: Share,
    /// Sync committee messages that came.
    pub sync_messages: Share,
    /// Contributions of them that came.
    pub contributions: Share,
    /// Where the chain stands.
    pub standing: Standing,
    /// Nodes that run.
    pub nodes_up: usize,
    /// Nodes there are.
    pub nodes: usize,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Progress::Preparing { nodes, validators } => {
                write!(f, "creating a cluster of {nodes} nodes with {validators} validators")
            }
            Progress::Starting { beacon_node, directory } => {
                write!(f, "starting on {beacon_node}, files in {}", directory.display())
            }
            Progress::Ready { first, until } => {
                write!(f, "all nodes are ready; slot {first} in {:.1} s", until.as_secs_f64())
            }
            Progress::Slot(line) => line.fmt(f),
            Progress::Killed { node } => write!(f, "killed node {node}"),
            Progress::Restarted { node } => write!(f, "started node {node} again"),
            Progress::Exiting { validator, taken } => {
                write!(f, "validator {validator} exits; {taken} nodes took its signature")
            }
            Progress::Stalled { slot, late } => {
                write!(f, "the machine stood still for {:.1} s in slot {slot}", late.as_secs_f64())
            }
            Progress::Exited { node, status, log } => {
                write!(f, "node {node} ended by itself: {status}, see {}", log.display())
            }
        }
    }
}

impl fmt::Display for SlotLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proposed = match self.proposed {
            Some(true) => "ok",
            Some(false) => "MISSED",
            None => "-",
        };
        let Standing { head, justified, finalized } = self.standing;
        let share = |share: &Share| format!("{}/{}", share.part, share.whole);
        write!(
            f,
            "slot {:>4}  epoch {:>3}  block {proposed:<6}  attested {:>7}  aggregated {:>7}  sync {:>7}  contributed \
             {:>7}  head {head:>4}  justified {justified:>2}  final {finalized:>2}  nodes {}/{}",
            self.slot.0,
            self.epoch.0,
            share(&self.attestations),
            share(&self.aggregates),
            share(&self.sync_messages),
            share(&self.contributions),
            self.nodes_up,
            self.nodes
        )
    }
}
