//! What a run says while it goes on.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use eth::{Epoch, Slot};
use url::Url;

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
    pub attested: usize,
    /// Attestations due.
    pub attesters: usize,
    /// Where the chain stands.
    pub standing: Standing,
    /// Nodes that run.
    pub nodes_up: usize,
    /// Nodes there are.
    pub nodes: usize,
}

impl SlotLine {
    /// Whether everything came.
    pub fn is_complete(&self) -> bool {
        self.proposed != Some(false) && self.attested == self.attesters
    }
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
        write!(
            f,
            "slot {:>4}  epoch {:>3}  block {proposed:<6}  attestations {:>4}/{:<4}  head {head:>4}  justified \
             {justified:>2}  final {finalized:>2}  nodes {}/{}",
            self.slot.0, self.epoch.0, self.attested, self.attesters, self.nodes_up, self.nodes
        )
    }
}
