//! What happens on a chain beyond the plain course of things.

use eth::{Preset, Slot};

use super::constants::BLOBS_AT_MOST;
use crate::Error;

/// What happens on a chain beyond the plain course of things. The default is a quiet chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Blocks include only what aggregators handed in, as on a large network: a vote that nobody aggregated and a sync
    /// committee signature that nobody contributed are lost. Otherwise every vote and signature is included.
    pub only_aggregates: bool,
    /// There is a builder, which makes the blocks of registered validators unless they ask for a boost of 0.
    pub builder: bool,
    /// Blobs in each block, at most 32. Commitments and proofs are made up but have the right size.
    pub blobs: usize,
    /// `MAX_SEED_LOOKAHEAD`: a validator whose exit is included in epoch `e` has exited from epoch `e + 1 + this` on. At
    /// least 1, for the duties of the next epoch are known already.
    pub exit_lookahead_epochs: u64,
    /// Blocks that the chain leaves behind.
    pub reorg: Option<Reorg>,
}

/// The chain goes on from an earlier block. When that changes what the duties of an epoch depend on, they are dealt
/// anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reorg {
    /// The first block of this slot or later leaves blocks behind. The first slot of an epoch changes the duties of the
    /// next.
    pub at: Slot,
    /// From how many slots before it blocks are left behind: 1 to an epoch's.
    pub depth: u64,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario { only_aggregates: false, builder: false, blobs: 0, exit_lookahead_epochs: 4, reorg: None }
    }
}

impl Scenario {
    /// Refuses what cannot be.
    pub(crate) fn check(&self, preset: Preset) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::Options(why));
        if self.blobs > BLOBS_AT_MOST {
            return refuse(format!("{} blobs; a block takes {BLOBS_AT_MOST} at most", self.blobs));
        }
        if self.exit_lookahead_epochs == 0 {
            return refuse("an exit takes effect an epoch later at the earliest".to_owned());
        }
        match self.reorg {
            Some(Reorg { depth, .. }) if depth == 0 || depth > preset.slots_per_epoch() => {
                refuse(format!("a reorg of {depth} slots; it takes 1 to an epoch's"))
            }
            Some(Reorg { at, depth }) if at.0 <= depth => {
                refuse(format!("a reorg of {depth} slots at slot {at} would leave genesis behind"))
            }
            _ => Ok(()),
        }
    }
}
