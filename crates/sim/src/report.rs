//! What is told of worlds: of one that broke, of one that did not, of many.

use std::collections::BTreeMap;
use std::fmt::Write;

use sim::plan::Plan;
use sim::run::{Outcome, run};
use sim::world::Stage;

/// Lines of what happened that are shown of a failure, at most.
const SHOWN_LINES: usize = 80;

/// Everything about a plan that breaks a sentence.
pub(crate) fn failure(least: &Plan, slots: u64) -> String {
    let outcome = run(least, true);
    let mut text = String::new();
    let Some(violation) = &outcome.violation else {
        return "the failure is gone: the world is not deterministic".to_owned();
    };
    let seed = least.settings.seed;
    _ = writeln!(text, "\n{:?} does not hold", violation.sentence);
    _ = writeln!(text, "  {}", violation.sentence);
    _ = writeln!(text, "  but {}\n", violation.detail);
    _ = writeln!(text, "seed {seed}: {}", made_of(least));
    _ = writeln!(text, "\nfaults that are needed for it:");
    for planned in &least.faults {
        let at_ms = planned.at.0 / 1_000_000;
        _ = writeln!(
            text,
            "  #{:<3} {at_ms:>7} ms  node {}: {:?}",
            planned.number, planned.node, planned.fault
        );
    }
    if least.faults.is_empty() {
        text.push_str("  none\n");
    }
    text.push_str("\nwhat happened, with its time in seconds:\n");
    for line in telling(&outcome, &violation.detail) {
        _ = writeln!(text, "  {line}");
    }
    let numbers: Vec<String> = least.faults.iter().map(|planned| planned.number.to_string()).collect();
    let real_bls = if least.settings.has_real_signatures { " --real-bls" } else { "" };
    _ = write!(
        text,
        "\nto see it again: cargo sim -- {seed} --slots {slots}{real_bls} --trace --only={}",
        numbers.join(",")
    );
    text
}

/// The lines that speak of the duty in question, or the last ones.
fn telling<'a>(outcome: &'a Outcome, detail: &str) -> Vec<&'a String> {
    let is_duty = |word: &&str| word.split_once('/').is_some_and(|(slot, _)| slot.parse::<u64>().is_ok());
    let mut words = detail.split([' ', ',', ':']);
    let about: Vec<&String> = match words.find(is_duty) {
        Some(duty) => {
            let speaks = |line: &&String| line.contains(duty) || line.contains("----");
            outcome.lines.iter().filter(speaks).collect()
        }
        None => outcome.lines.iter().collect(),
    };
    about[about.len().saturating_sub(SHOWN_LINES)..].to_vec()
}

/// A world in which everything held.
pub(crate) fn world(plan: &Plan, outcome: &Outcome) -> String {
    let settings = made_of(plan);
    let (seed, faults) = (plan.settings.seed, plan.faults.len());
    let Outcome { events, hash, .. } = outcome;
    format!(
        "seed {seed}: {settings}; {faults} faults, {events} events, log {hash:016x}: every sentence holds"
    )
}

fn made_of(plan: &Plan) -> String {
    let settings = &plan.settings;
    format!(
        "{} nodes, {} validators, {} slots, mended in slot {}, then dead: {:?}",
        settings.nodes, settings.validators, plan.end, plan.mended, plan.dead
    )
}

/// Which fault met a node in which stage of its duties.
pub(crate) fn table(met: &BTreeMap<(&'static str, Stage), u64>) -> String {
    let mut names: Vec<&str> = met.keys().map(|(name, _)| *name).collect();
    names.dedup();
    let mut text = format!("{:<22}", "fault");
    Stage::ALL.iter().for_each(|stage| _ = write!(text, " {:>14}", format!("{stage:?}")));
    for name in names {
        _ = write!(text, "\n{name:<22}");
        for stage in Stage::ALL {
            let times = met.get(&(name, stage)).copied().unwrap_or_default();
            _ = write!(text, " {times:>14}");
        }
    }
    text
}
