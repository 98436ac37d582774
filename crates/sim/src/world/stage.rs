//! How far a node is with its duties, to know which fault met which state.

use duty::{Answer, DutyKind, Output};
use qbft::Kind;

use super::World;

/// How far a node is with the attestations of the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It does not run.
    Down,
    /// Nothing to do yet.
    Idle,
    /// It asks its beacon node.
    Fetching,
    /// A value was proposed or prepared.
    Preparing,
    /// It has committed itself.
    Committing,
    /// It changes rounds.
    ChangingRounds,
    /// The ledger is being asked.
    Recording,
    /// The validator client signs.
    Signing,
    /// Shares are exchanged.
    Gathering,
    /// The beacon node has it.
    Published,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 10] = [
        Stage::Down,
        Stage::Idle,
        Stage::Fetching,
        Stage::Preparing,
        Stage::Committing,
        Stage::ChangingRounds,
        Stage::Recording,
        Stage::Signing,
        Stage::Gathering,
        Stage::Published,
    ];

    /// Where an output leads, if anywhere.
    fn after(output: &Output) -> Option<Stage> {
        let of_votes = |kind: DutyKind| kind.is_slashable();
        Some(match output {
            Output::Fetch { duty, .. } if of_votes(duty.kind) => Stage::Fetching,
            Output::Send { duty, draft, .. } if of_votes(duty.kind) => match draft.kind {
                Kind::PrePrepare | Kind::Prepare => Stage::Preparing,
                Kind::Commit => Stage::Committing,
                Kind::RoundChange => Stage::ChangingRounds,
                Kind::Decided => return None,
            },
            Output::Permit { .. } => Stage::Recording,
            Output::Answer { answer: Answer::AttestationData(_) | Answer::Block(_), .. } => Stage::Signing,
            Output::SendPartials { set, .. } if of_votes(set.duty.kind) => Stage::Gathering,
            Output::Publish { duty, .. } if of_votes(duty.kind) => Stage::Published,
            _ => return None,
        })
    }
}

impl World {
    pub(super) fn reaches_stage(&mut self, node: usize, output: &Output) {
        if let Some(stage) = Stage::after(output) {
            self.nodes[node].stage = stage;
        }
    }

    pub(super) fn node_begins_slot(&mut self, node: usize) {
        let it = &mut self.nodes[node];
        if let Some(engine) = &it.engine {
            it.stage = Stage::Idle;
            self.checks.holds(node, engine, usize::from(self.settings.validators));
        }
    }
}
