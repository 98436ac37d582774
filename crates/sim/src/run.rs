//! Runs a plan and says what became of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::checker::{Sentence, Violation};
use crate::plan::{PEACE_SLOTS, Plan};
use crate::world::{Stage, World};

/// Slots after the mending in which votes may still be missed: connections must stand, and without news of heads it takes
/// some slots until duties are asked for again.
const RECOVERY_SLOTS: u64 = 4;

/// Slots at the end whose duties may still be under way.
const LAST_SLOTS: u64 = 2;

/// What became of a world.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The first sentence that did not hold.
    pub violation: Option<Violation>,
    /// One number for everything that happened.
    pub hash: u64,
    /// Inputs and outputs of all engines.
    pub events: u64,
    /// How often a fault met a node in a stage of its duties.
    pub met: BTreeMap<(&'static str, Stage), u64>,
    /// What happened in words, if that was asked for.
    pub lines: Vec<String>,
}

/// Runs the plan to its end, or to the first sentence that does not hold.
pub fn run(plan: &Plan, keep_lines: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(plan.settings.clone());
        if keep_lines {
            world.log.keep_lines();
        }
        let verdict = live(&mut world, plan, &mut outcome.met);
        (world, verdict)
    }));
    match result {
        Ok((world, verdict)) => {
            outcome.violation = verdict.err();
            outcome.hash = world.log.hash();
            outcome.events = world.log.events();
            outcome.lines = world.log.lines().to_vec();
        }
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something");
            let detail = format!("one panicked: {text}");
            outcome.violation = Some(Violation { sentence: Sentence::NobodyPanics, detail });
        }
    }
    outcome
}

fn live(
    world: &mut World,
    plan: &Plan,
    met: &mut BTreeMap<(&'static str, Stage), u64>,
) -> Result<(), Violation> {
    for planned in &plan.faults {
        world.try_run_until(planned.at)?;
        let stage = world.nodes[planned.node].stage;
        if world.inflict(planned.fault, planned.node) {
            *met.entry((planned.fault.name(), stage)).or_default() += 1;
            let text = format!("#{}: node {}: {:?}", planned.number, planned.node, planned.fault);
            world.log.remark(world.now, &text);
        }
    }
    world.try_run_until(world.at(plan.mended, 0))?;
    world.log.remark(world.now, &format!("all is mended, but nodes {:?} are dead", plan.dead));
    world.mend(&plan.dead);
    world.try_run_until(world.at(plan.end, 0))?;
    // Where too many lied, two values may have been decided, and what is missed for that is not missed by mistake.
    if world.checks.is_overrun() { Ok(()) } else { judge_peace(world, plan) }
}

/// What must have come back in peace.
fn judge_peace(world: &World, plan: &Plan) -> Result<(), Violation> {
    let votes = plan.mended + RECOVERY_SLOTS..plan.end - LAST_SLOTS;
    world.check_votes(votes.clone())?;
    world.check_decisions(votes)?;
    // Who aggregates is asked at the beginning of an epoch: what was lost of that is lost until the next.
    let epoch = world.spec.slots_per_epoch;
    let next_epoch = (plan.mended + RECOVERY_SLOTS).next_multiple_of(epoch);
    debug_assert!(PEACE_SLOTS >= epoch + RECOVERY_SLOTS + LAST_SLOTS);
    world.check_everything(next_epoch..plan.end - LAST_SLOTS)?;
    world.check_nobody_waits()
}

/// Worlds that are run to find the least that breaks a sentence, at most.
const MAX_TRIES: usize = 200;

/// The least of the plan's faults that still break the same sentence, found by leaving out ever smaller parts. Says how
/// many are left whenever it has found fewer.
pub fn minimise(plan: &Plan, sentence: Sentence, mut progress: impl FnMut(usize)) -> Plan {
    let mut plan = plan.clone();
    let mut tries = 0;
    let mut breaks = |plan: &Plan| {
        tries += 1;
        tries <= MAX_TRIES && run(plan, false).violation.is_some_and(|found| found.sentence == sentence)
    };
    let mut part = plan.faults.len().div_ceil(2);
    while part > 0 {
        let mut start = 0;
        while start < plan.faults.len() {
            let mut fewer = plan.clone();
            fewer.faults.drain(start..(start + part).min(plan.faults.len()));
            if breaks(&fewer) {
                plan = fewer;
                progress(plan.faults.len());
            } else {
                start += part;
            }
        }
        part /= 2;
    }
    plan
}
