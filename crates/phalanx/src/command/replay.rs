//! `phalanx replay`.

use std::process::ExitCode;

use anyhow::bail;
use duty::{Duty, DutyKind, DutyReport, Notice, Output, To};
use eth::Slot;
use node::record::replay::{Step, files, replay};

use crate::arguments::Replay;
use crate::terminal;

/// What is to be seen.
struct Filter {
    duty: Option<Duty>,
    missed: bool,
}

/// Steps through recordings.
pub(crate) fn run(arguments: &Replay) -> anyhow::Result<ExitCode> {
    let filter = Filter { duty: arguments.duty.as_deref().map(duty).transpose()?, missed: arguments.missed };
    let files = files(&arguments.path)?;
    if files.is_empty() {
        bail!(
            "{} holds no recording; a node makes them unless --record-minutes is 0",
            arguments.path.display()
        );
    }
    let mut steps = 0_u64;
    for file in files {
        let mut result = Ok(());
        replay(&file, |step| {
            steps += 1;
            if result.is_ok() {
                result = show(step, &filter);
            }
        })?;
        result?;
    }
    eprintln!("{steps} steps");
    Ok(ExitCode::SUCCESS)
}

/// Reads `SLOT/KIND`.
fn duty(text: &str) -> anyhow::Result<Duty> {
    let (slot, kind) = text.split_once('/').unwrap_or((text, ""));
    let kinds: Vec<&str> = DutyKind::ALL.iter().map(|kind| kind.name()).collect();
    let known = DutyKind::ALL.into_iter().find(|known| known.name() == kind);
    match (slot.parse().map(Slot), known) {
        (Ok(slot), Some(kind)) => Ok(Duty::new(slot, kind)),
        _ => bail!("--duty: {text:?} is not SLOT/KIND; the kinds are {}", kinds.join(", ")),
    }
}

fn show(step: &Step<'_>, filter: &Filter) -> anyhow::Result<()> {
    if step.lost > 0 {
        terminal::say(&format!("! {} inputs were not recorded here", step.lost))?;
    }
    let mut lines = Vec::new();
    for output in step.outputs {
        if let Output::Notice(Notice::Over(report)) = output {
            if filter.duty.is_none_or(|duty| duty == report.duty) && report.missed.is_some() {
                lines.push(autopsy(report));
            }
        } else if !filter.missed
            && let Some(line) = line(output)
        {
            lines.push(line);
        }
    }
    let about = |text: &str| filter.duty.is_none_or(|duty| concerns(text, duty));
    if filter.missed {
        return lines.iter().try_for_each(|line| terminal::say(line));
    }
    lines.retain(|line| about(line));
    if !about(&step.input) && lines.is_empty() {
        return Ok(());
    }
    terminal::say(&format!("{} {}", time(step), step.input))?;
    lines.iter().try_for_each(|line| terminal::say(&format!("{:18}► {line}", "")))
}

/// Whether a line names the duty.
fn concerns(line: &str, duty: Duty) -> bool {
    let name = duty.to_string();
    line.match_indices(&name).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_none_or(|before| !before.is_ascii_digit());
        let after = line[at + name.len()..].chars().next();
        before && after.is_none_or(|after| !after.is_ascii_alphabetic() && after != '_')
    })
}

/// Slot, and seconds into it.
fn time(step: &Step<'_>) -> String {
    let slot = step.spec.slot_at_ns(step.at.0);
    let into_ms = (step.at.0 - step.spec.slot_start_ns(slot)) / 1_000_000;
    format!("{:>8} {:>+8.3}", slot.0, into_ms as f64 / 1_000.0)
}

fn autopsy(report: &DutyReport) -> String {
    let DutyReport { duty, key, missed, absent, .. } = report;
    let Some(reason) = missed else { return format!("{duty} of {key} is done") };
    let absent: Vec<String> = absent.iter().map(|peer| peer.0.to_string()).collect();
    let absent = if absent.is_empty() { "nobody".to_owned() } else { format!("peers {}", absent.join(", ")) };
    format!(
        "MISSED {duty} of {key}\n  stopped at: {}\n  reason: {}\n  no partial signature of: {absent}\n  {}",
        reason.step().name(),
        reason.code(),
        reason.text()
    )
}

/// What the engine wanted, in one line; none for what concerns nobody.
fn line(output: &Output) -> Option<String> {
    Some(match output {
        Output::Resolve(epoch) => format!("ask for the duties of epoch {epoch}"),
        Output::Register(epoch) => format!("register with builders for epoch {epoch}"),
        Output::Fetch { duty, .. } => format!("{duty}: ask the beacon node what to sign"),
        Output::CheckParent { duty, parent } => format!("{duty}: ask whether block {parent} is known"),
        Output::Publish { duty, seats, .. } => format!("{duty}: publish for {} validators", seats.len()),
        Output::Send { to, duty, draft, .. } => {
            format!("{duty}: send {:?} of round {} to {}", draft.kind, draft.round, recipient(*to))
        }
        Output::SendPartials { to, set } => {
            format!("{}: send {} partial signatures to {}", set.duty, set.partials.len(), recipient(*to))
        }
        Output::Answer { request, answer } => {
            let answer = format!("{answer:?}");
            format!("answer request {}: {}", request.0, answer.chars().take(100).collect::<String>())
        }
        Output::Consult { duty, .. } => format!("{duty}: ask the ledger what it would say"),
        Output::Permit { duty, request } => {
            format!("{duty}: ask the ledger's permit for {} validators", request.items.len())
        }
        Output::Verify { job, items } => format!("job {}: verify {} signatures", job.0, items.len()),
        Output::Combine { job, items } => {
            format!("job {}: combine the signatures of {} validators", job.0, items.len())
        }
        Output::Hello { to, hello } => {
            format!("say hello to peer {}; ask what it has seen: {}", to.0, hello.asks)
        }
        Output::Testify { testimony, .. } => {
            let marks = testimony.seen.as_ref().map_or(0, duty::Marks::len);
            format!("answer the hello: {marks} marks, runs twice: {}", testimony.twin.is_some())
        }
        Output::FastForward(floors) => {
            format!("move the ledger above what peers have seen of {} validators", floors.len())
        }
        Output::Notice(notice) => return said(notice),
        Output::Remember(_) => return None,
    })
}

fn recipient(to: To) -> String {
    match to {
        To::All => "all".to_owned(),
        To::Peer(peer) => format!("peer {}", peer.0),
    }
}

fn said(notice: &Notice) -> Option<String> {
    Some(match notice {
        Notice::Started(duty) => format!("{duty}: begins"),
        Notice::RoundTimeout { duty, round, leader, missing } => {
            format!("{duty}: round {round} of leader {} timed out for want of {missing:?}", leader.0)
        }
        Notice::Decided { duty, round, leader, .. } => {
            format!("{duty}: decided in round {round} of leader {}", leader.0)
        }
        Notice::ValueRefused { duty, leader, reason, .. } => {
            format!("{duty}: value of leader {} refused: {reason}", leader.0)
        }
        Notice::SigningRefused { duty, refusal, .. } => format!("{duty}: the ledger refused: {refusal}"),
        Notice::Fault { peer, duty, why } => format!("{duty}: peer {} {why}", peer.0),
        Notice::Aggregated { duty, count } => format!("{duty}: {count} signatures are complete"),
        Notice::HeadsDiffered { duty, heads } => {
            format!("{duty}: validator clients signed {heads} different heads")
        }
        Notice::LedgerTrusted(ground) => format!("the ledger is trusted: {ground:?}"),
        Notice::LedgerBehind { validators, peers, .. } => {
            format!("the ledger was behind for {validators} validators, say {peers:?}")
        }
        Notice::FalseTestimony(peer) => format!("peer {} claims what cannot be", peer.0),
        Notice::RunsTwice { standing, peers, .. } => format!("runs twice, say {peers:?}: {standing:?}"),
        Notice::PeerRunsTwice { peer, .. } => format!("peer {} runs twice", peer.0),
        Notice::PeerRunsOnce(peer) => format!("peer {} runs twice no longer", peer.0),
        Notice::PartialsStored { .. } | Notice::Expected { .. } | Notice::Over(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_are_named_by_slot_and_kind() {
        assert_eq!(duty("12/attester").expect("a duty"), Duty::new(Slot(12), DutyKind::Attester));
        for wrong in ["", "12", "12/", "x/attester", "12/attest"] {
            let error = duty(wrong).expect_err(wrong).to_string();
            assert!(error.contains("sync_contribution"), "{error}");
        }
    }

    #[test]
    fn a_line_concerns_the_duty_it_names_and_no_other() {
        let duty = Duty::new(Slot(12), DutyKind::Proposer);
        assert!(concerns("12/proposer: begins", duty));
        for other in ["112/proposer: begins", "12/attester: begins", "12/proposers", "slot 12"] {
            assert!(!concerns(other, duty), "{other}");
        }
    }
}
