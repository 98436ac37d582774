//! What a run is to be like.

use std::collections::BTreeSet;
use std::path::PathBuf;

use eth::{Preset, Slot, ValidatorIndex};
use url::Url;

use crate::Error;

/// What a run is to be like.
#[derive(Clone, Debug)]
pub struct Options {
    /// Nodes of the cluster: 4, 7, 10 or 13.
    pub nodes: u8,
    /// Validators of the cluster, with interop keys: all that the embedded chain has.
    pub validators: u64,
    /// Slots to run.
    pub slots: u64,
    /// Duration of a slot of the embedded chain, milliseconds.
    pub slot_ms: u64,
    /// Preset of the embedded chain.
    pub preset: Preset,
    /// Whether blocks come from builders.
    pub builder: bool,
    /// Blobs of each block of the embedded chain.
    pub blobs: usize,
    /// Nodes, from 0, to be killed at the start of a slot, from 1.
    pub kills: Vec<(usize, Slot)>,
    /// Nodes to be started again at the start of a slot.
    pub restarts: Vec<(usize, Slot)>,
    /// A slot whose block leaves the one before behind, on the embedded chain. Where it is an epoch's first, that deals
    /// the duties of the next epoch anew.
    pub reorg: Option<Slot>,
    /// Validators to hand their exits in at the start of a slot.
    pub exits: Vec<(ValidatorIndex, Slot)>,
    /// Where files are kept; must not exist or be empty. Without, they are gone at the end.
    pub dir: Option<PathBuf>,
    /// A real chain's beacon node instead of the embedded chain. Its validators must be those of the interop keys, and
    /// nobody else may run them.
    pub beacon_node: Option<Url>,
    /// The `phalanx` program.
    pub node_program: PathBuf,
    /// What nodes log.
    pub log_level: String,
}

impl Options {
    /// Four nodes and 32 validators for four epochs and a bit of the minimal preset, which shows finality.
    pub fn new(node_program: PathBuf) -> Options {
        Options {
            nodes: 4,
            validators: 32,
            slots: 34,
            slot_ms: Options::default_slot_ms(0),
            preset: Preset::Minimal,
            builder: false,
            blobs: 0,
            kills: Vec::new(),
            restarts: Vec::new(),
            reorg: None,
            exits: Vec::new(),
            dir: None,
            beacon_node: None,
            node_program,
            log_level: "info".to_owned(),
        }
    }

    /// The duration of a slot that suits a run in which so many nodes are dead at the same time, milliseconds.
    pub fn default_slot_ms(dead: usize) -> u64 {
        if dead == 0 { 2000 } else { shortest_slot_ms(dead) + 600 }
    }

    /// The most nodes that are dead at the same time.
    pub fn most_dead(&self) -> usize {
        let dead_at =
            |slot: Slot| (0..usize::from(self.nodes)).filter(|node| self.is_dead(*node, slot)).count();
        self.kills.iter().map(|(_, slot)| dead_at(*slot)).max().unwrap_or(0)
    }

    /// Refuses what cannot be, or cannot show anything.
    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::Options(why));
        if !matches!(self.nodes, 4 | 7 | 10 | 13) {
            return refuse(format!("{} nodes; a devnet has 4, 7, 10 or 13", self.nodes));
        }
        if self.slots == 0 {
            return refuse("no slots to run".to_owned());
        }
        self.check_kills()?;
        self.check_exits()?;
        self.check_reorg()?;
        let shortest = shortest_slot_ms(self.most_dead());
        if self.beacon_node.is_none() && self.slot_ms < shortest {
            let (slot_ms, dead) = (self.slot_ms, self.most_dead());
            return refuse(format!(
                "slots of {slot_ms} ms are too short: with {dead} dead nodes, leaders that do not answer cost up to \
                 {dead} s in each third of a slot, so it needs {shortest} ms (better {})",
                Options::default_slot_ms(dead)
            ));
        }
        Ok(())
    }

    fn check_kills(&self) -> Result<(), Error> {
        let all = self.kills.iter().chain(&self.restarts);
        for (node, slot) in all {
            if *node >= usize::from(self.nodes) {
                return Err(Error::Options(format!(
                    "there is no node {node}; the last is {}",
                    self.nodes - 1
                )));
            }
            self.check_slot(*slot)?;
        }
        let kills: BTreeSet<_> = self.kills.iter().map(|(node, slot)| (*node, *slot)).collect();
        for (node, slot) in &self.restarts {
            let killed_before = kills.range((*node, Slot(0))..(*node, *slot)).next().is_some();
            if !killed_before {
                return Err(Error::Options(format!(
                    "node {node} is to start again at {slot}, but is not dead then"
                )));
            }
        }
        Ok(())
    }

    fn check_exits(&self) -> Result<(), Error> {
        for (validator, slot) in &self.exits {
            if self.beacon_node.is_none() && validator.0 >= self.validators {
                let last = self.validators.saturating_sub(1);
                return Err(Error::Options(format!("there is no validator {validator}; the last is {last}")));
            }
            self.check_slot(*slot)?;
        }
        Ok(())
    }

    fn check_reorg(&self) -> Result<(), Error> {
        let Some(slot) = self.reorg else { return Ok(()) };
        if self.beacon_node.is_some() {
            return Err(Error::Options(
                "only the embedded chain can be made to leave a block behind".to_owned(),
            ));
        }
        if slot < Slot(2) {
            return Err(Error::Options(format!("before slot {slot} there is no block to leave behind")));
        }
        self.check_slot(slot)
    }

    fn check_slot(&self, slot: Slot) -> Result<(), Error> {
        if slot == Slot(0) || slot.0 > self.slots {
            let last = self.slots;
            return Err(Error::Options(format!("slot {slot} is not one of the run's, 1 to {last}")));
        }
        Ok(())
    }

    /// Whether a node was last killed, not restarted, up to and with that slot.
    fn is_dead(&self, node: usize, slot: Slot) -> bool {
        let last = |events: &[(usize, Slot)]| {
            events.iter().filter(|(which, at)| *which == node && *at <= slot).map(|(_, at)| *at).max()
        };
        last(&self.kills) > last(&self.restarts)
    }
}

/// Each dead leader costs a round of a second, a proposal's half a second more: round timers do not shrink with the
/// slot. A block has to be there before the first third of the slot is over, or the sync committee sees different heads;
/// aggregates and contributions begin with the last third, and the next block includes them or nobody.
fn shortest_slot_ms(dead: usize) -> u64 {
    if dead == 0 { 500 } else { 3 * (1000 * dead as u64 + 800) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options::new(PathBuf::from("phalanx"))
    }

    #[test]
    fn the_defaults_are_fine_with_up_to_f_nodes_dead() {
        options().check().expect("the plain defaults");
        for (nodes, dead) in [(4, 1), (7, 2), (10, 3), (13, 4)] {
            let kills = (0..dead).map(|node| (node, Slot(3 + node as u64))).collect();
            let slot_ms = Options::default_slot_ms(dead);
            Options { nodes, kills, slot_ms, ..options() }.check().expect("the slots are long enough");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_in_words() {
        let refused = |options: Options| options.check().expect_err("refused").to_string();
        assert!(refused(Options { nodes: 5, ..options() }).contains("5 nodes"));
        assert!(refused(Options { slots: 0, ..options() }).contains("no slots"));
        assert!(refused(Options { kills: vec![(4, Slot(1))], ..options() }).contains("no node 4"));
        assert!(refused(Options { kills: vec![(0, Slot(99))], ..options() }).contains("slot 99"));
        assert!(refused(Options { kills: vec![(0, Slot(2))], ..options() }).contains("too short"));
        let exits = vec![(ValidatorIndex(32), Slot(2))];
        assert!(refused(Options { exits, ..options() }).contains("no validator 32"));
        let exits = vec![(ValidatorIndex(0), Slot(35))];
        assert!(refused(Options { exits, ..options() }).contains("slot 35"));
        assert!(refused(Options { reorg: Some(Slot(1)), ..options() }).contains("no block to leave behind"));
        assert!(refused(Options { reorg: Some(Slot(35)), ..options() }).contains("slot 35"));
        let beacon_node = Some("http://127.0.0.1:1".parse().expect("a URL"));
        let elsewhere = Options { reorg: Some(Slot(8)), beacon_node, ..options() };
        assert!(refused(elsewhere).contains("only the embedded chain"));
        assert!(refused(Options { restarts: vec![(0, Slot(2))], ..options() }).contains("not dead"));
    }

    #[test]
    fn nodes_that_are_back_are_not_dead() {
        let kills = vec![(0, Slot(2)), (1, Slot(6)), (2, Slot(7))];
        let with = |restarts| Options { kills: kills.clone(), restarts, ..options() }.most_dead();
        assert_eq!(with(Vec::new()), 3);
        assert_eq!(with(vec![(0, Slot(5))]), 2);
        assert_eq!(with(vec![(0, Slot(5)), (1, Slot(7))]), 1);
    }
}
